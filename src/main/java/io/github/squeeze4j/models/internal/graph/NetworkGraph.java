package io.github.squeeze4j.models.internal.graph;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.SelectiveKernel;
import io.github.squeeze4j.layers.ChannelMerge;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativeConvolution;
import io.github.squeeze4j.layers.NativePooling;
import io.github.squeeze4j.layers.StochasticDepth;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.Distribution;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * Lays a network out layer by layer and keeps account of the maps: what families are written with. Padding is written out, so
 * that every map has the size that PyTorch gives it.
 */
public final class NetworkGraph {
    /** Name of the graph's input. */
    public static final String INPUT = "input";

    /** Name of the graph's output layer. */
    public static final String OUTPUT = "classifier";

    /** Which attention stands where. */
    @FunctionalInterface
    public interface Places {
        /** The layer behind this map, of a block whose input has so many channels; null for none. */
        Layer at(Feature map, int stage, int block, int blockInput);
    }

    /** One block of a network. */
    @FunctionalInterface
    public interface Block {
        /** Lays the block out behind a map; stages and blocks count from 1. */
        Feature add(Feature in, int stage, int block);
    }

    private final NetworkOptions options;
    private final Places attention;
    /** How many residual branches there will be; 0 where none is dropped. */
    private final int allBranches;

    private final ComputationGraphConfiguration.GraphBuilder builder;
    private final Map<String, List<String>> inputs = new LinkedHashMap<>();
    private final Map<Integer, Feature> features = new TreeMap<>();
    private int branches;
    private int lastNormalizations;

    /** An empty graph for a network of so many residual branches; 0 where none is dropped. */
    public NetworkGraph(NetworkOptions options, Places attention, int branches) {
        this.options = options;
        this.attention = attention;
        this.allBranches = branches;
        NeuralNetConfiguration.Builder global = new NeuralNetConfiguration.Builder()
                .seed(options.seed)
                .updater(options.updater.clone())
                .dataType(options.dataType)
                .convolutionMode(ConvolutionMode.Truncate);
        if (options.l2 > 0) {
            global.l2(options.l2);
        }
        builder = global.graphBuilder().addInputs(INPUT).setInputTypes(options.inputType());
    }

    public ComputationGraphConfiguration build() {
        return builder.setOutputs(OUTPUT).build();
    }

    /** The maps that were marked, the last of each stride, by stride. */
    public Collection<Feature> features() {
        return features.values();
    }

    /** Residual branches so far. */
    public int branches() {
        return branches;
    }

    /** Residual branches so far that end in a BatchNorm. */
    public int lastNormalizations() {
        return lastNormalizations;
    }

    /** Classes of the network. */
    public int classes() {
        return options.classes;
    }

    /** The layers up to these vertices, without the rest and without outputs. */
    public ComputationGraphConfiguration.GraphBuilder upTo(Collection<String> vertices) {
        Set<String> needed = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(vertices);
        while (!open.isEmpty()) {
            String name = open.pop();
            if (needed.add(name)) {
                open.addAll(inputs.getOrDefault(name, List.of()));
            }
        }
        for (String name : inputs.keySet()) {
            if (!needed.contains(name)) {
                builder.removeVertex(name, true);
            }
        }
        return builder;
    }

    private Feature layer(Layer layer, Feature in, Feature out) {
        builder.addLayer(out.name, layer, in.name);
        inputs.put(out.name, List.of(in.name));
        return out;
    }

    public Feature input() {
        return new Feature(INPUT, options.channels, options.height, options.width, 1);
    }

    /** So many blocks in each stage, one behind another. */
    public Feature stages(Feature in, int[] blocks, Block layers) {
        Feature map = in;
        for (int stage = 1; stage <= blocks.length; stage++) {
            for (int block = 1; block <= blocks[stage - 1]; block++) {
                map = layers.add(map, stage, block);
            }
        }
        return map;
    }

    /** What names of layers of a block begin with. */
    public static String prefix(int stage, int block) {
        return "stage" + stage + ".block" + block + ".";
    }

    /** Marks a map as one that heads may want: the end of a block. */
    public Feature feature(Feature map) {
        features.put(map.stride, map);
        return map;
    }

    /** Zero padding of kernel / 2, no bias, identity activation. */
    public Feature convolution(String name, Feature in, int out, int kernel, int stride, ConvolutionInit init) {
        return convolution(name, in, out, Window.of(kernel).stride(stride), 1, init);
    }

