package io.github.squeeze4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Against plain ND4J formulas, with channels first and last. */
class OneDnnTest {
    @BeforeEach
    void seed() {
        Nd4j.getRandom().setSeed(7);
    }

    private static INDArray map(boolean channelsLast, long n, long c, long h, long w) {
        return channelsLast
                ? Nd4j.randn(DataType.FLOAT, n, h, w, c).permute(0, 3, 1, 2)
                : Nd4j.randn(DataType.FLOAT, n, c, h, w);
    }

    private static void assertClose(INDArray actual, INDArray expected) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(actual.castTo(DataType.DOUBLE)
                        .sub(expected.castTo(DataType.DOUBLE))
                        .amaxNumber()
                        .doubleValue())
                .isLessThan(1e-5);
    }

    @Test
    void isAvailableInTheTests() {
        assertThat(OneDnn.unavailableReason()).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void reluAndSums(boolean channelsLast) {
        INDArray a = map(channelsLast, 2, 5, 4, 3);
        INDArray b = map(channelsLast, 2, 5, 4, 3);
        INDArray y = map(channelsLast, 2, 5, 4, 3);
        Elementwise.relu(a, y);
        assertClose(y, Transforms.max(a, 0));
        INDArray gradient = map(channelsLast, 2, 5, 4, 3);
        Elementwise.reluGradient(y, b, gradient);
        assertClose(gradient, b.mul(a.gt(0).castTo(DataType.FLOAT)));
        Elementwise.add(a, b, y, true);
        assertClose(y, Transforms.max(a.add(b), 0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void batchNormalization(boolean channelsLast) {
        INDArray x = map(channelsLast, 3, 5, 4, 6);
        INDArray y = map(channelsLast, 3, 5, 4, 6);
        INDArray gamma = Nd4j.rand(DataType.FLOAT, 1, 5);
        INDArray beta = Nd4j.randn(DataType.FLOAT, 1, 5);
        INDArray mean = Nd4j.create(DataType.FLOAT, 1, 5);
        INDArray variance = Nd4j.create(DataType.FLOAT, 1, 5);
        BatchNorm.forward(x, y, gamma, beta, mean, variance, 1e-3, true, true);
        INDArray exact = x.castTo(DataType.DOUBLE);
        INDArray average = exact.mean(true, 0, 2, 3);
        INDArray spread = exact.var(false, 0, 2, 3).reshape(1, 5, 1, 1);
        assertClose(mean, average.reshape(1, 5));
        assertClose(variance, spread.reshape(1, 5));
        INDArray scale = gamma.castTo(DataType.DOUBLE).reshape(1, 5, 1, 1).div(Transforms.sqrt(spread.add(1e-3)));
        INDArray z =
                exact.sub(average).mul(scale).add(beta.castTo(DataType.DOUBLE).reshape(1, 5, 1, 1));
        assertClose(y, Transforms.max(z, 0));
        BatchNorm.forward(x, y, gamma, beta, mean, variance, 1e-3, false, true);
        assertClose(y, Transforms.max(z, 0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void maximaOfWindows(boolean channelsLast) {
        INDArray x = map(channelsLast, 2, 3, 4, 4);
        INDArray y = map(channelsLast, 2, 3, 2, 2);
        Pooling pooling =
                new Pooling(Pooling.Kind.MAX, new int[] {2, 2}, new int[] {2, 2}, new int[] {0, 0}, new int[] {0, 0});
        pooling.forward(x, y);
        INDArray ones = map(channelsLast, 2, 3, 2, 2).assign(1);
        INDArray gradient = map(channelsLast, 2, 3, 4, 4);
        pooling.backward(x, ones, gradient);
        assertThat(gradient.sumNumber().doubleValue()).isEqualTo(24);
        assertThat(gradient.mul(x).sumNumber().doubleValue())
                .isCloseTo(y.sumNumber().doubleValue(), org.assertj.core.api.Assertions.within(1e-5));
    }
}
