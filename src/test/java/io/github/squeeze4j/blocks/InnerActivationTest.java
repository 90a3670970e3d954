package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@Tag("tiny")
class InnerActivationTest {
    private static final double[] AT = {-1000, -90, -45, -3, -0.5, 0.25, 2, 45, 90, 400, 1000};
    private static final double STEP = 1e-4;

    @ParameterizedTest
    @EnumSource(
            value = Activation.class,
            names = {"RELU", "RELU6", "LEAKYRELU", "ELU", "SELU", "SWISH", "MISH", "TANH", "SIGMOID", "IDENTITY"})
    void theGradientIsTheSlopeAlsoWhereExponentialsOverflow(Activation activation) {
        double[] slopes = new double[AT.length];
        for (int i = 0; i < AT.length; i++) {
            slopes[i] = (value(activation, AT[i] + STEP) - value(activation, AT[i] - STEP)) / (2 * STEP);
        }
        for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
            INDArray z = Nd4j.createFromArray(AT).castTo(type).reshape(1, AT.length);
            INDArray gradient = InnerActivation.gradient(activation, z, Nd4j.ones(type, 1, AT.length));
            for (int i = 0; i < AT.length; i++) {
                // roundings of the values at 1000 over the step
                assertThat(gradient.getDouble(i)).as(type + " at " + AT[i]).isCloseTo(slopes[i], within(1e-6));
            }
        }
    }

    private static double value(Activation activation, double z) {
        INDArray values = Nd4j.createFromArray(new double[] {z}).reshape(1, 1);
        return activation.getActivationFunction().getActivation(values, true).getDouble(0);
    }
}
