package io.github.squeeze4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Comparison of arrays whose failure says where and by how much. */
public final class Arrays4j {
    private Arrays4j() {}

    /** Every element the same; ND4J's own equality forgives 1e-5. */
    public static void assertSame(String name, INDArray actual, INDArray expected) {
        if (expected.isEmpty()) {
            assertThat(actual.isEmpty()).as(name + " is empty").isTrue();
        } else {
            assertClose(name, actual, expected, 0);
        }
    }

    /** Every element within {@code tolerance} times the largest magnitude of {@code expected}. */
    public static void assertClose(String name, INDArray actual, INDArray expected, double tolerance) {
        assertThat(actual.shape()).as(name + " shape").isEqualTo(expected.shape());
        double[] got = actual.castTo(DataType.DOUBLE).dup('c').data().asDouble();
        double[] want = expected.castTo(DataType.DOUBLE).dup('c').data().asDouble();
        double largest = Arrays.stream(want).map(Math::abs).max().orElse(0);
        int worst = 0;
        for (int i = 0; i < want.length; i++) {
            double difference = Math.abs(got[i] - want[i]);
            if (!(difference <= Math.abs(got[worst] - want[worst]))) {
                worst = i;
            }
        }
        double bound = tolerance * Math.max(largest, Double.MIN_NORMAL);
        if (!(Math.abs(got[worst] - want[worst]) <= bound)) {
            fail(
                    "%s %s: flat index %d is %.12g, expected %.12g: off by %.3g, bound %.3g (%.1g of the largest, %.6g)",
                    name,
                    Arrays.toString(expected.shape()),
                    worst,
                    got[worst],
                    want[worst],
                    Math.abs(got[worst] - want[worst]),
                    bound,
                    tolerance,
                    largest);
        }
    }
}
