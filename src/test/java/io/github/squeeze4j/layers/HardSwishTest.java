package io.github.squeeze4j.layers;

import static io.github.squeeze4j.Arrays4j.assertClose;
import static io.github.squeeze4j.Arrays4j.assertSame;
import static org.assertj.core.api.Assertions.assertThat;

import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

class HardSwishTest {
    private static final double[] X = {-7, -3.5, -3, -2, -1.5, 0, 1, 2.5, 3, 9};
    private static final double[] Y = {0, 0, 0, -1.0 / 3, -0.375, 0, 2.0 / 3, 55.0 / 24, 3, 9};
    private static final double[] SLOPE = {0, 0, 0, -1.0 / 6, 0, 0.5, 5.0 / 6, 4.0 / 3, 1, 1};

    private static INDArray array(DataType type, double... values) {
        return Nd4j.createFromArray(values).reshape(2, 5).castTo(type);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void valuesAndSlopes(DataType type) {
        double tolerance = type == DataType.DOUBLE ? 1e-14 : 1e-6;
        assertClose("y", new HardSwish().getActivation(array(type, X), true), array(type, Y), tolerance);
        INDArray gradient =
                Nd4j.linspace(-4, 5, 10, DataType.DOUBLE).reshape(2, 5).castTo(type);
        INDArray before = gradient.dup();
        INDArray slopes = new HardSwish().backprop(array(type, X), gradient).getFirst();
        assertThat(slopes.dataType()).isEqualTo(type);
        assertClose("slopes", slopes, array(type, SLOPE).mul(before), tolerance);
        assertSame("epsilon is only read", gradient, before);
    }

    private static ComputationGraph network() {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(1)
                .dataType(DataType.DOUBLE)
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.feedForward(10))
                .addLayer("swish", new ActivationLayer(new HardSwish()), "input")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MSE)
                                .activation(Activation.IDENTITY)
                                .nOut(3)
                                .build(),
                        "swish")
                .setOutputs("out")
                .build();
        ComputationGraph network = new ComputationGraph(configuration);
        network.init();
        return network;
    }

    @Test
    void aLayerOfIt() {
        ComputationGraph network = network();
        INDArray x = Nd4j.createFromArray(X).reshape(1, 10);
        INDArray y = Nd4j.createFromArray(Y).reshape(1, 10);
        INDArray expected = y.mmul(network.getParam("out_W")).addiRowVector(network.getParam("out_b"));
        assertClose("output", network.output(x.dup())[0], expected, 1e-12);
        network.setInputs(x.dup());
        network.setLabels(Nd4j.zeros(DataType.DOUBLE, 1, 3));
        network.computeGradientAndScore();
        INDArray gradient = network.gradient().getGradientFor("out_b");
        assertClose(
                "weights",
                network.gradient().getGradientFor("out_W"),
                y.transpose().mmul(gradient.reshape(1, 3)),
                1e-12);
    }

    @Test
    void jsonAndEquality() {
        ComputationGraphConfiguration configuration = network().getConfiguration();
        ComputationGraphConfiguration read = ComputationGraphConfiguration.fromJson(configuration.toJson());
        assertThat(read).isEqualTo(configuration);
        ComputationGraph network = new ComputationGraph(read);
        network.init();
        assertThat(((ActivationLayer) network.getLayer("swish").conf().getLayer()).getActivationFn())
                .isEqualTo(new HardSwish())
                .hasSameHashCodeAs(new HardSwish())
                .hasToString("hardswish");
    }
}
