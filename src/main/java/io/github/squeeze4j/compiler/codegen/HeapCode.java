package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;

/** Loops in Java over small values, in double precision; what is of type FLOAT is rounded to it. */
final class HeapCode {
    private static final List<Integer> ONES = List.of(1, 1);

    private static final Set<Op> MOVES = EnumSet.of(
            Op.RESHAPE, Op.CONCAT, Op.SLICE, Op.REPEAT, Op.RELU, Op.PAD, Op.TRANSPOSE, Op.MAX_SOURCE, Op.SIGN);

    private final long batch;

    HeapCode(long batch) {
        this.batch = batch;
    }

    /** The numbers of a value for the batch. */
    double[] array(TensorType type) {
        long length = 1;
        for (long size : type.shape(batch)) {
            length *= size;
        }
        return new double[Math.toIntExact(length)];
    }

    /**
     * The loop that computes a value.
     *
     * @param arrays the numbers of its inputs, and those of what gradients are of
     */
    Runnable loop(Value value, Function<Value, double[]> arrays, double[] y) {
        Runnable loop = applied(value, exact(value, arrays, y), y);
        if (value.type().dataType() != DataType.FLOAT || moves(value.op())) {
            return loop;
        }
        return () -> {
            loop.run();
            for (int i = 0; i < y.length; i++) {
                y[i] = (float) y[i];
            }
        };
    }

    /** With the function that was fused into the operation. */
    private static Runnable applied(Value value, Runnable loop, double[] y) {
        if (value.text("function") == null) {
            return loop;
        }
        DoubleUnaryOperator function =
                function(Op.valueOf(value.text("function").toUpperCase(Locale.ROOT)), value);
        Runnable apply = unary(function, y, y);
        return () -> {
            loop.run();
            apply.run();
        };
    }

    private static boolean moves(Op op) {
        return MOVES.contains(op);
    }

    private Runnable exact(Value value, Function<Value, double[]> arrays, double[] y) {
        if (HeapGradients.has(value.op())) {
            return new HeapGradients(this, batch, value, arrays, y).loop();
        }
        List<double[]> inputs = new ArrayList<>();
        value.inputs().forEach(input -> inputs.add(arrays.apply(input)));
        double[] x = inputs.get(0);
        switch (value.op().family()) {
            case UNARY:
                return unary(function(value.op(), value), x, y);
            case BINARY:
                return binary(value, x, inputs.get(1), y);
            case REDUCTION:
                return reduction(value, x, y);
            default:
                return other(value, inputs, x, y);
        }
    }

    private static Runnable refused(Value value) {
        throw new IllegalStateException("there is no loop for " + value);
    }

    // ---- functions -------------------------------------------------------------------------------------------------

    private static Runnable unary(DoubleUnaryOperator function, double[] x, double[] y) {
        return () -> {
            for (int i = 0; i < y.length; i++) {
                y[i] = function.applyAsDouble(x[i]);
            }
        };
    }

