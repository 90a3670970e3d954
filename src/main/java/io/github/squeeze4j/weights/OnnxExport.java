package io.github.squeeze4j.weights;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.layers.ChannelMerge;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.HardSwish;
import io.github.squeeze4j.layers.NativePooling;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes a network for ONNX Runtime, OpenVINO and others: one file of opset 17 that computes what {@code output(images)} does, in
 * float32, for batches of any size. It takes maps [N, C, H, W] of the size that the network was built for. Attention blocks are
 * written from their definitions.
 *
 * <pre>{@code
 * OnnxExport.write(graph, Path.of("se_resnet50.onnx"));
 * }</pre>
 */
public final class OnnxExport {
    private static final double HARD_SIGMOID_SLOPE = 0.2;
    private static final double HARD_SIGMOID_SHIFT = 0.5;

    private final OnnxGraph onnx = new OnnxGraph();
    private final ComputationGraph graph;
    private final ComputationGraphConfiguration configuration;
    private final Map<String, InputType> types;
    private final OnnxFolding folding;

    private OnnxExport(ComputationGraph graph, Map<String, InputType> types, boolean folded) {
        this.graph = graph;
        configuration = graph.getConfiguration();
        this.types = types;
        folding = folded ? OnnxFolding.of(configuration) : OnnxFolding.none();
    }

    /**
     * Writes the file. A file of that name is replaced as a whole or not at all.
     *
     * @param graph an initialised network with one image input in [N, C, H, W], accelerated or not
     * @param height of the images, pixels
     * @param width of the images, pixels
     * @param file to write, best with the suffix {@code .onnx}
     * @throws WeightsException if the network has a layer that cannot be written, or the file cannot be
     */
    public static void write(ComputationGraph graph, int height, int width, Path file) {
        write(graph, height, width, file, false);
    }

    /**
     * Writes the file with each batch normalization that follows a convolution without an activation as part of that convolution:
     * fewer operations and a smaller file, the same answers but for rounding. Others stay, as do those within blocks. Such a
     * network serves inference only.
     *
     * @param graph an initialised network with one image input in [N, C, H, W], accelerated or not
     * @param height of the images, pixels
     * @param width of the images, pixels
     * @param file to write, best with the suffix {@code .onnx}
     * @throws WeightsException if the network has a layer that cannot be written, or the file cannot be
     */
    public static void writeFolded(ComputationGraph graph, int height, int width, Path file) {
        write(graph, height, width, file, true);
    }

    private static void write(ComputationGraph graph, int height, int width, Path file, boolean folded) {
        ComputationGraphConfiguration configuration = graph.getConfiguration();
        List<String> inputs = configuration.getNetworkInputs();
        if (inputs.size() != 1) {
            throw new WeightsException("inputs (" + inputs + ") of the network must be one to write it as ONNX");
        }
        // A copy, as DL4J changes the layers while it goes through them.
        InputType input =
                InputType.convolutional(height, width, channels(configuration, inputs.get(0)), CNN2DFormat.NCHW);
        Map<String, InputType> types = new HashMap<>(configuration.clone().getLayerActivationTypes(input));
        types.put(inputs.get(0), input);
        OnnxExport export = new OnnxExport(graph, types, folded);
        byte[] model = export.model();
        WholeFile.write(file, out -> out.write(model));
    }

    /** What the layers that read the input take. */
    private static int channels(ComputationGraphConfiguration configuration, String input) {
        for (Map.Entry<String, List<String>> entry :
                configuration.getVertexInputs().entrySet()) {
            GraphVertex vertex = configuration.getVertices().get(entry.getKey());
            if (entry.getValue().contains(input) && vertex instanceof LayerVertex) {
                Layer layer = ((LayerVertex) vertex).getLayerConf().getLayer();
                if (layer instanceof FeedForwardLayer) {
                    return (int) ((FeedForwardLayer) layer).getNIn();
                }
            }
        }
        throw new WeightsException("input (" + input + ") must be read by a convolution to write the network as ONNX");
    }

