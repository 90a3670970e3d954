package io.github.squeeze4j.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.CoordinateAttention;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativeConvolution;
import io.github.squeeze4j.layers.StochasticDepth;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The gradient of a class's score at inference, against differences of scores in double precision. */
@Tag("tiny")
class GradientOfScoresTest {
    private static final double STEP = 1e-5;
    private static final int SIZE = 12;

    /** How a network ends. */
    enum End {
        OUTPUT_LAYER,
        LOSS_LAYER,
        DENSE_WITH_SOFTMAX,
        SOFTMAX_ALONE,
        NO_SOFTMAX
    }

    private static GraphBuilder start(DataType type) {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(type)
                .activation(Activation.IDENTITY)
                .graphBuilder()
                .addInputs("input");
    }

    /** Layers whose backward pass DL4J has for training only, whose activations it computes in place, and frozen ones. */
    private static ComputationGraph network(DataType type, CNN2DFormat format, End end) {
        ConvolutionLayer middle = new ConvolutionLayer.Builder(3, 3)
                .padding(1, 1)
                .stride(2, 2)
                .nOut(6)
                .dropOut(0.5)
                .weightNoise(new DropConnect(0.5))
                .dataFormat(format)
                .build();
        GraphBuilder builder = start(type)
                .setInputTypes(InputType.convolutional(SIZE, SIZE, 3, format))
                .addLayer(
                        "conv1",
                        new FrozenLayer(new ConvolutionLayer.Builder(3, 3)
                                .padding(1, 1)
                                .nOut(4)
                                .dataFormat(format)
                                .build()),
                        "input")
                .addLayer("bn1", new BatchNormalization.Builder().build(), "conv1")
                .addLayer("swish1", new ActivationLayer(Activation.SWISH), "bn1")
                .addLayer("conv2", middle, "swish1")
                .addLayer("bn2", new FrozenLayerWithBackprop(new BatchNormalization.Builder().build()), "conv2")
                .addLayer("se", SqueezeExcitation.builder().reduction(2).build(), "bn2")
                .addLayer("drop", new DropoutLayer.Builder(new StochasticDepth(0.5)).build(), "se")
                // reads what the activation before would write over
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "drop", "bn2")
                .addLayer("tanh", new ActivationLayer(Activation.TANH), "add")
                .addLayer("ca", CoordinateAttention.builder().reduction(2).build(), "tanh")
                .addLayer("cbam", Cbam.builder().reduction(2).build(), "ca")
                .addLayer(
                        "pool",
                        new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                                .kernelSize(2, 2)
                                .stride(2, 2)
                                .dataFormat(format)
                                .build(),
                        "cbam")
                .addLayer(
                        "conv3",
                        NativeConvolution.of(new ConvolutionLayer.Builder(1, 1)
                                .nOut(5)
                                .dataFormat(format)
                                .build()),
                        "pool")
                .addLayer("bn3", NativeBatchNormalization.standard(), "conv3")
                // DL4J does not apply gamma where beta is 0
                .addLayer(
                        "locked",
                        new BatchNormalization.Builder()
                                .lockGammaBeta(true)
                                .gamma(0.5)
                                .build(),
                        "bn3")
                .addLayer("gap", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "locked");
        switch (end) {
            case OUTPUT_LAYER:
                builder.addLayer(
                        "output",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .activation(Activation.SOFTMAX)
                                .dropOut(0.5)
                                .nOut(4)
                                .build(),
                        "gap");
                break;
            case DENSE_WITH_SOFTMAX:
                builder.addLayer(
                        "output",
                        new DenseLayer.Builder()
                                .activation(Activation.SOFTMAX)
                                .nOut(4)
                                .build(),
                        "gap");
                break;
            default:
                builder.addLayer("dense", new DenseLayer.Builder().nOut(4).build(), "gap");
                if (end == End.LOSS_LAYER) {
                    builder.addLayer(
                            "output",
                            new LossLayer.Builder(LossFunction.MCXENT)
                                    .activation(Activation.SOFTMAX)
                                    .build(),
                            "dense");
                } else if (end == End.SOFTMAX_ALONE) {
                    builder.addLayer("output", new ActivationLayer(Activation.SOFTMAX), "dense");
                } else {
                    builder.addLayer("output", new ActivationLayer(Activation.IDENTITY), "dense");
                }
        }
        ComputationGraph graph = new ComputationGraph(
                builder.setOutputs("output").validateOutputLayerConfig(false).build());
        graph.init();
        Random random = new Random(7);
        for (Map.Entry<String, INDArray> entry : graph.paramTable().entrySet()) {
            INDArray values = entry.getValue();
            boolean positive = entry.getKey().matches(".*_(var|Var|gamma)");
            for (long i = 0; i < values.length(); i++) {
                values.putScalar(i, positive ? 0.5 + random.nextDouble() : random.nextGaussian() * 0.4);
            }
        }
        return graph;
    }

    private static INDArray picture(DataType type, CNN2DFormat format) {
        long[] shape = format == CNN2DFormat.NCHW ? new long[] {1, 3, SIZE, SIZE} : new long[] {1, SIZE, SIZE, 3};
        Random random = new Random(3);
        double[] values = random.doubles(3 * SIZE * SIZE, -1, 1).toArray();
        return Nd4j.create(values, shape, 'c').castTo(type);
    }

    /** By differences of logarithms of probabilities to those of class 0 where there is a softmax: independent of the scores. */
    private static double score(ComputationGraph graph, INDArray x, int label, boolean softmax) {
        INDArray output = graph.outputSingle(x);
        return softmax
                ? Math.log(output.getDouble(0, label)) - Math.log(output.getDouble(0, 0))
                : output.getDouble(0, label) - output.getDouble(0, 0);
    }

    @ParameterizedTest
    @EnumSource
    void equalsDifferences(End end) {
        compare(end, CNN2DFormat.NCHW);
    }

    @Test
    void equalsDifferencesInChannelsLast() {
        compare(End.OUTPUT_LAYER, CNN2DFormat.NHWC);
    }

    private static void compare(End end, CNN2DFormat format) {
        ComputationGraph graph = network(DataType.DOUBLE, format, end);
        INDArray x = picture(DataType.DOUBLE, format);
        boolean softmax = end != End.NO_SOFTMAX;
        int label = 2;
        INDArray gradient = Explanation.of(graph)
                .forClass(label)
                .explain(x)
                .inputGradient()
                .sub(Explanation.of(graph).forClass(0).explain(x).inputGradient());
        double worst = 0;
        double largest = 0;
        for (long i = 0; i < x.length(); i += 5) {
            double before = x.getDouble(i);
            x.putScalar(i, before + STEP);
            double up = score(graph, x, label, softmax);
            x.putScalar(i, before - STEP);
            double down = score(graph, x, label, softmax);
            x.putScalar(i, before);
            double numeric = (up - down) / (2 * STEP);
            worst = Math.max(worst, Math.abs(numeric - gradient.getDouble(i)));
            largest = Math.max(largest, Math.abs(numeric));
        }
        assertThat(largest).isGreaterThan(1e-3);
        assertThat(worst)
                .as("largest error of %s, of gradients up to %s", end, largest)
                .isLessThan(1e-6 * Math.max(1, largest));
    }

    @Test
    void anAcceleratedNetworkHasTheSameAndIsNotChanged() {
        ComputationGraph graph = network(DataType.FLOAT, CNN2DFormat.NCHW, End.OUTPUT_LAYER);
        INDArray x = picture(DataType.FLOAT, CNN2DFormat.NCHW);
        Explained stock = Explanation.of(graph).explain(x);
        INDArray parameters = graph.params().dup();
        INDArray output = graph.outputSingle(x).dup();
        Acceleration.apply(graph);
        Explained accelerated = Explanation.of(graph).explain(x);
        assertThat(accelerated.inputGradient()).isEqualTo(stock.inputGradient());
        assertThat(accelerated.stages().get(1).gradCam())
                .isEqualTo(stock.stages().get(1).gradCam());
        assertThat(graph.params()).isEqualTo(parameters);
        assertThat(graph.outputSingle(x).distance2(output)).isLessThan(1e-5);
    }

    @Test
    void parametersAreReadWhenItExplains() {
        ComputationGraph graph = network(DataType.DOUBLE, CNN2DFormat.NCHW, End.OUTPUT_LAYER);
        Explanation explanation = Explanation.of(graph);
        INDArray x = picture(DataType.DOUBLE, CNN2DFormat.NCHW);
        INDArray before = explanation.explain(x).scores();
        graph.getLayer("output").getParam("W").muli(2);
        assertThat(explanation.explain(x).scores()).isNotEqualTo(before);
        assertThat(explanation.explain(x).scores())
                .isEqualTo(Explanation.of(graph).explain(x).scores());
    }

    @Test
    void whatALayerGaveIsNotWrittenOver() {
        ComputationGraph graph = network(DataType.DOUBLE, CNN2DFormat.NCHW, End.OUTPUT_LAYER);
        INDArray x = picture(DataType.DOUBLE, CNN2DFormat.NCHW);
        Explained seen =
                Explanation.of(graph).atLayers("bn1", "swish1").forClass(1).explain(x);
        // with the activations of both equal, their maps would be of equal signs
        assertThat(seen.stages().get(0).gradCam())
                .isNotEqualTo(seen.stages().get(1).gradCam());
        Walk walk = new Walk(Twin.of(graph), new Wiring(Twin.of(graph), "output"));
        walk.forward(x);
        int bn = graph.getVertex("bn1").getVertexIndex();
        int swish = graph.getVertex("swish1").getVertexIndex();
        INDArray expected = walk.activation(bn).mul(Transforms.sigmoid(walk.activation(bn)));
        assertThat(walk.activation(swish).sub(expected).amaxNumber().doubleValue())
                .isLessThan(1e-12);
    }
}
