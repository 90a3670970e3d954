package io.github.squeeze4j.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Printer;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

@Tag("tiny")
class OpsTest {
    private final Ops o = new Ops();
    private final Value x = map(8, 6, 4);

    private Value map(long channels, long height, long width) {
        return o.input("x", TensorType.of(DataType.FLOAT, TensorType.BATCH, channels, height, width));
    }

    private Value weights(long... shape) {
        return o.parameter("w", DataType.FLOAT, shape);
    }

    private static void refuses(ThrowingCallable making, String message) {
        assertThatThrownBy(making).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void shapesFollowFromTheInputs() {
        assertThat(o.mean(x, 2, 3).type()).hasToString("f32[N, 8, 1, 1]");
        assertThat(o.max(x, 1).type()).hasToString("f32[N, 1, 6, 4]");
        assertThat(o.dense(x, weights(8, 3), null).type()).hasToString("f32[N, 3, 6, 4]");
        assertThat(o.convolution(x, weights(4, 2, 3, 3), null, 2, 1, 4).type()).hasToString("f32[N, 4, 3, 2]");
        assertThat(o.convolution(x, weights(4, 8, 3, 3), null, 1, 2, 1).type()).hasToString("f32[N, 4, 6, 4]");
        assertThat(o.multiply(x, o.mean(x, 2, 3)).type()).isEqualTo(x.type());
        assertThat(o.multiply(o.mean(x, 3), o.mean(x, 2)).type()).isEqualTo(x.type());
        assertThat(o.groupMean(x, 2).type()).hasToString("f32[N, 2, 6, 4]");
        assertThat(o.repeat(o.groupMean(x, 2), 4).type()).isEqualTo(x.type());
        assertThat(o.concat(1, x, x).type()).hasToString("f32[N, 16, 6, 4]");
        assertThat(o.slice(x, 2, 1, 3).type()).hasToString("f32[N, 8, 3, 4]");
        assertThat(o.cast(x, DataType.DOUBLE).type()).hasToString("f64[N, 8, 6, 4]");
    }

    @Test
    void whatDoesNotFitIsNamed() {
        refuses(
                () -> o.multiply(x, map(8, 6, 5)),
                "multiply takes f32[N, 8, 6, 4] and f32[N, 8, 6, 5]: axis 3 must be equal, or 1 in one of them");
        refuses(
                () -> o.add(x, o.cast(x, DataType.DOUBLE)),
                "add takes f32[N, 8, 6, 4] and f64[N, 8, 6, 4]: cast one of them");
        refuses(() -> o.add(x, weights(8)), "add takes f32[N, 8, 6, 4] and f32[8]: reshape to as many axes");
        refuses(() -> o.mean(x, 4), "mean along axis 4 of f32[N, 8, 6, 4]: use 1 to 3");
        refuses(
                () -> o.dense(x, weights(6, 3), null),
                "dense of f32[N, 8, 6, 4] takes weights [8, out], not f32[6, 3]");
        refuses(() -> o.dense(x, weights(8, 3), weights(4)), "dense takes a bias [3], not f32[4]");
        refuses(
                () -> o.convolution(x, weights(4, 8, 3, 3), null, 1, 1, 2),
                "convolution of f32[N, 8, 6, 4] in 2 groups takes weights [out, 4, kH, kW], not f32[4, 8, 3, 3]");
        refuses(() -> o.groupMean(x, 3), "mean of 3 groups of f32[N, 8, 6, 4]: use a divisor");
        refuses(
                () -> o.reshape(x, TensorType.BATCH, 9),
                "reshape of f32[N, 8, 6, 4] to f32[N, 9]: they must have as many numbers");
        refuses(() -> o.slice(x, 1, 6, 3), "slice of f32[N, 8, 6, 4] from 6, 3 long: axis 1 has 8");
        refuses(
                () -> o.weightedSum(x, weights(8, 4, 6)),
                "weighted_sum of f32[N, 8, 6, 4] takes a weight for each number of a map, not f32[8, 4, 6]");
        refuses(() -> o.mean(o.softmax(weights(8)), 1), "softmax takes a map [N, C, H, W], not f32[8]; reshape it");
    }

    @Test
    void aGraphPrintsOneOperationALine() {
        Value gate = o.sigmoid(o.dense(o.mean(x, 2, 3), weights(8, 8), null));
        Graph graph = new Graph("gate", o.multiply(x, gate));

        assertThat(graph)
                .hasToString("gate:\n"
                        + "  %x = input() : f32[N, 8, 6, 4]\n"
                        + "  %0 = mean(%x, axes=[2, 3]) : f32[N, 8, 1, 1]\n"
                        + "  %w = parameter() : f32[8, 8]\n"
                        + "  %1 = dense(%0, %w) : f32[N, 8, 1, 1]\n"
                        + "  %2 = sigmoid(%1) : f32[N, 8, 1, 1]\n"
                        + "  %3 = multiply(%x, %2) : f32[N, 8, 6, 4]\n"
                        + "  return %3\n");
        assertThat(graph.macs()).isEqualTo(64);
        assertThat(Printer.dot(graph)).contains("\"%x\" -> \"%3\";", "label=\"sigmoid(%1)\\nf32[N, 8, 1, 1]\"");
    }
}
