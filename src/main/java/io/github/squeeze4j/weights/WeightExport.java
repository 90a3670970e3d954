package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes what a network has learned for other libraries: a safetensors file with their names and shapes, which their network of
 * the same form loads with {@code load_state_dict(strict=True)}.
 *
 * <pre>{@code
 * WeightExport.safetensors(graph, WeightSource.CADENE, Path.of("seresnet50.safetensors"));
 * // Python: timm.create_model("legacy_seresnet50").load_state_dict(safetensors.torch.load_file("seresnet50.safetensors"))
 * }</pre>
 */
public final class WeightExport {
    private static final int ALIGNMENT = 8;
    private static final int BLOCK = 1 << 16;

    private WeightExport() {}

    /**
     * Writes all parameters. A file of that name is replaced as a whole or not at all.
     *
     * @param graph a network of {@link io.github.squeeze4j.models}, FLOAT or DOUBLE
     * @param source whose names to use; not a Caffe one
     * @param file to write
     * @throws WeightsException if the source has no name for a parameter, its networks are of another form, or the file cannot be
     *     written
     */
    public static void safetensors(ComputationGraph graph, WeightSource source, Path file) {
        if (source.takesBlueFirst()) {
            throw new WeightsException(
                    "source (" + source + ") must be one of PyTorch's to write safetensors for; use another");
        }
        source.requireForm(graph.getConfiguration());
        Map<String, INDArray> parameters = Pretrained.parameters(graph);
        TensorNames names = source.names(parameters.keySet());
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        parameters.forEach((key, parameter) -> {
            TensorNames.Tensor tensor = names.find(key);
            if (tensor == null) {
                throw new WeightsException("parameter (" + key + ") must have a name in the networks of " + source
                        + "; use the source of this family and this attention");
            }
            INDArray ordered = (tensor.isTransposed() ? parameter.transpose() : parameter).dup('c');
            tensors.put(tensor.name, ordered.reshape('c', tensor.shape(parameter.shape())));
        });
        WholeFile.write(file, out -> write(tensors, out));
    }

    private static void write(Map<String, INDArray> tensors, OutputStream out) throws IOException {
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long offset = 0;
        for (Map.Entry<String, INDArray> entry : tensors.entrySet()) {
            INDArray tensor = entry.getValue();
            long end = offset + tensor.length() * tensor.dataType().width();
            header.append(",\"").append(entry.getKey()).append("\":{\"dtype\":\"");
            header.append(tensor.dataType() == DataType.DOUBLE ? TensorType.F64 : TensorType.F32);
            header.append("\",\"shape\":").append(Arrays.toString(tensor.shape()));
            header.append(",\"data_offsets\":[")
                    .append(offset)
                    .append(',')
                    .append(end)
                    .append("]}");
            offset = end;
        }
        header.append('}');
        while (header.length() % ALIGNMENT > 0) {
            header.append(' ');
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        out.write(littleEndian(Long.BYTES).putLong(text.length).array());
        out.write(text);
        for (INDArray tensor : tensors.values()) {
            write(tensor, out);
        }
    }

    private static void write(INDArray tensor, OutputStream out) throws IOException {
        INDArray flat = tensor.reshape('c', new long[] {tensor.length()});
        boolean wide = tensor.dataType() == DataType.DOUBLE;
        double[] doubles = wide ? flat.toDoubleVector() : null;
        float[] floats = wide ? null : flat.toFloatVector();
        int count = (int) tensor.length();
        ByteBuffer block = littleEndian(BLOCK);
        for (int i = 0; i < count; i++) {
            if (wide) {
                block.putDouble(doubles[i]);
            } else {
                block.putFloat(floats[i]);
            }
            if (!block.hasRemaining() || i == count - 1) {
                out.write(block.array(), 0, block.position());
                block.clear();
            }
        }
    }

    private static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
