package io.github.squeeze4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
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

    /** ND4J's get gives nothing of views that begin behind their array's start. */
    @Test
    void partsOfMemoryAreArraysOfTheirOwn() {
        try (Scratch memory = new Scratch()) {
            INDArray scratch = memory.of(4000);
            INDArray part = Numbers.part(scratch, 100, new long[] {6, 4, 2, 2});
            part.assign(Nd4j.arange(96).reshape(6, 4, 2, 2));
            INDArray half =
                    part.get(NDArrayIndex.interval(3, 6), NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.all());
            assertThat(half.shape()).containsExactly(3, 4, 2, 2);
            assertThat(half.sumNumber().doubleValue()).isEqualTo((48 + 95) * 48 / 2.0);
            assertThat(part.isView()).isFalse();
            assertThat(scratch.getFloat(195)).isEqualTo(95);
            assertThat(memory.holds(part)).isTrue();
            assertThat(memory.holds(half)).isTrue();
            assertThat(memory.holds(half.dup())).isFalse();
        }
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

    /** Stride, padding, dilation, groups, with and without bias; the input gradient wanted or not. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void convolutionIsThePlainLoop(boolean channelsLast) {
        int[][] cases = {
            {1, 4, 6, 3, 1, 1, 1},
            {2, 4, 6, 3, 2, 1, 1},
            {4, 4, 4, 3, 1, 2, 2},
            {1, 3, 5, 1, 2, 0, 1},
            {2, 2, 4, 2, 1, 0, 3}
        };
        for (int[] c : cases) {
            for (boolean biased : new boolean[] {false, true}) {
                compare(new PlainConvolution(c[0], c[4], c[5], c[6]), channelsLast, c[1], c[2], c[3], biased);
            }
        }
    }

    private static void compare(PlainConvolution plain, boolean last, int in, int out, int kernel, boolean biased) {
        INDArray x = map(last, 2, in, 7, 8);
        INDArray weights = Nd4j.randn(DataType.FLOAT, out, in / plain.groups, kernel, kernel);
        INDArray bias = biased ? Nd4j.randn(DataType.FLOAT, 1, out) : null;
        INDArray expected = plain.forward(x, weights, bias);
        INDArray y = map(last, expected.shape()[0], expected.shape()[1], expected.shape()[2], expected.shape()[3]);
        Convolution convolution = plain.underTest();
        convolution.forward(x, weights, bias, y, false);
        Arrays4j.assertClose("output", y, expected, 1e-5);
        convolution.forward(x, weights, bias, y, true);
        Arrays4j.assertClose("output with ReLU", y, Transforms.max(expected, 0), 1e-5);

        INDArray gradient = map(last, y.size(0), y.size(1), y.size(2), y.size(3));
        INDArray[] exact = plain.backward(x, weights, gradient);
        INDArray gradInput = map(last, 2, in, 7, 8);
        INDArray gradBias = biased ? Nd4j.randn(DataType.FLOAT, 1, out) : null;
        // A view behind other parameters, as a network's gradients are.
        INDArray flat = Nd4j.randn(DataType.FLOAT, 1, 3 + weights.length());
        INDArray gradWeights = flat.get(NDArrayIndex.all(), NDArrayIndex.interval(3, flat.length()))
                .reshape('c', weights.shape());
        INDArray before =
                flat.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 3)).dup();
        for (INDArray wanted : new INDArray[] {gradInput, null}) {
            gradWeights.assign(9);
            convolution.backward(x, weights, gradient, wanted, gradWeights, gradBias);
            Arrays4j.assertClose("weights", gradWeights, exact[1], 1e-5);
            if (biased) {
                Arrays4j.assertClose("bias", gradBias, exact[2], 1e-5);
            }
        }
        Arrays4j.assertClose("input", gradInput, exact[0], 1e-5);
        assertThat(flat.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 3))).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void batchNormalizationsGradientsAreThePlainLoop(boolean channelsLast) {
        int n = 3;
        int c = 5;
        int h = 4;
        int w = 6;
        double epsilon = 1e-3;
        INDArray x = map(channelsLast, n, c, h, w);
        INDArray g = map(channelsLast, n, c, h, w);
        INDArray y = map(channelsLast, n, c, h, w);
        INDArray dx = map(channelsLast, n, c, h, w);
        INDArray gamma = Nd4j.rand(DataType.FLOAT, 1, c);
        INDArray beta = Nd4j.randn(DataType.FLOAT, 1, c);
        INDArray mean = Nd4j.create(DataType.FLOAT, 1, c);
        INDArray variance = Nd4j.create(DataType.FLOAT, 1, c);
        INDArray gradGamma = Nd4j.randn(DataType.FLOAT, 1, c);
        INDArray gradBeta = Nd4j.randn(DataType.FLOAT, 1, c);
        BatchNorm.forward(x, y, gamma, beta, mean, variance, epsilon, true, false);
        BatchNorm.backward(x, g, dx, gamma, mean, variance, gradGamma, gradBeta, epsilon);
        INDArray expected = Nd4j.create(DataType.DOUBLE, n, c, h, w);
        INDArray sums = Nd4j.create(DataType.DOUBLE, 1, c);
        INDArray products = Nd4j.create(DataType.DOUBLE, 1, c);
        int count = n * h * w;
        for (int k = 0; k < c; k++) {
            double average = 0;
            double square = 0;
            for (int i = 0; i < count; i++) {
                average += at(x, i, k) / count;
            }
            for (int i = 0; i < count; i++) {
                square += Math.pow(at(x, i, k) - average, 2) / count;
            }
            double inverse = 1 / Math.sqrt(square + epsilon);
            double sum = 0;
            double product = 0;
            for (int i = 0; i < count; i++) {
                sum += at(g, i, k);
                product += at(g, i, k) * (at(x, i, k) - average) * inverse;
            }
            sums.putScalar(k, sum);
            products.putScalar(k, product);
            for (int i = 0; i < count; i++) {
                double normal = (at(x, i, k) - average) * inverse;
                double value = gamma.getDouble(k) * inverse * (at(g, i, k) - sum / count - normal * product / count);
                expected.putScalar(new long[] {i / (h * w), k, i / w % h, i % w}, value);
            }
        }
        Arrays4j.assertClose("input", dx, expected, 1e-5);
        Arrays4j.assertClose("gamma", gradGamma, products, 1e-5);
        Arrays4j.assertClose("beta", gradBeta, sums, 1e-5);
    }

    /** The i-th pixel of a channel, images one after the other. */
    private static double at(INDArray map, int i, int channel) {
        long h = map.size(2);
        long w = map.size(3);
        return map.getDouble(i / (h * w), channel, i / w % h, i % w);
    }
}