    /** The same in groups. */
    public Feature convolution(
            String name, Feature in, int out, int kernel, int stride, int groups, ConvolutionInit init) {
        return convolution(name, in, out, Window.of(kernel).stride(stride), groups, init);
    }

    /** No bias, identity activation. */
    public Feature convolution(String name, Feature in, int out, Window window, int groups, ConvolutionInit init) {
        IWeightInit weights = init.of(in.channels / groups, out, window.kernelHeight * window.kernelWidth, groups);
        ConvolutionLayer layer = groups > 1
                ? configured(
                                GroupedConvolution.builder().groups(groups).dataFormat(options.format),
                                in,
                                out,
                                window,
                                weights)
                        .build()
                : NativeConvolution.of(
                        configured(new ConvolutionLayer.Builder().dataFormat(options.format), in, out, window, weights)
                                .build());
        return layer(layer, in, slid(name, in, out, window));
    }

    private <B extends ConvolutionLayer.BaseConvBuilder<B>> B configured(
            B layer, Feature in, int out, Window window, IWeightInit weights) {
        layer.setKernelSize(new int[] {window.kernelHeight, window.kernelWidth});
        layer.setStride(new int[] {window.stride, window.stride});
        layer.setPadding(new int[] {window.paddingHeight, window.paddingWidth});
        return layer.convolutionMode(window.same ? ConvolutionMode.Same : ConvolutionMode.Truncate)
                .nIn(in.channels)
                .nOut(out)
                .hasBias(false)
                .weightInit(weights)
                .activation(Activation.IDENTITY);
    }

    /** Selective kernels where a 3x3 convolution, its BatchNorm and its ReLU would stand, each on half of the channels. */
    public Feature selectiveKernel(
            String name, Feature in, int out, int stride, int groups, int reduction, int minimum) {
        SelectiveKernel layer = SelectiveKernel.builder()
                .outputs(out)
                .stride(stride)
                .groups(groups)
                .splitInput(true)
                .reduction(reduction)
                .minimumHidden(minimum)
                .momentum(1 - NativeBatchNormalization.DECAY)
                .build();
        return layer(layer, in, slid(name, in, out, Window.of(3).stride(stride)));
    }

    public Feature batchNormalization(String name, Feature in) {
        return batchNormalization(name, in, 1);
    }

    /** The last of a residual branch, which starts at zero where the user wants that. */
    public Feature lastBatchNormalization(String name, Feature in) {
        lastNormalizations++;
        return batchNormalization(name, in, options.zeroInitLastGamma ? 0 : 1);
    }

    private Feature batchNormalization(String name, Feature in, double gamma) {
        BatchNormalization layer = new BatchNormalization.Builder()
                .eps(options.epsilon)
                .decay(NativeBatchNormalization.DECAY)
                .gamma(gamma)
                .useLogStd(false)
                .build();
        return layer(NativeBatchNormalization.of(layer), in, in.renamed(name));
    }

    /** A layer of its own: DL4J's batch normalization ignores its activation. */
    public Feature relu(String name, Feature in) {
        return activation(name, in, Activation.RELU.getActivationFunction());
    }

    /** Convolution, BatchNorm and ReLU, named prefix + {@code conv}, {@code bn}, {@code relu} + number. */
    public Feature unit(
            String prefix, String number, Feature in, int out, Window window, int groups, ConvolutionInit init) {
        Feature map = convolution(prefix + "conv" + number, in, out, window, groups, init);
        return relu(prefix + "relu" + number, batchNormalization(prefix + "bn" + number, map));
    }

    public Feature activation(String name, Feature in, IActivation activation) {
        return layer(new ActivationLayer(activation), in, in.renamed(name));
    }

    public Feature maxPooling(String name, Feature in, Window window) {
        return pooling(name, in, PoolingType.MAX, window);
    }

    /** Padding counts into the means, as in Caffe and PyTorch. */
    public Feature averagePooling(String name, Feature in, Window window) {
        return pooling(name, in, PoolingType.AVG, window);
    }

    private Feature pooling(String name, Feature in, PoolingType type, Window window) {
        SubsamplingLayer layer = new SubsamplingLayer.Builder(type)
                .kernelSize(window.kernelHeight, window.kernelWidth)
                .stride(window.stride, window.stride)
                .padding(window.paddingHeight, window.paddingWidth)
                .avgPoolIncludePadInDivisor(true)
                .dataFormat(options.format)
                .build();
        return layer(
                window.ceil ? NativePooling.of(layer).ceilMode() : NativePooling.of(layer),
                in,
                slid(name, in, in.channels, window));
    }

