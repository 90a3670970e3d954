package io.github.squeeze4j;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Reads NumPy .npz archives of float32, float64 and int64 arrays, which ND4J's own reader does not when compressed. */
public final class Npz {
    private static final Pattern HEADER =
            Pattern.compile("'descr': '([<|=])([fi])(\\d)'.*'fortran_order': (True|False).*'shape': \\(([^)]*)\\)");

    private Npz() {}

    /** All arrays by name, as DOUBLE in C order; a 0-d array becomes [1]. */
    public static Map<String, INDArray> read(Path file) throws IOException {
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                arrays.put(entry.getName().replaceAll("\\.npy$", ""), array(zip, file + "!" + entry.getName()));
            }
        }
        return arrays;
    }

    private static INDArray array(InputStream in, String name) throws IOException {
        DataInputStream data = new DataInputStream(in);
        byte[] magic = new byte[8];
        data.readFully(magic);
        int lengthBytes = magic[6] == 1 ? 2 : 4;
        byte[] length = new byte[4];
        data.readFully(length, 0, lengthBytes);
        byte[] header =
                new byte[ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getInt()];
        data.readFully(header);
        Matcher matcher = HEADER.matcher(new String(header, StandardCharsets.ISO_8859_1));
        if (!matcher.find()) {
            throw new IOException(name + ": unknown header " + new String(header, StandardCharsets.ISO_8859_1));
        }
        String dimensions = matcher.group(5).replaceAll("\\s", "").replaceAll(",$", "");
        String[] sizes = dimensions.isEmpty() ? new String[] {"1"} : dimensions.split(",");
        long[] shape = new long[sizes.length];
        int count = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = Long.parseLong(sizes[i]);
            count *= (int) shape[i];
        }
        int size = Integer.parseInt(matcher.group(3));
        byte[] bytes = new byte[count * size];
        data.readFully(bytes);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = matcher.group(2).equals("i")
                    ? (size == 8 ? buffer.getLong() : buffer.getInt())
                    : (size == 8 ? buffer.getDouble() : buffer.getFloat());
        }
        char order = matcher.group(4).equals("True") ? 'f' : 'c';
        return Nd4j.create(values, shape, order).castTo(DataType.DOUBLE).dup('c');
    }
}
