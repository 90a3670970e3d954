package io.github.squeeze4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Passes over maps, maxima and small products against plain ND4J formulas in double precision. */
class MapPassesTest {
    @BeforeEach
    void seed() {
        Nd4j.getRandom().setSeed(11);
    }

    private static INDArray random(long... shape) {
        return Nd4j.randn(DataType.FLOAT, shape);
    }

    private static INDArray exact(INDArray array) {
        return array.castTo(DataType.DOUBLE);
    }

    private static void assertClose(INDArray actual, INDArray expected) {
        INDArray wanted = exact(expected).reshape(actual.shape());
        double bound = 1e-5 * Math.max(1, wanted.amaxNumber().doubleValue());
        assertThat(exact(actual).sub(wanted).amaxNumber().doubleValue()).isLessThan(bound);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "3,5,4,6", "2,16,7,7", "2,33,14,14", "2,300,17,16"})
    void reweights(long n, long c, long h, long w) {
        INDArray x = random(n, c, h, w);
        INDArray out = random(n, c, h, w);
        for (INDArray operand : new INDArray[] {random(n, c, h, w), random(n, c, 1, 1), random(n, 1, h, w)}) {
            MapPasses.multiply(x, operand, out);
            assertClose(out, exact(x).mul(exact(operand)));
            MapPasses.add(x, operand, out);
            assertClose(out, exact(x).add(exact(operand)));
            INDArray before = exact(out);
            MapPasses.multiplyAndAdd(x, operand, out);
            assertClose(out, before.add(exact(x).mul(exact(operand))));
        }
        INDArray scale = random(n, c);
        INDArray shift = random(n, c);
        MapPasses.scaleAndShift(x, scale, shift, out);
        assertClose(
                out,
                exact(x).mul(exact(scale).reshape(n, c, 1, 1)).add(exact(shift).reshape(n, c, 1, 1)));
        INDArray inPlace = x.dup();
        MapPasses.scaleAndShift(inPlace, scale, shift, inPlace);
        assertThat(inPlace).isEqualTo(out);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "3,5,4,6", "2,16,7,7", "2,33,14,14", "2,300,17,16"})
    void sums(long n, long c, long h, long w) {
        INDArray x = random(n, c, h, w);
        INDArray perChannel = random(n, c);
        INDArray perPosition = random(n, 1, h, w);
        MapPasses.sumPositions(x, 0.25, perChannel);
        assertClose(perChannel, exact(x).sum(2, 3).mul(0.25));
        MapPasses.sumPositions(x, perPosition, perChannel);
        assertClose(perChannel, exact(x).mul(exact(perPosition)).sum(2, 3));
        MapPasses.sumChannels(x, perPosition);
        assertClose(perPosition, exact(x).sum(true, 1));
        MapPasses.sumChannels(x, perChannel, perPosition);
        assertClose(
                perPosition, exact(x).mul(exact(perChannel).reshape(n, c, 1, 1)).sum(true, 1));
        INDArray left = random(n, c, 2);
        INDArray right = random(n, 2, h, w);
        MapPasses.outer(left, right, x);
        for (int i = 0; i < n; i++) {
            assertClose(
                    x.slice(i), exact(left.slice(i)).mmul(exact(right.slice(i).reshape(2, h * w))));
        }
    }

    /** Windows below and above 255 elements, whose positions oneDNN keeps as bytes and as integers. */
    @ParameterizedTest
    @CsvSource({"1,1,1,1", "3,5,4,6", "2,16,7,7", "2,33,14,14", "2,300,17,16"})
    void maximaAndTheirPlaces(long n, long c, long h, long w) {
        INDArray x = random(n, c, h, w);
        INDArray out = random(n, c);
        INDArray where = Nd4j.create(DataType.INT32, n, c);
        INDArray rows = x.reshape(n, c, h * w);
        Maxima.ofPositions(x, out, null);
        assertThat(out).isEqualTo(rows.max(2));
        Maxima.ofPositions(x, out.assign(0), where);
        assertThat(out).isEqualTo(rows.max(2));
        assertThat(where.castTo(DataType.INT64)).isEqualTo(rows.argMax(2));

        out = random(n, h * w);
        where = Nd4j.create(DataType.INT32, n, h * w);
        Maxima.ofChannels(x, out, null);
        assertThat(out).isEqualTo(rows.max(1));
        Maxima.ofChannels(x, out.assign(0), where);
        assertThat(out).isEqualTo(rows.max(1));
        assertThat(where.castTo(DataType.INT64)).isEqualTo(rows.argMax(1));
    }

    @Test
    void theFirstOfEqualsIsTheMaximum() {
        INDArray x = Nd4j.ones(DataType.FLOAT, 2, 20, 5, 4);
        INDArray where = Nd4j.ones(DataType.INT32, 2, 20);
        Maxima.ofPositions(x, random(2, 20), where);
        assertThat(where.maxNumber().intValue()).isZero();
        where = Nd4j.ones(DataType.INT32, 2, 20);
        Maxima.ofChannels(x, random(2, 20), where);
        assertThat(where.maxNumber().intValue()).isZero();
    }

    @Test
    void smallProducts() {
        INDArray a = random(7, 5);
        INDArray b = random(5, 9);
        INDArray bias = random(9);
        INDArray out = random(7, 9);
        INDArray expected = exact(a).mmul(exact(b));
        Dense.multiply(a, false, b, false, null, out);
        assertClose(out, expected);
        Dense.multiply(a.transpose().dup('c'), true, b.transpose().dup('c'), true, bias, out);
        assertClose(out, expected.addRowVector(exact(bias)));
        INDArray sums = random(9);
        Dense.sumRows(out, sums);
        assertClose(sums, exact(out).sum(0));
        assertThat(Dense.fits(a)).isTrue();
        assertThat(Dense.fits(a.transpose())).isFalse();
        assertThat(Dense.fits(bias)).isFalse();
    }

    @Test
    void sigmoidAndItsGradient() {
        INDArray x = random(3, 50);
        INDArray y = x.dup();
        Dense.sigmoid(y, y);
        assertClose(y, Transforms.sigmoid(exact(x)));
        INDArray gradient = random(3, 50);
        INDArray expected = exact(gradient).mul(exact(y)).mul(exact(y).rsub(1));
        Dense.sigmoidGradient(y, gradient, gradient);
        assertClose(gradient, expected);
    }
}