    /** The network's attention, or the map itself where it wants none. */
    public Feature attention(String name, Feature in, int stage, int block) {
        return attention(name, in, stage, block, in.channels);
    }

    /** The same where the block that it stands in has another number of input channels. */
    public Feature attention(String name, Feature in, int stage, int block, int blockInput) {
        Layer layer = attention.at(in, stage, block, blockInput);
        if (layer == null) {
            return in;
        }
        // Other layers know their output only with the settings that the network gives them later.
        if (layer instanceof AttentionBlock) {
            requireSameShape(name, (AttentionBlock) layer, in);
        }
        return layer(layer, in, in.renamed(name));
    }

    private static void requireSameShape(String name, AttentionBlock block, Feature in) {
        InputType map = InputType.convolutional(in.height, in.width, in.channels);
        InputType out = block.getOutputType(0, map);
        if (!out.equals(map)) {
            throw new IllegalArgumentException("attention layer \"" + name + "\": its output (" + shape(out)
                    + ") must have the shape of its input (" + shape(map)
                    + "); use a block that keeps it, without outputs and stride");
        }
    }

    private static String shape(InputType type) {
        InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) type;
        return map.getChannels() + " channels of " + map.getHeight() + " x " + map.getWidth();
    }

    /** What drops a residual branch in training, or the branch itself where it never drops. */
    public Feature stochasticDepth(String name, Feature branch) {
        branches++;
        double probability = allBranches == 0 ? 0 : options.stochasticDepth * branches / allBranches;
        if (probability <= 0) {
            return branch;
        }
        return layer(new DropoutLayer.Builder(new StochasticDepth(probability)).build(), branch, branch.renamed(name));
    }

    public Feature add(String name, Feature a, Feature b) {
        builder.addVertex(name, new ElementWiseVertex(ElementWiseVertex.Op.Add), a.name, b.name);
        inputs.put(name, List.of(a.name, b.name));
        return a.renamed(name);
    }

    /** The channels of all maps, one after another. */
    public Feature concatenate(String name, Feature... maps) {
        String[] names = new String[maps.length];
        int channels = 0;
        for (int i = 0; i < maps.length; i++) {
            names[i] = maps[i].name;
            channels += maps[i].channels;
        }
        builder.addVertex(name, new ChannelMerge(), names);
        inputs.put(name, List.of(names));
        return new Feature(name, channels, maps[0].height, maps[0].width, maps[0].stride);
    }

    public Feature globalAveragePooling(String name, Feature in) {
        return layer(
                new GlobalPoolingLayer(PoolingType.AVG),
                in,
                new Feature(name, in.channels, 1, 1, in.stride * Math.max(in.height, in.width)));
    }

    /** Linear layer with bias and an activation of its own; weights start as the classifier's. */
    public Feature dense(String name, Feature in, int out, Distribution weights, IActivation activation) {
        DenseLayer layer = new DenseLayer.Builder()
                .activation(activation)
                .nIn(in.channels)
                .nOut(out)
                .weightInit(new WeightInitDistribution(weights))
                .build();
        return layer(layer, in, new Feature(name, out, 1, 1, in.stride));
    }

    /** Linear layer with bias, softmax and cross-entropy; weights start uniform in +-1/sqrt(in), biases at 0. */
    public void classifier(Feature in) {
        double bound = 1 / Math.sqrt(in.channels);
        classifier(in, new UniformDistribution(-bound, bound));
    }

    /** The same with other weights; its input is dropped as the network says. */
    public void classifier(Feature in, Distribution weights) {
        OutputLayer.Builder layer = new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(in.channels)
                .nOut(options.classes)
                .weightInit(new WeightInitDistribution(weights));
        if (options.dropout > 0) {
            layer.dropOut(1 - options.dropout); // DL4J's is the probability to stay.
        }
        layer(layer.build(), in, new Feature(OUTPUT, options.classes, 1, 1, in.stride));
    }

    private Feature slid(String name, Feature in, int channels, Window window) {
        int height = window.height(in.height);
        int width = window.width(in.width);
        if (height <= 0 || width <= 0) {
            throw new IllegalArgumentException("layer " + name + ": its input (" + in.height + "x" + in.width
                    + ") must not be smaller than its kernel (" + window.kernelHeight + "x" + window.kernelWidth
                    + "); use a larger inputSize than " + options.height + "x" + options.width);
        }
        return new Feature(name, channels, height, width, in.stride * window.stride);
    }
}
