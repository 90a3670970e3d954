package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.CoordinateAttention;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Site;
import java.util.List;
import java.util.function.Consumer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Programs where a network begins or ends otherwise than most, and channels that do not fill oneDNN's blocks. */
@Tag("tiny")
class ProgramEdgesTest {
    private static final int HEIGHT = 6;
    private static final int WIDTH = 5;

    private static GraphBuilder graph(int channels) {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutional(HEIGHT, WIDTH, channels));
    }

    private static ConvolutionLayer convolution(int outputs) {
        return new ConvolutionLayer.Builder(3, 3)
                .padding(1, 1)
                .nOut(outputs)
                .activation(Activation.IDENTITY)
                .build();
    }

    private static ActivationLayer activation(Activation activation) {
        return new ActivationLayer.Builder().activation(activation).build();
    }

    private static ComputationGraph init(GraphBuilder builder) {
        ComputationGraph graph = new ComputationGraph(builder.build());
        graph.init();
        return graph;
    }

    private static INDArray pictures(int channels) {
        return Nd4j.randn(DataType.FLOAT, 2, channels, HEIGHT, WIDTH).muli(3);
    }

    /** Outputs of the accelerated network and of the one for inference against DL4J's. */
    private static void assertSame(ComputationGraph graph, INDArray x, boolean isNative) {
        Acceleration acceleration = assertSame(
                graph,
                x,
                refusal -> assertThat(refusal == null).as("" + refusal).isEqualTo(isNative));
        assertThat(acceleration.lastRefusal() == null)
                .as("" + acceleration.lastRefusal())
                .isEqualTo(isNative);
    }

    private static Acceleration assertSame(ComputationGraph graph, INDArray x, Consumer<String> refusal) {
        INDArray wanted = graph.outputSingle(x.dup()).dup();
        try (InferenceNetwork fast = InferenceNetwork.optimize(graph)) {
            assertSame("InferenceNetwork", fast.outputSingle(x.dup()), wanted);
            refusal.accept(fast.refusal());
        }
        Acceleration acceleration = Acceleration.apply(graph);
        assertSame("Acceleration", graph.outputSingle(x.dup()), wanted);
        return acceleration;
    }

    private static void assertSame(String what, INDArray actual, INDArray wanted) {
        assertThat(actual.shape()).isEqualTo(wanted.shape());
        double largest = 0;
        for (long i = 0; i < wanted.length(); i++) {
            double value = wanted.getDouble(i);
            largest = Math.max(largest, Double.isFinite(value) ? Math.abs(value) : 0);
        }
        for (long i = 0; i < wanted.length(); i++) {
            double value = wanted.getDouble(i);
            assertThat(Double.isNaN(actual.getDouble(i))).as(what + " at " + i).isEqualTo(Double.isNaN(value));
            if (!Double.isNaN(value)) {
                assertThat(Math.abs(actual.getDouble(i) - value))
                        .as(what + " at " + i)
                        .isLessThanOrEqualTo(1e-5 * largest);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"24, RELU", "24, RELU6", "3, SWISH", "33, RELU", "16, RELU6"})
    void shortcutsWithOtherReaders(int channels, Activation activation) {
        ComputationGraph graph = init(graph(channels)
                .addLayer("a", convolution(channels), "in")
                .addLayer("b", convolution(channels), "a")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "b", "a")
                .addLayer("f", activation(activation), "add")
                .addVertex("again", new ElementWiseVertex(ElementWiseVertex.Op.Add), "f", "a")
                .addLayer("pool", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "again")
                .setOutputs("pool"));
        assertSame(graph, pictures(channels), true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"convolution", "block", "pool", "activation"})
    void whatIsNotANumberInNetworksThatEndInNoOutputLayer(String end) {
        GraphBuilder builder = graph(3).addLayer("a", convolution(8), "in").addLayer("b", convolution(8), "a");
        if (end.equals("block")) {
            builder.addLayer("end", SqueezeExcitation.builder().reduction(2).build(), "b");
        } else if (end.equals("pool")) {
            builder.addLayer("end", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "b");
        } else if (end.equals("activation")) {
            builder.addLayer("end", activation(Activation.RELU), "b");
        } else {
            builder.addLayer("end", convolution(4), "b");
        }
        INDArray x = pictures(3);
        x.putScalar(0, Float.NaN);
        assertSame(init(builder.setOutputs("end")), x, false);
    }

    /** What was rectified to nothing is nothing behind a block that scales, not 1e-30. */
    @ParameterizedTest
    @ValueSource(strings = {"se", "cbam", "salient", "spse", "eca", "ese", "scse", "ca", "bam"})
    void mapsWithoutAPositiveNumber(String block) {
        ConvolutionLayer negative = convolution(16);
        negative.setBiasInit(-100);
        ComputationGraph graph = init(graph(3).addLayer("a", negative, "in")
                .addLayer("f", activation(Activation.RELU), "a")
                .addLayer("block", Attention.named(block).at(new Site(16, HEIGHT, WIDTH, 1, 1, 16)), "f")
                .setOutputs("block"));
        INDArray x = pictures(3);
        assertThat(graph.outputSingle(x.dup()).amaxNumber().doubleValue()).isZero();
        assertSame(graph, x, true);
    }

    /** Their maps may lie in blocks of 8, of which the last is a half of what a function is applied to at a time. */
    @ParameterizedTest
    @CsvSource({"72, 3", "40, 5", "24, 3"})
    void additionsToGroups(int channels, int groups) {
        ComputationGraph graph = init(graph(3).addLayer("a", convolution(channels), "in")
                .addLayer("b", convolution(channels), "in")
                .addLayer(
                        "g",
                        GroupedConvolution.builder()
                                .groups(groups)
                                .kernelSize(3, 3)
                                .padding(1, 1)
                                .nOut(channels)
                                .hasBias(false)
                                .activation(Activation.RELU)
                                .build(),
                        "a")
                .addLayer("n", new BatchNormalization(), "g")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "n", "b")
                .addLayer("f", activation(Activation.RELU), "add")
                .setOutputs("f"));
        assertSame(graph, pictures(3), true);
    }

    /** Channels of such a map may lie in blocks that they do not fill; for some blocks oneDNN has no fast pass then. */
    @ParameterizedTest
    @ValueSource(
            strings = {"se", "cbam", "salient", "spse", "eca", "ese", "scse", "ca", "bam", "gct", "gc", "ge", "simam"})
    void mapsOfOnePixel(String block) {
        ConvolutionLayer toOne = new ConvolutionLayer.Builder(HEIGHT, WIDTH)
                .nOut(20)
                .activation(Activation.TANH)
                .build();
        ComputationGraph graph = init(graph(3).addLayer("a", toOne, "in")
                .addLayer("block", Attention.named(block).at(new Site(20, 1, 1, 1, 1, 20)), "a")
                .setOutputs("block"));
        assertSame(graph, pictures(3), refusal -> {});
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"se", "cbam", "salient", "spse", "eca", "ese", "scse", "ca", "bam", "gct", "gc", "ge", "simam"})
    void gradientsOfMapsOfOnePixel(String block) {
        ComputationGraph stock = init(graph(3).addLayer(
                        "a",
                        new ConvolutionLayer.Builder(HEIGHT, WIDTH)
                                .nOut(20)
                                .activation(Activation.TANH)
                                .build(),
                        "in")
                .addLayer("block", Attention.named(block).at(new Site(20, 1, 1, 1, 1, 20)), "a")
                .addLayer(
                        "out",
                        new OutputLayer.Builder()
                                .nOut(3)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "block")
                .setOutputs("out"));
        ComputationGraph fast = stock.clone();
        Acceleration.apply(fast);
        INDArray x = pictures(3);
        INDArray labels =
                Nd4j.eye(3).castTo(DataType.FLOAT).get(NDArrayIndex.interval(0, x.size(0)), NDArrayIndex.all());
        for (ComputationGraph graph : List.of(stock, fast)) {
            Twins.gradients(graph, new Twins.Pass(new INDArray[] {x.dup()}, new INDArray[] {labels.dup()}));
        }
        INDArray wanted = stock.gradient().gradient();
        assertThat(fast.gradient().gradient().distance2(wanted))
                .isLessThan(1e-5 * wanted.norm2Number().doubleValue());
    }

    /** Maxima and bounded functions lose them, each in its own way. */
    @ParameterizedTest
    @ValueSource(strings = {"W NaN", "b NaN", "b Infinity", "b -Infinity"})
    void parametersThatAreNoNumbers(String which) {
        String name = which.substring(0, 1);
        float value = Float.parseFloat(which.substring(2));
        for (Activation function : new Activation[] {Activation.IDENTITY, Activation.RELU, Activation.TANH}) {
            for (PoolingType pooling : new PoolingType[] {PoolingType.MAX, PoolingType.AVG}) {
                ComputationGraph graph = init(graph(3).addLayer("a", convolution(6), "in")
                        .addLayer("f", activation(function), "a")
                        .addLayer("p", new GlobalPoolingLayer.Builder(pooling).build(), "f")
                        .addLayer(
                                "d",
                                new DenseLayer.Builder()
                                        .nOut(5)
                                        .activation(Activation.TANH)
                                        .build(),
                                "p")
                        .setOutputs("d"));
                graph.getLayer("a").getParam(name).putScalar(0, value);
                assertSame(graph, pictures(3), false);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 8, 16, 24})
    void coordinateAttentionFirst(int channels) {
        ComputationGraph graph = init(graph(channels)
                .addLayer("a", CoordinateAttention.builder().build(), "in")
                .addLayer("b", convolution(8), "a")
                .setOutputs("b"));
        assertSame(graph, pictures(channels), true);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aNegativeVariance(boolean block) {
        GraphBuilder builder = graph(3).addLayer("a", convolution(16), "in");
        if (block) {
            builder.addLayer("n", Salient.builder().build(), "a");
        } else {
            builder.addLayer(
                    "n", new BatchNormalization.Builder().useLogStd(false).build(), "a");
        }
        ComputationGraph graph =
                init(builder.addLayer("f", activation(Activation.RELU6), "n").setOutputs("f"));
        graph.getLayer("n").getParam("var").putScalar(0, -5);
        assertSame(graph, pictures(3), false);
    }

    @Test
    void anOutputThatAnActivationWritesOver() {
        ComputationGraph graph = init(graph(3).addLayer("a", convolution(8), "in")
                .addLayer("b", convolution(8), "a")
                .addLayer("f", activation(Activation.RELU), "b")
                .addLayer("pool", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "f")
                .setOutputs("b", "pool"));
        INDArray x = pictures(3);
        INDArray[] wanted = graph.output(x.dup());
        Acceleration.apply(graph);
        INDArray[] actual = graph.output(x.dup());
        for (int i = 0; i < 2; i++) {
            assertSame("output " + i, actual[i], wanted[i]);
        }
    }
}