    private byte[] model() {
        String input = configuration.getNetworkInputs().get(0);
        onnx.input(input, sizes(types.get(input)));
        for (int index : graph.topologicalSortOrder()) {
            String name = graph.getVertices()[index].getVertexName();
            if (!name.equals(input) && !folding.takesIn(name)) {
                add(name, configuration.getVertexInputs().get(name).toArray(String[]::new));
            }
        }
        for (String output : configuration.getNetworkOutputs()) {
            onnx.output(output, sizes(types.get(output)));
        }
        return onnx.model();
    }

    private static long[] sizes(InputType type) {
        if (type instanceof InputType.InputTypeConvolutional) {
            InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) type;
            return new long[] {map.getChannels(), map.getHeight(), map.getWidth()};
        }
        return new long[] {((InputType.InputTypeFeedForward) type).getSize()};
    }

    private void add(String name, String[] inputs) {
        GraphVertex vertex = configuration.getVertices().get(name);
        if (vertex.getClass() == LayerVertex.class) {
            layer(name, (LayerVertex) vertex, inputs[0]);
        } else if (vertex.getClass() == ElementWiseVertex.class
                && ((ElementWiseVertex) vertex).getOp() == ElementWiseVertex.Op.Add) {
            onnx.node("Sum", inputs).as(name);
        } else if (vertex.getClass() == MergeVertex.class || vertex.getClass() == ChannelMerge.class) {
            onnx.node("Concat", inputs)
                    .number("axis", ((MergeVertex) vertex).getMergeAxis())
                    .as(name);
        } else {
            throw unknown(name, vertex.getClass().getSimpleName());
        }
    }

    private void layer(String name, LayerVertex vertex, String given) {
        Layer layer = OnnxFolding.inside(vertex);
        String input = given;
        if (vertex.getPreProcessor() instanceof CnnToFeedForwardPreProcessor) {
            input = onnx.node("Flatten", given).as(name + "/flat");
        } else if (vertex.getPreProcessor() != null) {
            throw unknown(name, vertex.getPreProcessor().getClass().getSimpleName());
        }
        Class<?> type = layer.getClass();
        Map<String, INDArray> parameters = graph.getLayer(name).paramTable();
        if (layer instanceof AttentionBlock) {
            OnnxBlock.add(onnx, name, (AttentionBlock) layer, parameters, input, sizes(types.get(given)));
        } else if (OnnxFolding.isConvolution(layer)) {
            INDArray biases = ((ConvolutionLayer) layer).hasBias() ? parameters.get("b") : null;
            convolution(name, (ConvolutionLayer) layer, parameters.get("W"), biases, given, input);
        } else if (folding.convolutions.containsKey(name)) {
            folded(name, (BatchNormalization) layer, parameters);
        } else if (OnnxFolding.isNormalization(layer)) {
            normalization(name, (BatchNormalization) layer, parameters, input);
        } else if (type == ActivationLayer.class) {
            activation(name, ((ActivationLayer) layer).getActivationFn(), input);
        } else if (type == SubsamplingLayer.class || type == NativePooling.class) {
            pooling(name, (SubsamplingLayer) layer, input);
        } else if (type == GlobalPoolingLayer.class) {
            globalPooling(name, (GlobalPoolingLayer) layer, input);
        } else if (type == DenseLayer.class) {
            dense(name, ((DenseLayer) layer).getActivationFn(), parameters, input);
        } else if (type == OutputLayer.class) {
            dense(name, ((OutputLayer) layer).getActivationFn(), parameters, input);
        } else if (type == DropoutLayer.class) {
            onnx.node("Identity", input).as(name);
        } else {
            throw unknown(name, type.getSimpleName());
        }
    }

    private void folded(String name, BatchNormalization layer, Map<String, INDArray> parameters) {
        String convolution = folding.convolutions.get(name);
        LayerVertex vertex = (LayerVertex) configuration.getVertices().get(convolution);
        if (vertex.getPreProcessor() != null) {
            throw unknown(convolution, vertex.getPreProcessor().getClass().getSimpleName());
        }
        INDArray[] both = OnnxFolding.folded(graph.getLayer(convolution).paramTable(), layer, parameters);
        String input = configuration.getVertexInputs().get(convolution).get(0);
        convolution(name, (ConvolutionLayer) OnnxFolding.inside(vertex), both[0], both[1], input, input);
    }

    /** Named as one vertex, for the map that another gave; biases may be null. */
    private void convolution(
            String name, ConvolutionLayer layer, INDArray weights, INDArray biases, String given, String input) {
        if (layer.getConvolutionMode() == ConvolutionMode.Causal || layer.getCnn2dDataFormat() != CNN2DFormat.NCHW) {
            throw unknown(
                    name, "convolution of mode " + layer.getConvolutionMode() + " in " + layer.getCnn2dDataFormat());
        }
        String w = onnx.tensor(name + "/W", weights, weights.shape());
        String[] inputs = biases == null
                ? new String[] {input, w}
                : new String[] {input, w, onnx.tensor(name + "/b", biases, layer.getNOut())};
        String result = onnx.node("Conv", inputs)
                .ints("kernel_shape", longs(layer.getKernelSize()))
                .ints("strides", longs(layer.getStride()))
                .ints("dilations", longs(layer.getDilation()))
                .ints("pads", pads(layer, given))
                .number("group", layer instanceof GroupedConvolution ? ((GroupedConvolution) layer).getGroups() : 1)
                .as(name + "/linear");
        activation(name, layer.getActivationFn(), result);
    }

    /** Above, left, below, right. In mode Same the sizes are divided by the strides, and what is odd goes below and right. */
    private long[] pads(ConvolutionLayer layer, String given) {
        int[] padding = layer.getPadding();
        if (layer.getConvolutionMode() != ConvolutionMode.Same) {
            return longs(padding[0], padding[1], padding[0], padding[1]);
        }
        long[] sizes = sizes(types.get(given));
        long[] pads = new long[4];
        for (int axis = 0; axis < 2; axis++) {
            long stride = layer.getStride()[axis];
            long reach = (long) layer.getDilation()[axis] * (layer.getKernelSize()[axis] - 1) + 1;
            long size = sizes[1 + axis];
            long total = Math.max(0, ((size + stride - 1) / stride - 1) * stride + reach - size);
            pads[axis] = total / 2;
            pads[2 + axis] = total - total / 2;
        }
        return pads;
    }

    private void normalization(String name, BatchNormalization layer, Map<String, INDArray> parameters, String input) {
        OnnxFolding.Statistics of = new OnnxFolding.Statistics(layer, parameters);
        long channels = of.mean.length();
        onnx.node(
                        "BatchNormalization",
                        input,
                        onnx.tensor(name + "/gamma", of.gamma, channels),
                        onnx.tensor(name + "/beta", of.beta, channels),
                        onnx.tensor(name + "/mean", of.mean, channels),
                        onnx.tensor(name + "/var", of.var, channels))
                .real("epsilon", layer.getEps())
                .as(name);
    }

    private void pooling(String name, SubsamplingLayer layer, String input) {
        boolean ceil = layer instanceof NativePooling && ((NativePooling) layer).isCeilMode();
        boolean max = layer.getPoolingType() == org.deeplearning4j.nn.conf.layers.PoolingType.MAX;
        boolean average = layer.getPoolingType() == PoolingType.AVG && !ceil;
        if (!max && !average
                || layer.getConvolutionMode() == ConvolutionMode.Same
                || layer.getCnn2dDataFormat() != CNN2DFormat.NCHW) {
            throw unknown(
                    name,
                    layer.getPoolingType() + " pooling of mode " + layer.getConvolutionMode()
                            + (ceil ? ", sizes rounded up" : ""));
        }
        int[] padding = layer.getPadding();
        OnnxGraph.Node node = onnx.node(max ? "MaxPool" : "AveragePool", input)
                .ints("kernel_shape", longs(layer.getKernelSize()))
                .ints("strides", longs(layer.getStride()))
                .ints("pads", padding[0], padding[1], padding[0], padding[1])
                .number("ceil_mode", ceil ? 1 : 0);
        (max ? node : node.number("count_include_pad", layer.isAvgPoolIncludePadInDivisor() ? 1 : 0)).as(name);
    }

    private void globalPooling(String name, GlobalPoolingLayer layer, String input) {
        PoolingType type = layer.getPoolingType();
        if (type != PoolingType.AVG && type != PoolingType.MAX || !layer.isCollapseDimensions()) {
            throw unknown(name, "global pooling of type " + type);
        }
        String pooled = onnx.node(type == PoolingType.AVG ? "GlobalAveragePool" : "GlobalMaxPool", input)
                .as(name + "/map");
        onnx.node("Flatten", pooled).as(name);
    }

    private void dense(String name, IActivation activation, Map<String, INDArray> parameters, String input) {
        INDArray weights = parameters.get("W");
        String w = onnx.tensor(name + "/W", weights, weights.shape());
        INDArray biases = parameters.get("b");
        String[] inputs = biases == null
                ? new String[] {input, w}
                : new String[] {input, w, onnx.tensor(name + "/b", biases, weights.size(1))};
        activation(name, activation, onnx.node("Gemm", inputs).as(name + "/linear"));
    }

    private void activation(String name, IActivation activation, String input) {
        Class<?> type = activation.getClass();
        if (type == ActivationIdentity.class) {
            onnx.node("Identity", input).as(name);
        } else if (type == ActivationReLU.class && isPlain((ActivationReLU) activation)) {
            Double most = ((ActivationReLU) activation).getMax();
            clip(name, input, most == null ? 0 : most);
        } else if (type == ActivationReLU6.class) {
            clip(name, input, 6);
        } else if (type == ActivationSigmoid.class) {
            onnx.node("Sigmoid", input).as(name);
        } else if (type == ActivationTanH.class) {
            onnx.node("Tanh", input).as(name);
        } else if (type == ActivationSoftmax.class) {
            onnx.node("Softmax", input).number("axis", 1).as(name);
        } else if (type == ActivationSwish.class) {
            onnx.node("Mul", input, onnx.node("Sigmoid", input).as(name + "/sigmoid"))
                    .as(name);
        } else if (type == HardSwish.class) {
            onnx.node("HardSwish", input).as(name);
        } else if (type == ActivationHardSigmoid.class) {
            onnx.node("HardSigmoid", input)
                    .real("alpha", HARD_SIGMOID_SLOPE)
                    .real("beta", HARD_SIGMOID_SHIFT)
                    .as(name);
        } else {
            throw unknown(name, "activation " + activation);
        }
    }

    private void clip(String name, String input, double most) {
        if (most == 0) {
            onnx.node("Relu", input).as(name);
        } else {
            onnx.node("Clip", input, onnx.number(0), onnx.number(most)).as(name);
        }
    }

    private static boolean isPlain(ActivationReLU relu) {
        return isZero(relu.getThreshold()) && isZero(relu.getNegativeSlope());
    }

    private static boolean isZero(Double value) {
        return value == null || value == 0;
    }

    private static long[] longs(int... values) {
        long[] longs = new long[values.length];
        for (int i = 0; i < longs.length; i++) {
            longs[i] = values[i];
        }
        return longs;
    }

    private static WeightsException unknown(String name, String what) {
        return new WeightsException("vertex " + name + " (" + what
                + ") must be one that ONNX export knows; put a convolution, batch normalization, activation, pooling, dense layer "
                + "or attention block there");
    }
}
