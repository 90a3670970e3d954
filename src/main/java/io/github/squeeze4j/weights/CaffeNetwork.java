package io.github.squeeze4j.weights;

import io.github.squeeze4j.engine.Acceleration;
import java.nio.file.Path;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.learning.config.Nesterovs;

/**
 * A network of Caffe's as a graph of DL4J's: a {@code .prototxt} made of the layers Axpy, BatchNorm, Concat, Convolution (in groups,
 * too), Dropout, InnerProduct, Input, Pooling, ReLU, Reshape, Scale (with one or two bottoms), Sigmoid and Softmax, and the blobs of a
 * {@code .caffemodel}.
 *
 * <p>The graph takes [N, C, H, W] as Caffe does: blue first, values from 0 to 255 less the mean ({@link #input()}); its result is
 * what the last layer makes. Vertices have the names of the layers. What several layers make together is one vertex with the name of
 * the first of them: BatchNorm and Scale are DL4J's batch normalization; a global mean, two products with a ReLU between, a Sigmoid
 * and a Scale or Axpy are {@link io.github.squeeze4j.blocks.SqueezeExcitation}, Axpy with an addition of the layer's own
 * name; InnerProduct and the Softmax at the end are an {@code OutputLayer}. Everything else is DL4J's own layer or vertex, but for
 * {@link io.github.squeeze4j.layers.GroupedConvolution}, pooling whose sizes are rounded up ({@link
 * io.github.squeeze4j.layers.NativePooling}) and factors that no block computes ({@link io.github.squeeze4j.layers.ChannelScaling}).
 *
 * <p>Strict: a layer, field or value that is not known, a blob that is missing or left over, a top that nobody reads are errors, which
 * name file, line and layer. Layers that only train ({@code include { phase: TRAIN }}) are left out. Immutable.
 *
 * <p>BVLC/caffe, proto/caffe.proto; hujie-frank/SENet for Axpy.
 *
 * <pre>{@code
 * ComputationGraph graph = CaffeNetwork.read(Path.of("SE-ResNet-50.prototxt"))
 *         .weights(Path.of("SE-ResNet-50.caffemodel"))
 *         .build();
 * }</pre>
 */
public final class CaffeNetwork {
    /** Default {@link #seed}. */
    public static final long DEFAULT_SEED = 42;

    private static final double LEARNING_RATE = 0.1;
    private static final double MOMENTUM = 0.9;

    private final CaffeNet net;
    private final Path caffemodel;
    private final long seed;

    private CaffeNetwork(CaffeNet net, Path caffemodel, long seed) {
        this.net = net;
        this.caffemodel = caffemodel;
        this.seed = seed;
    }

    /**
     * Reads and checks the description of a network.
     *
     * @param prototxt the file
     * @return the network without weights
     * @throws WeightsException if the file cannot be read, or breaks a rule of its format or of the layers
     */
    public static CaffeNetwork read(Path prototxt) {
        CaffeNetwork network = new CaffeNetwork(CaffeNet.read(prototxt), null, DEFAULT_SEED);
        network.conf();
        return network;
    }

    /**
     * Takes what the layers have learned from a file.
     *
     * @param file a {@code .caffemodel}, which is opened when the graph is built
     * @return the network with these weights
     */
    public CaffeNetwork weights(Path file) {
        if (file == null) {
            throw new WeightsException("weights file (null) must be a file; name a .caffemodel file");
        }
        return new CaffeNetwork(net, file, seed);
    }

    /**
     * Seed of the random weights of a network without a file of them.
     *
     * @param number any number; default 42
     * @return the network with this seed
     */
    public CaffeNetwork seed(long number) {
        return new CaffeNetwork(net, caffemodel, number);
    }

    /**
     * What the file calls the network.
     *
     * @return its name; "network" if it has none
     */
    public String name() {
        return net.name;
    }

    /**
     * What goes in.
     *
     * @return height, width and channels of the images, in NCHW
     */
    public InputType.InputTypeConvolutional inputType() {
        long[] shape = net.input().shape;
        return (InputType.InputTypeConvolutional) InputType.convolutional(shape[2], shape[3], shape[1]);
    }

    /**
     * How images are prepared, which a network's text does not say: as the SENet authors do.
     *
     * @return blue first, mean (104, 117, 123) of bytes, no other scaling; crop of 7/8 of the shorter side
     * @throws WeightsException if the input is not square or has not three channels, which these settings do not describe
     */
    public InputSettings input() {
        long[] shape = net.input().shape;
        if (shape[1] != 3 || shape[2] != shape[3]) {
            throw new WeightsException(
                    "input of " + net.file + " (" + shape[1] + " channels, " + shape[2] + "x" + shape[3]
                            + ") must have 3 channels and be square for these settings; prepare images as its authors do");
        }
        return InputSettings.blueFirst((int) net.input().shape[2]);
    }

    /**
     * A new configuration.
     *
     * @return the configuration, which the caller may change
     * @throws WeightsException if a layer stands where DL4J has no counterpart
     */
    public ComputationGraphConfiguration conf() {
        ComputationGraphConfiguration.GraphBuilder builder = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Nesterovs(LEARNING_RATE, MOMENTUM))
                .convolutionMode(ConvolutionMode.Truncate)
                .graphBuilder()
                .addInputs(net.input().name)
                .setInputTypes(inputType());
        CaffeGraph graph = new CaffeGraph(builder, net.byName.keySet());
        graph.fresh(net.input().name);
        graph.define(net.input(), net.input().name, false);
        for (CaffeStep step : net.steps) {
            if (!step.isMerged) {
                step.add(graph);
            }
        }
        return builder.setOutputs(graph.vertex(net.output())).build();
    }

    /**
     * A new graph with the weights of the file, or with random ones; accelerated where that is possible.
     *
     * @return the initialised graph
     * @throws WeightsException if the weights cannot be read or do not fit the layers
     * @see Acceleration
     */
    public ComputationGraph build() {
        ComputationGraph graph = new ComputationGraph(conf());
        if (caffemodel == null) {
            graph.init();
        } else {
            try (TensorFile opened = TensorFile.open(caffemodel)) {
                CaffeWeights weights = new CaffeWeights(net, opened);
                graph.init();
                weights.into(graph);
            }
        }
        Acceleration.apply(graph);
        return graph;
    }
}