    /** @param value with the operation's attributes */
    private static DoubleUnaryOperator function(Op op, Value value) {
        switch (op) {
            case RELU:
                return x -> Math.max(x, 0);
            case RELU6:
                return x -> Math.min(Math.max(x, 0), 6);
            case LEAKY_RELU:
                return x -> x < 0 ? 0.01 * x : x;
            case ELU:
                return x -> x < 0 ? Math.expm1(x) : x;
            case SELU:
                return x -> 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * Math.expm1(x) : x);
            case SWISH:
                return x -> x / (1 + Math.exp(-x));
            case HARD_SWISH:
                return x -> x * Math.min(Math.max(x + 3, 0), 6) / 6;
            case MISH:
                return x -> x * Math.tanh(x > 30 ? x : Math.log1p(Math.exp(x)));
            case TANH:
                return Math::tanh;
            case SIGMOID:
                return x -> 1 / (1 + Math.exp(-x));
            case HARD_SIGMOID:
                return x -> Math.min(Math.max(x + 3, 0), 6) / 6;
            case SQRT:
                return Math::sqrt;
            case ABS:
                return Math::abs;
            case EXP:
                return Math::exp;
            case LOG:
                return Math::log;
            case IS_ZERO:
                return x -> x == 0 ? 1 : 0;
            case SIGN:
                return Math::signum;
            case CAST:
                return DoubleUnaryOperator.identity();
            case AFFINE:
                double alpha = value.number("alpha");
                double beta = value.number("beta");
                return x -> alpha * x + beta;
            default:
                throw new IllegalStateException("there is no loop for " + value);
        }
    }

    private Runnable binary(Value value, double[] a, double[] b, double[] y) {
        DoubleBinaryOperator function = function(value.op());
        int[] fromA = repeated(value.input(0).type(), value.type());
        int[] fromB = repeated(value.input(1).type(), value.type());
        if (fromA == null && fromB == null) {
            return () -> {
                for (int i = 0; i < y.length; i++) {
                    y[i] = function.applyAsDouble(a[i], b[i]);
                }
            };
        }
        return () -> {
            for (int i = 0; i < y.length; i++) {
                double left = a[fromA == null ? i : fromA[i]];
                y[i] = function.applyAsDouble(left, b[fromB == null ? i : fromB[i]]);
            }
        };
    }

    private static DoubleBinaryOperator function(Op op) {
        switch (op) {
            case ADD:
                return Double::sum;
            case SUBTRACT:
                return (a, b) -> a - b;
            case MULTIPLY:
                return (a, b) -> a * b;
            case DIVIDE:
                return (a, b) -> a / b;
            default:
                return Math::max;
        }
    }

    /** Where each number of a larger shape lies in a smaller one, whose axes of size 1 repeat; null where they are equal. */
    int[] repeated(TensorType small, TensorType large) {
        long[] from = small.shape(batch);
        long[] to = large.shape(batch);
        if (Arrays.equals(from, to)) {
            return null;
        }
        int[] where = new int[array(large).length];
        for (int i = 0; i < where.length; i++) {
            long rest = i;
            long index = 0;
            long stride = 1;
            for (int axis = to.length - 1; axis >= 0; axis--) {
                long at = rest % to[axis];
                rest /= to[axis];
                index += from[axis] == 1 ? 0 : at * stride;
                stride *= from[axis];
            }
            where[i] = Math.toIntExact(index);
        }
        return where;
    }

    // ---- many numbers to one ---------------------------------------------------------------------------------------

    /** Where each number of what is reduced goes to; null where it stays. */
    int[] reduced(Value value, TensorType in) {
        long groups = value.integer("groups", 1);
        if (groups == 1) {
            return repeated(value.type(), in);
        }
        long positions = in.size(2) * in.size(3);
        return repeated(
                in.withShape(in.size(0), groups, 1, positions),
                in.withShape(in.size(0), groups, in.size(1) / groups, positions));
    }

    private Runnable reduction(Value value, double[] x, double[] y) {
        int[] to = reduced(value, value.input(0).type());
        boolean max = value.is(Op.MAX);
        double factor = value.is(Op.MEAN) ? (double) y.length / x.length : 1;
        return () -> {
            Arrays.fill(y, max ? Double.NEGATIVE_INFINITY : 0);
            for (int i = 0; i < x.length; i++) {
                int at = to == null ? i : to[i];
                y[at] = max ? Math.max(y[at], x[i]) : y[at] + x[i];
            }
            for (int i = 0; i < y.length && factor != 1; i++) {
                y[i] *= factor;
            }
        };
    }

    // ---- everything else -------------------------------------------------------------------------------------------

    private Runnable other(Value value, List<double[]> inputs, double[] x, double[] y) {
        TensorType in = value.input(0).type();
        int positions = Math.toIntExact(in.size(in.rank() - 1) * in.size(in.rank() - 2));
        switch (value.op()) {
            case SOFTMAX:
                return softmax(x, y, positions);
            case WEIGHTED_SUM:
                return weightedSum(x, inputs.get(1), y, positions);
            case BATCH_NORMALIZATION:
                return normalized(inputs, y, positions, value.number("epsilon"));
            case DENSE:
            case AVERAGE_POOL:
            case ADAPTIVE_POOL:
            case ADAPTIVE_POOLS:
            case RESIZE:
                return linear(value, inputs, y);
            case CONVOLUTION:
                return isPlain(value)
                        ? convolved(value, x, inputs.get(1), inputs.size() > 2 ? inputs.get(2) : null, y)
                        : linear(value, inputs, y);
            case CONCAT:
                return joined(value, inputs, y);
            case SLICE:
                return sliced(value, x, y);
            case REPEAT:
                return copies(value, x, y);
            default:
                return refused(value);
        }
    }

    private static Runnable softmax(double[] x, double[] y, int positions) {
        return () -> {
            for (int row = 0; row < x.length; row += positions) {
                double largest = Double.NEGATIVE_INFINITY;
                for (int i = row; i < row + positions; i++) {
                    largest = Math.max(largest, x[i]);
                }
                double sum = 0;
                for (int i = row; i < row + positions; i++) {
                    y[i] = Math.exp(x[i] - largest);
                    sum += y[i];
                }
                for (int i = row; i < row + positions; i++) {
                    y[i] /= sum;
                }
            }
        };
    }

    private static Runnable weightedSum(double[] x, double[] w, double[] y, int positions) {
        return () -> {
            int weight = 0;
            int at = 0;
            for (int i = 0; i < y.length; i++) {
                double sum = 0;
                for (int j = 0; j < positions; j++) {
                    sum += x[at++] * w[weight++];
                }
                weight = weight == w.length ? 0 : weight;
                y[i] = sum;
            }
        };
    }

    private static Runnable normalized(List<double[]> inputs, double[] y, int positions, double epsilon) {
        double[] x = inputs.get(0);
        double[] gamma = inputs.get(1);
        double[] beta = inputs.get(2);
        double[] mean = inputs.get(3);
        double[] variance = inputs.get(4);
        return () -> {
            int at = 0;
            for (int row = 0; row < y.length / positions; row++) {
                int c = row % gamma.length;
                double scale = gamma[c] / Math.sqrt(variance[c] + epsilon);
                for (int i = 0; i < positions; i++) {
                    y[at] = (x[at] - mean[c]) * scale + beta[c];
                    at++;
                }
            }
        };
    }

    /** Number by number, as {@link Taps} say. */
    private Runnable linear(Value value, List<double[]> inputs, double[] y) {
        double[] x = inputs.get(0);
        double[] w = inputs.size() > 1 ? inputs.get(1) : new double[] {1};
        double[] bias = inputs.size() > 2 ? inputs.get(2) : null;
        int positions = behind(value.type(), 1);
        return () -> {
            for (int i = 0; i < y.length; i++) {
                y[i] = bias == null ? 0 : bias[i / positions % bias.length];
            }
            Taps.of(value, batch, (from, by, to, factor) -> y[to] += x[from] * w[by] * factor);
        };
    }

    /** Whether it is what {@link #convolved} does. */
    private static boolean isPlain(Value value) {
        return value.type().size(1) == 1
                && value.attributes().get("stride").equals(ONES)
                && value.attributes().get("dilation").equals(ONES);
    }

    /** To one channel, without stride or dilation. */
    private Runnable convolved(Value value, double[] x, double[] weights, double[] bias, double[] y) {
        TensorType in = value.input(0).type();
        TensorType kernel = value.input(1).type();
        int channels = Math.toIntExact(in.size(1));
        int fromHeight = Math.toIntExact(in.size(2));
        int fromWidth = Math.toIntExact(in.size(3));
        int height = Math.toIntExact(value.type().size(2));
        int width = Math.toIntExact(value.type().size(3));
        int kernelHeight = Math.toIntExact(kernel.size(2));
        int kernelWidth = Math.toIntExact(kernel.size(3));
        int top = value.integers("padding")[0];
        int left = value.integers("padding")[1];
        return () -> {
            int at = 0;
            for (int n = 0; n < batch; n++) {
                for (int row = 0; row < height; row++) {
                    for (int column = 0; column < width; column++) {
                        double sum = bias == null ? 0 : bias[0];
                        for (int c = 0; c < channels; c++) {
                            for (int i = Math.max(0, top - row);
                                    i < Math.min(kernelHeight, fromHeight + top - row);
                                    i++) {
                                int from =
                                        ((n * channels + c) * fromHeight + row + i - top) * fromWidth + column - left;
                                int by = (c * kernelHeight + i) * kernelWidth;
                                int first = Math.max(0, left - column);
                                int end = Math.min(kernelWidth, fromWidth + left - column);
                                for (int j = first; j < end; j++) {
                                    sum += x[from + j] * weights[by + j];
                                }
                            }
                        }
                        y[at++] = sum;
                    }
                }
            }
        };
    }

    /** How many numbers lie behind an axis. */
    static int behind(TensorType type, int axis) {
        long length = 1;
        for (int i = axis + 1; i < type.rank(); i++) {
            length *= type.size(i);
        }
        return Math.toIntExact(length);
    }

    private Runnable joined(Value value, List<double[]> inputs, double[] y) {
        int axis = value.integer("axis", 1);
        int row = behind(value.type(), axis - 1);
        List<int[]> parts = new ArrayList<>(); // length and offset
        int offset = 0;
        for (Value input : value.inputs()) {
            int length = behind(input.type(), axis - 1);
            parts.add(new int[] {length, offset});
            offset += length;
        }
        return () -> {
            for (int i = 0; i < inputs.size(); i++) {
                int length = parts.get(i)[0];
                for (int r = 0; r < y.length / row; r++) {
                    System.arraycopy(inputs.get(i), r * length, y, r * row + parts.get(i)[1], length);
                }
            }
        };
    }

    private Runnable sliced(Value value, double[] x, double[] y) {
        int axis = value.integer("axis", 1);
        int inside = behind(value.type(), axis);
        int row = behind(value.input(0).type(), axis - 1);
        int length = value.integer("size", 1) * inside;
        int from = value.integer("from", 0) * inside;
        return () -> {
            for (int r = 0; r < y.length / length; r++) {
                System.arraycopy(x, r * row + from, y, r * length, length);
            }
        };
    }

    private static Runnable copies(Value value, double[] x, double[] y) {
        int times = value.integer("times", 1);
        int positions = behind(value.type(), 1);
        return () -> {
            for (int row = 0; row < y.length / positions; row++) {
                System.arraycopy(x, row / times * positions, y, row * positions, positions);
            }
        };
    }
}
