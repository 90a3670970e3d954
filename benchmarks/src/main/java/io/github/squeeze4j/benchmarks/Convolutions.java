package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.OneDnn;
import io.github.squeeze4j.onednn.PostOps;
import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Scratch;
import io.github.squeeze4j.onednn.Steps;
import io.github.squeeze4j.onednn.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network's convolutions alone, one after the other, each with ReLU and in the layout that oneDNN likes: what no program of them
 * at inference can be much faster than.
 */
final class Convolutions implements Body {
    private final List<Program> programs = new ArrayList<>();
    private final List<int[]> steps = new ArrayList<>();
    private final Scratch scratch = new Scratch();
    private final DataType type;
    private final long batch;
    private long learned;
    private long bytes;

    Convolutions(ComputationGraph graph, long batch, int size, DataType type) {
        this.type = type;
        this.batch = batch;
        ComputationGraphConfiguration conf = graph.getConfiguration();
        InputType input = InputType.convolutional(size, size, 3);
        Map<String, InputType> types = conf.getLayerActivationTypes(true, input);
        types.put(conf.getNetworkInputs().get(0), input);
        for (String name : conf.getVertices().keySet()) {
            if (conf.getVertices().get(name) instanceof LayerVertex
                    && graph.getLayer(name).conf().getLayer() instanceof ConvolutionLayer) {
                InputType from = types.get(conf.getVertexInputs().get(name).get(0));
                ConvolutionLayer layer =
                        (ConvolutionLayer) graph.getLayer(name).conf().getLayer();
                add(layer, shape(from), shape(types.get(name)));
            }
        }
        INDArray memory = scratch.of(bytes);
        memory.assign(0);
    }

    private long[] shape(InputType type) {
        InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) type;
        return new long[] {batch, map.getChannels(), map.getHeight(), map.getWidth()};
    }

    private void add(ConvolutionLayer layer, long[] in, long[] out) {
        long groups = layer instanceof GroupedConvolution ? ((GroupedConvolution) layer).getGroups() : 1;
        int[] kernel = layer.getKernelSize();
        int[] stride = layer.getStride();
        int[] dilation = layer.getDilation();
        int[] begin = layer.getPadding();
        int[] end = new int[2];
        for (int i = 0; i < 2; i++) {
            int all = (int) ((out[2 + i] - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1 - in[2 + i]);
            end[i] = Math.max(0, all - begin[i]);
        }
        Window window = new Window(kernel, stride, dilation, begin, end);
        long[] weights = groups == 1
                ? new long[] {out[1], in[1], kernel[0], kernel[1]}
                : new long[] {groups, out[1] / groups, in[1] / groups, kernel[0], kernel[1]};
        learned += out[1] * in[1] / groups * kernel[0] * kernel[1];
        try (Program.Builder builder = new Program.Builder()) {
            Steps made = new Steps(builder, type);
            int source = builder.temporary(kind(in));
            int by = builder.constant("weights", Layout.dense(weights), () -> Nd4j.rand(DataType.FLOAT, weights));
            made.convolution(
                    window,
                    source,
                    by,
                    builder.constant("bias", Layout.dense(out[1]), () -> Nd4j.rand(DataType.FLOAT, out[1])),
                    out,
                    -1,
                    new PostOps().apply(Function.RELU),
                    new PostOps().apply(Function.RELU));
            programs.add(builder.build());
            steps.add(new int[] {0, builder.size()});
        }
        bytes = Math.max(bytes, programs.get(programs.size() - 1).scratchBytes());
    }

    /** As the convolution before gives it, so that nothing is copied; the pictures as they come. */
    private dnnl_memory_desc_t kind(long[] in) {
        if (in[1] == 3) {
            return Layout.dense(in);
        }
        boolean last = type == DataType.BFLOAT16 && OneDnn.instructions().endsWith("AMX");
        return Layout.as(last ? Layout.map(in, true) : Layout.blocked(in, 16), type);
    }

    @Override
    public void run() {
        INDArray memory = scratch.of(bytes);
        for (int i = 0; i < programs.size(); i++) {
            programs.get(i).begin(memory);
            programs.get(i).run(steps.get(i)[0], steps.get(i)[1]);
            programs.get(i).end();
        }
    }

    /** How many there are. */
    @Override
    public INDArray result() {
        run();
        return Nd4j.scalar((double) programs.size());
    }

    @Override
    public long learnedParameters() {
        return learned;
    }
}
