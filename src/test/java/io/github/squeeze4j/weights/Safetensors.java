package io.github.squeeze4j.weights;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;

/** Writes tensors of a network as another library would name them, with the values that make_networks.py draws. */
final class Safetensors {
    private Safetensors() {}

    static Path write(Path file, Map<String, long[]> shapes, Function<String, double[]> values) throws IOException {
        StringBuilder header = new StringBuilder("{");
        long offset = 0;
        for (Map.Entry<String, long[]> entry : shapes.entrySet()) {
            long end = offset + 4 * length(entry.getValue());
            header.append(String.format(
                    "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                    header.length() > 1 ? "," : "", entry.getKey(), Arrays.toString(entry.getValue()), offset, end));
            offset = end;
        }
        byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (DataOutputStream out =
                new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 16))) {
            out.writeLong(Long.reverseBytes(text.length));
            out.write(text);
            for (String name : shapes.keySet()) {
                double[] drawn = values.apply(name);
                ByteBuffer bytes = ByteBuffer.allocate(4 * drawn.length).order(ByteOrder.LITTLE_ENDIAN);
                for (double value : drawn) {
                    bytes.putFloat((float) value);
                }
                out.write(bytes.array());
            }
        }
        return file;
    }

    static long length(long[] shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /** As {@code fill} of make_networks.py, which knows from the module what is told here from name and shape. */
    static double[] drawn(String name, long[] shape) {
        double[] values = ReferenceNetworksTest.uniform(name, (int) length(shape));
        double scale = 0.1;
        double shift = 0;
        boolean caffeNorm = name.contains("/bn#");
        if (name.endsWith("running_var") || caffeNorm && name.endsWith("#1")) {
            scale = 0.5;
            shift = 1;
        } else if (name.contains("/bn/scale#0") || name.endsWith("weight") && shape.length == 1) {
            scale = 0.25;
            shift = 0.75;
        } else if (shape.length > 1) {
            scale = Math.sqrt(6.0 / (length(shape) / shape[0]));
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = values[i] * scale + shift;
        }
        return values;
    }
}
