package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Places where DL4J's results follow from where its arrays lie: it writes over what others read, or reads what is not theirs. */
@Tag("tiny")
class OverwritingTest {
    private static final int SIZE = 6;
    private static final int CHANNELS = 3;

    private static GraphBuilder graph() {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Sgd(0.1))
                .activation(Activation.IDENTITY)
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(SIZE, SIZE, CHANNELS))
                .validateOutputLayerConfig(false);
    }

    private static Layer convolution() {
        return new ConvolutionLayer.Builder(3, 3)
                .convolutionMode(ConvolutionMode.Same)
                .nOut(CHANNELS)
                .activation(Activation.TANH)
                .build();
    }

    private static Layer relu() {
        return new ActivationLayer(Activation.RELU);
    }

    private static Layer prelu() {
        return new PReLULayer.Builder().inputShape(CHANNELS, SIZE, SIZE).build();
    }

    private static Layer head() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build();
    }

    private static ElementWiseVertex sum() {
        return new ElementWiseVertex(ElementWiseVertex.Op.Add);
    }

    private static ComputationGraph network(GraphBuilder graph) {
        ComputationGraph network = new ComputationGraph(graph.build());
        network.init();
        return (ComputationGraph) Twins.randomised(network, 3);
    }

    /** Networks by what the engine says of them. */
    private static final Map<String, Supplier<GraphBuilder>> PLACES = new LinkedHashMap<>();

    static {
        PLACES.put(
                "activation relu writes at inference over what prelu gives to others, too",
                () -> graph().addLayer("prelu", prelu(), "input")
                        .addLayer("relu", relu(), "prelu")
                        .addVertex("merge", new MergeVertex(), "relu", "prelu")
                        .addLayer("conv", convolution(), "merge")
                        .addLayer("out", head(), "conv")
                        .setOutputs("out"));
        PLACES.put(
                "activation prelu writes at inference over what input gives to others, too",
                () -> graph().addLayer("prelu", prelu(), "input")
                        .addLayer("conv", convolution(), "input")
                        .addVertex("sum", sum(), "prelu", "conv")
                        .addLayer("out", head(), "sum")
                        .setOutputs("out"));
        PLACES.put(
                "activation relu writes at inference over what input gives to others, too",
                () -> graph().addLayer("crop", new Cropping2D(1, 1, 1, 1), "input")
                        .addLayer("relu", relu(), "crop")
                        .addLayer("pad", new ZeroPaddingLayer(1, 1, 1, 1), "relu")
                        .addVertex("sum", sum(), "pad", "input")
                        .addLayer("conv", convolution(), "sum")
                        .addLayer("out", head(), "conv")
                        .setOutputs("out"));
        PLACES.put(
                "frozen activation prelu writes over what conv gives to others",
                () -> graph().addLayer("conv", convolution(), "input")
                        .addLayer("prelu", new FrozenLayerWithBackprop(prelu()), "conv")
                        .addVertex("sum", sum(), "prelu", "conv")
                        .addLayer("out", head(), "sum")
                        .setOutputs("out"));
        PLACES.put(
                "frozen activation prelu writes over its input",
                () -> graph().addLayer("conv", convolution(), "input")
                        .addLayer("prelu", new FrozenLayerWithBackprop(prelu()), "conv")
                        .addLayer("out", head(), "prelu")
                        .setOutputs("out"));
        PLACES.put(
                "frozen activation relu writes over what twice gives to others",
                () -> twice().addLayer("relu", new FrozenLayerWithBackprop(relu()), "rows")
                        .addLayer("dense1", new DenseLayer.Builder().nOut(4).build(), "relu")
                        .addVertex("sum", sum(), "dense1", "dense2")
                        .addLayer("out", head(), "sum")
                        .setOutputs("out"));
        PLACES.put(
                "dropout of layer dense1 writes over what twice gives to others",
                () -> twice().addLayer(
                                "dense1",
                                new DenseLayer.Builder().nOut(4).dropOut(0.5).build(),
                                "rows")
                        .addVertex("sum", sum(), "dense1", "dense2")
                        .addLayer("out", head(), "sum")
                        .setOutputs("out"));
        PLACES.put(
                "the gradient of loss layer out writes over what relu gives to others or reads again",
                () -> graph().addLayer("conv", convolution(), "input")
                        .addLayer("dense", new DenseLayer.Builder().nOut(4).build(), "conv")
                        .addLayer("relu", new FrozenLayerWithBackprop(relu()), "dense")
                        .addLayer(
                                "out",
                                new LossLayer.Builder(LossFunction.MSE)
                                        .activation(Activation.TANH)
                                        .build(),
                                "relu")
                        .setOutputs("out"));
    }

    /** A map that lies as ND4J's do, so that its rows are the same memory, and another reader. */
    private static GraphBuilder twice() {
        return graph().addLayer("conv", convolution(), "input")
                .addVertex("twice", sum(), "conv", "conv")
                .addLayer("conv2", convolution(), "twice")
                .addLayer("dense2", new DenseLayer.Builder().nOut(4).build(), "conv2")
                .addVertex(
                        "rows",
                        new PreprocessorVertex(new CnnToFeedForwardPreProcessor(SIZE, SIZE, CHANNELS)),
                        "twice");
    }

    static Stream<String> places() {
        return PLACES.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("places")
    void isLeftToDl4j(String reason) {
        ComputationGraph stock = network(PLACES.get(reason).get());
        ComputationGraph fast = network(PLACES.get(reason).get());
        Random random = new Random(5);
        List<Twins.Pass> passes = List.of(
                Twins.pass(stock, random, Twins.normal(random, 5, CHANNELS, SIZE, SIZE)),
                Twins.pass(stock, random, Twins.normal(random, 8, CHANNELS, SIZE, SIZE)));
        InferenceNetwork ready = InferenceNetwork.optimize(fast);
        Map<String, INDArray> wanted = Twins.outputs(x -> stock.output(x), passes);
        assertThat(Twins.difference(Twins.outputs(ready::output, passes), wanted, null))
                .isNull();
        Acceleration acceleration = Acceleration.apply(fast);
        Map<String, INDArray> expected = Twins.trace(stock, passes);
        assertThat(Twins.difference(Twins.trace(fast, passes), expected, null)).isNull();
        assertThat(acceleration.lastRefusal()).startsWith(reason);
    }

    /** Its last reader is the user; with workspaces DL4J's own output() fails here. */
    @Test
    void anActivationOverAnOutput() {
        ComputationGraph network = network(graph().addLayer("conv", convolution(), "input")
                .addLayer("relu", relu(), "conv")
                .addLayer("conv2", convolution(), "relu")
                .setOutputs("conv", "conv2"));
        INDArray images = Twins.normal(new Random(1), 2, CHANNELS, SIZE, SIZE);
        assertThat(InferenceNetwork.optimize(network)
                        .output(images)[0]
                        .minNumber()
                        .doubleValue())
                .isLessThan(0);
        network.getConfiguration().setInferenceWorkspaceMode(WorkspaceMode.NONE);
        INDArray[] expected = network.output(images);
        INDArray[] actual = InferenceNetwork.optimize(network).output(images);
        for (int i = 0; i < 2; i++) {
            assertThat(Twins.difference(actual[i], expected[i], 1e-5)).isNull();
        }
    }

    private static GraphBuilder branches() {
        return graph().addLayer("conv", convolution(), "input")
                .addLayer("relu", relu(), "conv")
                .addVertex("sum", sum(), "relu", "conv")
                .addLayer("out", head(), "sum")
                .setOutputs("out");
    }

    /** All results lie in one workspace, and DL4J's activations copy only what lies in another's. */
    @Test
    void scoresOfExamples() {
        ComputationGraph stock = network(branches());
        ComputationGraph fast = network(branches());
        Random random = new Random(1);
        Twins.Pass pass = Twins.pass(stock, random, Twins.normal(random, 4, CHANNELS, SIZE, SIZE));
        DataSet data = new DataSet(pass.x[0], pass.y[0]);
        Acceleration acceleration = Acceleration.apply(fast);
        INDArray expected = stock.scoreExamples(data, true);
        assertThat(Twins.difference(fast.scoreExamples(data, true), expected, 1e-5))
                .isNull();
        assertThat(acceleration.lastRefusal())
                .isEqualTo(
                        "without a workspace for each result, activation relu writes at inference over what conv gives"
                                + " to others, too");
        INDArray output = stock.outputSingle(pass.x[0]);
        assertThat(Twins.difference(fast.outputSingle(pass.x[0]), output, 1e-5)).isNull();
        assertThat(acceleration.lastRefusal()).isNull();
    }

    @Test
    void outputsWithoutWorkspaces() {
        ComputationGraph stock = network(branches());
        ComputationGraph fast = network(branches());
        INDArray images = Twins.normal(new Random(1), 2, CHANNELS, SIZE, SIZE);
        for (ComputationGraph network : List.of(stock, fast)) {
            network.getConfiguration().setInferenceWorkspaceMode(WorkspaceMode.NONE);
        }
        INDArray expected = stock.outputSingle(images);
        InferenceNetwork ready = InferenceNetwork.optimize(fast);
        assertThat(Twins.difference(ready.outputSingle(images), expected, 1e-5)).isNull();
        Acceleration acceleration = Acceleration.apply(fast);
        assertThat(Twins.difference(fast.outputSingle(images), expected, 1e-5)).isNull();
        assertThat(acceleration.output(images)).isNull();
        assertThat(acceleration.lastRefusal()).startsWith("without a workspace for each result, activation relu");
    }

    /** What ND4J reads where maps are laid out differently may be another's memory: nothing to compare with. */
    @Test
    void distancesBetweenMaps() {
        ComputationGraph network = network(graph().addLayer("conv", convolution(), "input")
                .addVertex("twice", sum(), "conv", "conv")
                .addVertex("distance", new L2Vertex(1e-8), "conv", "twice")
                .addLayer("out", head(), "distance")
                .setOutputs("out"));
        String reason = "vertex distance is ND4J's distance between maps, which follows from their layouts in memory";
        INDArray images = Twins.normal(new Random(1), 1, CHANNELS, SIZE, SIZE);
        InferenceNetwork ready = InferenceNetwork.optimize(network);
        ready.output(images);
        assertThat(ready.refusal()).isEqualTo(reason);
        Acceleration acceleration = Acceleration.apply(network);
        network.output(images);
        assertThat(acceleration.lastRefusal()).isEqualTo(reason);
    }

    @Test
    void distancesBetweenRows() {
        GraphBuilder graph = graph().addLayer("conv", convolution(), "input")
                .addLayer("dense1", new DenseLayer.Builder().nOut(4).build(), "conv")
                .addLayer("dense2", new DenseLayer.Builder().nOut(4).build(), "conv")
                .addVertex("twice", sum(), "dense1", "dense1")
                .addVertex("distance", new L2Vertex(1e-8), "dense2", "twice")
                .addLayer("out", head(), "distance")
                .setOutputs("out");
        ComputationGraph network = network(graph);
        INDArray images = Twins.normal(new Random(1), 3, CHANNELS, SIZE, SIZE);
        INDArray expected = network.outputSingle(images);
        Acceleration acceleration = Acceleration.apply(network);
        assertThat(Twins.difference(network.outputSingle(images), expected, 1e-5))
                .isNull();
        assertThat(acceleration.lastRefusal()).isNull();
    }

    /** DL4J's layer keeps the size that it was last asked about, and computes with it. */
    @Test
    void configurationsStayAsTheyAre() {
        GraphBuilder graph = graph().addLayer("conv", convolution(), "input")
                .addLayer(
                        "locally",
                        new LocallyConnected2D.Builder()
                                .kernelSize(2, 2)
                                .setInputSize(SIZE, SIZE)
                                .nOut(2)
                                .convolutionMode(ConvolutionMode.Same)
                                .build(),
                        "conv")
                .addLayer("out", head(), "locally")
                .setOutputs("out");
        ComputationGraph network = network(graph);
        String before = network.getConfiguration().toJson();
        INDArray images = Twins.normal(new Random(1), 2, CHANNELS, SIZE, SIZE);
        INDArray expected = network.outputSingle(images);
        Acceleration acceleration = Acceleration.apply(network);
        Plan plan = new Plan(Topology.of(network));
        plan.shapes(new long[][] {{2, CHANNELS, SIZE + 2, SIZE}});
        assertThat(network.getConfiguration().toJson()).isEqualTo(before);
        assertThat(Twins.difference(network.outputSingle(images), expected, 1e-5))
                .isNull();
        assertThat(acceleration.lastRefusal()).isNull();
    }
}
