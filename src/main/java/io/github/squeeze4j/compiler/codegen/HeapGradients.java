package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;

/** {@link HeapCode} of the operations that gradients are made of. */
final class HeapGradients {
    private static final Set<Op> OPS = EnumSet.of(
            Op.PAD,
            Op.TRANSPOSE,
            Op.FUNCTION_SOURCE,
            Op.MAX_SOURCE,
            Op.SAMPLE_SOURCE,
            Op.DENSE_WEIGHTS,
            Op.CONVOLUTION_SOURCE,
            Op.CONVOLUTION_WEIGHTS,
            Op.UNBIASED,
            Op.DOT,
            Op.SCALED);

    private final HeapCode code;
    private final long batch;
    private final Value value;
    private final Function<Value, double[]> arrays;
    private final double[] y;

    HeapGradients(HeapCode code, long batch, Value value, Function<Value, double[]> arrays, double[] y) {
        this.code = code;
        this.batch = batch;
        this.value = value;
        this.arrays = arrays;
        this.y = y;
    }

    static boolean has(Op op) {
        return OPS.contains(op);
    }

    private double[] input(int index) {
        return arrays.apply(value.input(index));
    }

    Runnable loop() {
        Value of = value.input(0);
        switch (value.op()) {
            case PAD:
                return padded(input(0));
            case TRANSPOSE:
                return transposed(input(0));
            case FUNCTION_SOURCE:
                return functionSource(input(0), input(1));
            case MAX_SOURCE:
                return maxSource(arrays.apply(of.input(0)), input(1));
            case SAMPLE_SOURCE:
                return taps(of, input(1), new double[] {1}, (g, w) -> (x, by, to, factor) -> y[x] += g[to] * factor);
            case CONVOLUTION_SOURCE:
                double[] kernel = arrays.apply(of.input(1));
                return taps(of, input(1), kernel, (g, w) -> (x, by, to, factor) -> y[x] += g[to] * w[by]);
            case CONVOLUTION_WEIGHTS:
                double[] read = arrays.apply(of.input(0));
                return taps(of, input(1), read, (g, from) -> (x, by, to, factor) -> y[by] += g[to] * from[x]);
            case DENSE_WEIGHTS:
                return denseWeights(input(0), input(1));
            case UNBIASED:
                return unbiased(input(0), input(1).length / y.length);
            case DOT:
                return dots(input(0), input(1));
            default: // SCALED
                return scaled(arrays.apply(of.input(1)), arrays.apply(of.input(2)));
        }
    }

    private Runnable padded(double[] x) {
        int axis = value.integer("axis", 1);
        int row = HeapCode.behind(value.type(), axis - 1);
        int length = HeapCode.behind(value.input(0).type(), axis - 1);
        int from = value.integer("from", 0) * HeapCode.behind(value.type(), axis);
        return () -> {
            Arrays.fill(y, 0);
            for (int r = 0; r < y.length / row; r++) {
                System.arraycopy(x, r * length, y, r * row + from, length);
            }
        };
    }

    private Runnable transposed(double[] x) {
        int rows = Math.toIntExact(value.type().size(0));
        int columns = Math.toIntExact(value.type().size(1));
        return () -> {
            for (int i = 0; i < y.length; i++) {
                y[i] = x[i % columns * rows + i / columns];
            }
        };
    }

    private Runnable functionSource(double[] known, double[] gradient) {
        DoubleUnaryOperator slope = slope(Op.valueOf(value.text("of").toUpperCase(Locale.ROOT)));
        int[] from = code.repeated(value.input(1).type(), value.type());
        return () -> {
            for (int i = 0; i < y.length; i++) {
                y[i] = gradient[from == null ? i : from[i]] * slope.applyAsDouble(known[i]);
            }
        };
    }

    /** Of f(x) where it follows from that, else of x. */
    private DoubleUnaryOperator slope(Op function) {
        switch (function) {
            case RELU:
                return f -> f > 0 ? 1 : 0;
            case RELU6:
                return f -> f > 0 && f < 6 ? 1 : 0;
            case SIGMOID:
                return f -> f * (1 - f);
            case HARD_SIGMOID:
                return f -> f > 0 && f < 1 ? 1 / 6.0 : 0;
            case TANH:
                return f -> 1 - f * f;
            case LEAKY_RELU:
                return x -> x < 0 ? 0.01 : 1;
            case ELU:
                return x -> x < 0 ? Math.exp(x) : 1;
            case SELU:
                return x -> 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.exp(x) : 1);
            case SWISH:
                return x -> {
                    double sigmoid = 1 / (1 + Math.exp(-x));
                    return sigmoid * (1 + x * (1 - sigmoid));
                };
            case HARD_SWISH:
                return x -> x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
            case MISH:
                return x -> {
                    double tanh = Math.tanh(x > 30 ? x : Math.log1p(Math.exp(x)));
                    return tanh + x * (1 - tanh * tanh) / (1 + Math.exp(-x));
                };
            case ABS:
                return Math::signum;
            default:
                throw new IllegalStateException("there is no derivative of " + function);
        }
    }

    private Runnable maxSource(double[] x, double[] gradient) {
        Value max = value.input(0);
        int[] to = code.repeated(max.type(), value.type());
        double[] addend = value.inputs().size() > 2 ? input(2) : null;
        int[] first = new int[gradient.length];
        return () -> {
            Arrays.fill(first, -1);
            for (int i = 0; i < x.length; i++) {
                int at = to == null ? i : to[i];
                if (first[at] < 0 || x[i] > x[first[at]]) {
                    first[at] = i;
                }
            }
            for (int i = 0; i < y.length; i++) {
                y[i] = addend == null ? 0 : addend[i];
            }
            for (int at = 0; at < first.length; at++) {
                y[first[at]] += gradient[at];
            }
        };
    }

    private interface With {
        Taps.Tap tap(double[] gradient, double[] other);
    }

    private Runnable taps(Value of, double[] gradient, double[] other, With with) {
        return () -> {
            Arrays.fill(y, 0);
            Taps.of(of, batch, with.tap(gradient, other));
        };
    }

    private Runnable denseWeights(double[] x, double[] g) {
        TensorType in = value.input(0).type();
        int channels = Math.toIntExact(value.type().size(0));
        int to = Math.toIntExact(value.type().size(1));
        int positions = Math.toIntExact(in.size(2) * in.size(3));
        return () -> {
            Arrays.fill(y, 0);
            for (int n = 0; n < batch; n++) {
                for (int i = 0; i < y.length; i++) {
                    int from = (n * channels + i / to) * positions;
                    int by = (n * to + i % to) * positions;
                    for (int p = 0; p < positions; p++) {
                        y[i] += x[from + p] * g[by + p];
                    }
                }
            }
        };
    }

    private Runnable unbiased(double[] variance, int count) {
        double factor = count > 1 ? (double) count / (count - 1) : 1;
        return () -> {
            for (int i = 0; i < y.length; i++) {
                y[i] = variance[i] * factor;
            }
        };
    }

    private Runnable dots(double[] a, double[] b) {
        TensorType one = value.input(0).type();
        TensorType two = value.input(1).type();
        TensorType larger = one.elements() >= two.elements() ? one : two;
        int[] fromA = code.repeated(one, larger);
        int[] fromB = code.repeated(two, larger);
        int[] to = code.reduced(value, larger);
        int length = code.array(larger).length;
        return () -> {
            Arrays.fill(y, 0);
            for (int i = 0; i < length; i++) {
                double product = a[fromA == null ? i : fromA[i]] * b[fromB == null ? i : fromB[i]];
                y[to == null ? i : to[i]] += product;
            }
        };
    }

    private Runnable scaled(double[] b, double[] factor) {
        int[] from = code.repeated(value.input(0).input(2).type(), value.type());
        return () -> {
            for (int i = 0; i < y.length; i++) {
                y[i] = b[i] * factor[from == null ? i : from[i]];
            }
        };
    }
}
