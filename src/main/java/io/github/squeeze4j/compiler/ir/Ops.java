package io.github.squeeze4j.compiler.ir;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Makes values, and checks that shapes and types fit. Maps are [N, C, H, W].
 *
 * <pre>{@code
 * Ops o = new Ops();
 * Value x = o.input("x", TensorType.of(DataType.FLOAT, TensorType.BATCH, 64, 56, 56));
 * Value gate = o.sigmoid(o.dense(o.mean(x, 2, 3), o.parameter("w", DataType.FLOAT, 64, 64), null));
 * Graph graph = new Graph("gate", o.multiply(x, gate));
 * }</pre>
 */
public class Ops {
    /** An empty builder. */
    public Ops() {}

    // ---- leaves ----------------------------------------------------------------------------------------------------

    /**
     * A map that is given.
     *
     * @param name its name
     * @param type its type
     * @return the value
     */
    public final Value input(String name, TensorType type) {
        return new Value(Op.INPUT, type, Map.of("name", name), List.of());
    }

    /**
     * Learned numbers or running statistics.
     *
     * @param name the parameter's
     * @param type the network's
     * @param shape the parameter's
     * @return the value
     */
    public final Value parameter(String name, DataType type, long... shape) {
        return new Value(Op.PARAMETER, TensorType.of(type, shape), Map.of("name", name), List.of());
    }

    // ---- functions of one number -----------------------------------------------------------------------------------

    /**
     * A function of each number.
     *
     * @param op of family {@link Op.Family#UNARY}, without attributes
     * @param x any
     * @return a value of x's type
     */
    public final Value unary(Op op, Value x) {
        require(
                op.family() == Op.Family.UNARY && op != Op.AFFINE && op != Op.CAST,
                op,
                "is no function of one number alone");
        return new Value(op, x.type(), Map.of(), List.of(x));
    }

    /**
     * max(x, 0).
     *
     * @param x any
     * @return a value of x's type
     */
    public final Value relu(Value x) {
        return unary(Op.RELU, x);
    }

    /**
     * 1 / (1 + exp(-x)).
     *
     * @param x any
     * @return a value of x's type
     */
    public final Value sigmoid(Value x) {
        return unary(Op.SIGMOID, x);
    }

    /**
     * Square root.
     *
     * @param x any
     * @return a value of x's type
     */
    public final Value sqrt(Value x) {
        return unary(Op.SQRT, x);
    }

    /**
     * alpha * x + beta.
     *
     * @param x any
     * @param alpha the factor
     * @param beta what is added
     * @return a value of x's type
     */
    public final Value affine(Value x, double alpha, double beta) {
        return new Value(Op.AFFINE, x.type(), attributes("alpha", alpha, "beta", beta), List.of(x));
    }

    /**
     * The same numbers in another data type.
     *
     * @param x any
     * @param type FLOAT or DOUBLE
     * @return x itself where it has that type
     */
    public final Value cast(Value x, DataType type) {
        return x.type().dataType() == type ? x : new Value(Op.CAST, x.type().with(type), Map.of(), List.of(x));
    }

    // ---- functions of two numbers ----------------------------------------------------------------------------------

    /**
     * a + b; axes of size 1 repeat.
     *
     * @param a any
     * @param b of as many axes
     * @return the value
     */
    public final Value add(Value a, Value b) {
        return binary(Op.ADD, a, b);
    }

    /**
     * a - b; axes of size 1 repeat.
     *
     * @param a any
     * @param b of as many axes
     * @return the value
     */
    public final Value subtract(Value a, Value b) {
        return binary(Op.SUBTRACT, a, b);
    }

    /**
     * a * b; axes of size 1 repeat.
     *
     * @param a any
     * @param b of as many axes
     * @return the value
     */
    public final Value multiply(Value a, Value b) {
        return binary(Op.MULTIPLY, a, b);
    }

    /**
     * a / b; axes of size 1 repeat.
     *
     * @param a any
     * @param b of as many axes
     * @return the value
     */
    public final Value divide(Value a, Value b) {
        return binary(Op.DIVIDE, a, b);
    }

    /**
     * The larger of both; axes of size 1 repeat.
     *
     * @param a any
     * @param b of as many axes
     * @return the value
     */
    public final Value maximum(Value a, Value b) {
        return binary(Op.MAXIMUM, a, b);
    }

    private Value binary(Op op, Value a, Value b) {
        TensorType one = a.type();
        TensorType two = b.type();
        require(one.dataType() == two.dataType(), op, "takes " + one + " and " + two + ": cast one of them");
        require(one.rank() == two.rank(), op, "takes " + one + " and " + two + ": reshape to as many axes");
        long[] shape = one.shape();
        for (int i = 0; i < shape.length; i++) {
            long other = two.size(i);
            require(
                    shape[i] == other || shape[i] == 1 || other == 1,
                    op,
                    "takes " + one + " and " + two + ": axis " + i + " must be equal, or 1 in one of them");
            shape[i] = shape[i] == 1 ? other : shape[i];
        }
        return new Value(op, one.withShape(shape), Map.of(), List.of(a, b));
    }

    // ---- many numbers to one ---------------------------------------------------------------------------------------

    /**
     * Means along axes, which keep size 1.
     *
     * @param x any
     * @param axes ascending, not the batch's
     * @return the value
     */
    public final Value mean(Value x, int... axes) {
        return reduce(Op.MEAN, x, axes);
    }

    /**
     * Sums along axes, which keep size 1.
     *
     * @param x any
     * @param axes ascending, not the batch's
     * @return the value
     */
    public final Value sum(Value x, int... axes) {
        return reduce(Op.SUM, x, axes);
    }

    /**
     * Maxima along axes, which keep size 1.
     *
     * @param x any
     * @param axes ascending, not the batch's
     * @return the value
     */
    public final Value max(Value x, int... axes) {
        return reduce(Op.MAX, x, axes);
    }

    private Value reduce(Op op, Value x, int... axes) {
        long[] shape = x.type().shape();
        for (int axis : axes) {
            require(
                    axis > 0 && axis < shape.length,
                    op,
                    "along axis " + axis + " of " + x.type() + ": use 1 to " + (shape.length - 1));
            shape[axis] = 1;
        }
        return new Value(op, x.type().withShape(shape), attributes("axes", list(axes)), List.of(x));
    }

    /**
     * Means over the channels of each group, at each position.
     *
     * @param x map [N, C, H, W]
     * @param groups a divisor of C
     * @return [N, groups, H, W]
     */
    public final Value groupMean(Value x, long groups) {
        if (groups == 1) {
            return mean(x, 1);
        }
        TensorType type = map(Op.MEAN, x);
        require(type.size(1) % groups == 0, Op.MEAN, "of " + groups + " groups of " + type + ": use a divisor");
        Map<String, Object> attributes = attributes("axes", List.of(1), "groups", Math.toIntExact(groups));
        return new Value(
                Op.MEAN, type.withShape(type.size(0), groups, type.size(2), type.size(3)), attributes, List.of(x));
    }

    /**
     * exp(x) over its sum over all positions.
     *
     * @param x map
     * @return a value of x's type
     */
    public final Value softmax(Value x) {
        return new Value(Op.SOFTMAX, map(Op.SOFTMAX, x), Map.of(), List.of(x));
    }

    /**
     * Sums over all positions of x * w.
     *
     * @param x map [N, C, H, W]
     * @param w [C, H, W]
     * @return [N, C, 1, 1]
     */
    public final Value weightedSum(Value x, Value w) {
        TensorType type = map(Op.WEIGHTED_SUM, x);
        TensorType weights = w.type();
        boolean fits = weights.rank() == 3;
        for (int i = 0; fits && i < 3; i++) {
            fits = weights.size(i) == type.size(i + 1);
        }
        require(fits, Op.WEIGHTED_SUM, "of " + type + " takes a weight for each number of a map, not " + weights);
        return new Value(Op.WEIGHTED_SUM, type.withShape(type.size(0), type.size(1), 1, 1), Map.of(), List.of(x, w));
    }

    // ---- linear layers ---------------------------------------------------------------------------------------------

    /**
     * x' w + bias along the channels, at each position.
     *
     * @param x [N, in, H, W]
     * @param w [in, out]
     * @param bias [out], or null
     * @return [N, out, H, W]
     */
    public final Value dense(Value x, Value w, Value bias) {
        TensorType type = map(Op.DENSE, x);
        TensorType weights = w.type();
        require(
                weights.rank() == 2 && weights.size(0) == type.size(1),
                Op.DENSE,
                "of " + type + " takes weights [" + type.size(1) + ", out], not " + weights);
        return linear(Op.DENSE, x, w, bias, weights.size(1), type.size(2), type.size(3), Map.of());
    }

    private Value linear(
            Op op, Value x, Value w, Value bias, long out, long height, long width, Map<String, Object> attributes) {
        List<Value> inputs = new ArrayList<>(List.of(x, w));
        if (bias != null) {
            TensorType type = bias.type();
            require(type.rank() == 1 && type.size(0) == out, op, "takes a bias [" + out + "], not " + type);
            inputs.add(bias);
        }
        TensorType type = x.type().withShape(x.type().size(0), out, height, width);
        return new Value(op, type, attributes, inputs);
    }

    /**
     * A convolution.
     *
     * @param x [N, in, H, W]
     * @param w [out, in / groups, kH, kW]
     * @param bias [out], or null
     * @param stride vertical, horizontal
     * @param dilation vertical, horizontal; 1 for none
     * @param padding zeros at either end, vertical, horizontal
     * @param groups a divisor of in and out
     * @return [N, out, H', W']
     */
    public final Value convolution(
            Value x, Value w, Value bias, int[] stride, int[] dilation, int[] padding, int groups) {
        TensorType type = map(Op.CONVOLUTION, x);
        TensorType weights = w.type();
        require(
                weights.rank() == 4 && weights.size(1) * groups == type.size(1) && weights.size(0) % groups == 0,
                Op.CONVOLUTION,
                "of " + type + " in " + groups + " groups takes weights [out, " + type.size(1) / groups
                        + ", kH, kW], not " + weights);
        long[] size = new long[2];
        for (int i = 0; i < 2; i++) {
            long reach = dilation[i] * (weights.size(2 + i) - 1) + 1;
            long all = type.size(2 + i) + 2L * padding[i] - reach;
            require(all >= 0, Op.CONVOLUTION, "of " + type + " by " + weights + ": the kernel is larger than the map");
            size[i] = all / stride[i] + 1;
        }
        Map<String, Object> attributes = attributes(
                "stride", list(stride), "dilation", list(dilation), "padding", list(padding), "groups", groups);
        return linear(Op.CONVOLUTION, x, w, bias, weights.size(0), size[0], size[1], attributes);
    }

    /**
     * A convolution by square kernels, padded by dilation * (k - 1) / 2.
     *
     * @param x [N, in, H, W]
     * @param w [out, in / groups, k, k]
     * @param bias [out], or null
     * @param stride of both axes
     * @param dilation of both axes; 1 for none
     * @param groups a divisor of in and out
     * @return [N, out, H', W']
     */
    public final Value convolution(Value x, Value w, Value bias, int stride, int dilation, int groups) {
        int padding = Math.toIntExact(dilation * (w.type().size(w.type().rank() - 1) - 1) / 2);
        return convolution(
                x,
                w,
                bias,
                new int[] {stride, stride},
                new int[] {dilation, dilation},
                new int[] {padding, padding},
                groups);
    }

    // ---- pooling and resizing --------------------------------------------------------------------------------------

    /**
     * Means over square windows, of what lies inside the map.
     *
     * @param x map
     * @param kernel the windows' size
     * @param stride their distance
     * @param padding how far the first begins outside the map
     * @param height of the result
     * @param width of the result
     * @return [N, C, height, width]
     */
    public final Value averagePool(Value x, int kernel, int stride, int padding, long height, long width) {
        TensorType type = map(Op.AVERAGE_POOL, x);
        boolean fits = (height - 1) * stride - padding < type.size(2) && (width - 1) * stride - padding < type.size(3);
        require(
                fits && height > 0 && width > 0,
                Op.AVERAGE_POOL,
                "of " + type + ": " + height + " x " + width + " windows at a distance of " + stride
                        + " lie outside of the map");
        return new Value(
                Op.AVERAGE_POOL,
                type.withShape(type.size(0), type.size(1), height, width),
                attributes("kernel", kernel, "stride", stride, "padding", padding),
                List.of(x));
    }

    /**
     * Means over bins that cover the map, as PyTorch's adaptive pooling cuts them.
     *
     * @param x map
     * @param bins per side
     * @return [N, C, bins, bins]
     */
    public final Value adaptivePool(Value x, int bins) {
        TensorType type = map(Op.ADAPTIVE_POOL, x);
        return new Value(
                Op.ADAPTIVE_POOL,
                type.withShape(type.size(0), type.size(1), bins, bins),
                attributes("bins", bins),
                List.of(x));
    }

    /**
     * The bins of several adaptive poolings, one behind the other.
     *
     * @param x map
     * @param bins of each, per side
     * @return [N, C, all bins, 1]
     */
    public final Value adaptivePools(Value x, List<Integer> bins) {
        TensorType type = map(Op.ADAPTIVE_POOLS, x);
        long cells = bins.stream().mapToLong(count -> (long) count * count).sum();
        Map<String, Object> attributes = attributes("bins", List.copyOf(bins));
        return new Value(
                Op.ADAPTIVE_POOLS, type.withShape(type.size(0), type.size(1), cells, 1), attributes, List.of(x));
    }

    /**
     * The nearest position's number, as PyTorch's interpolation chooses it.
     *
     * @param x map
     * @param height of the result
     * @param width of the result
     * @return [N, C, height, width]
     */
    public final Value resize(Value x, long height, long width) {
        TensorType type = map(Op.RESIZE, x);
        return new Value(Op.RESIZE, type.withShape(type.size(0), type.size(1), height, width), Map.of(), List.of(x));
    }

    // ---- normalization ---------------------------------------------------------------------------------------------

    /**
     * gamma * (x - mean) / sqrt(variance + epsilon) + beta per channel.
     *
     * @param norm the normalization's name
     * @param x map [N, C, H, W]
     * @param numbers gamma, beta, mean and variance, each [C]
     * @param epsilon added to the variance
     * @return a value of x's type
     */
    public final Value batchNormalization(String norm, Value x, List<Value> numbers, double epsilon) {
        return normalization(x, numbers, attributes("norm", norm, "epsilon", epsilon, "batch", false));
    }

    /**
     * As {@link #batchNormalization}, by the batch's mean and variance.
     *
     * @param norm the normalization's name
     * @param x map [N, C, H, W]
     * @param numbers gamma, beta and the running mean and variance, each [C]
     * @param epsilon added to the variance
     * @param momentum the batch's weight in the running mean and variance
     * @return a value of x's type
     */
    public final Value batchNormalization(String norm, Value x, List<Value> numbers, double epsilon, double momentum) {
        return normalization(
                x, numbers, attributes("norm", norm, "epsilon", epsilon, "batch", true, "momentum", momentum));
    }

    private static Value normalization(Value x, List<Value> numbers, Map<String, Object> attributes) {
        TensorType type = map(Op.BATCH_NORMALIZATION, x);
        for (Value number : numbers) {
            require(
                    number.type().rank() == 1 && number.type().size(0) == type.size(1),
                    Op.BATCH_NORMALIZATION,
                    "of " + type + " takes numbers [" + type.size(1) + "], not " + number.type());
        }
        List<Value> inputs = new ArrayList<>(List.of(x));
        inputs.addAll(numbers);
        return new Value(Op.BATCH_NORMALIZATION, type, attributes, inputs);
    }

    // ---- shapes ----------------------------------------------------------------------------------------------------

    /**
     * The same numbers, in C order, in another shape.
     *
     * @param x any
     * @param shape as many numbers; the first size {@link TensorType#BATCH} where x's is
     * @return x itself where that is its shape
     */
    public final Value reshape(Value x, long... shape) {
        TensorType type = x.type().withShape(shape);
        require(
                type.elements() == x.type().elements()
                        && type.isBatched() == x.type().isBatched(),
                Op.RESHAPE,
                "of " + x.type() + " to " + type + ": they must have as many numbers");
        return type.sameShape(x.type()) ? x : new Value(Op.RESHAPE, type, Map.of(), List.of(x));
    }

    /**
     * A number for each channel as [1, C, 1, 1].
     *
     * @param x [C]
     * @return a value that repeats over examples and positions
     */
    public final Value perChannel(Value x) {
        return reshape(x, 1, x.type().elements(), 1, 1);
    }

    /**
     * One behind the other along an axis.
     *
     * @param axis from 1
     * @param parts of equal sizes along the others
     * @return the value
     */
    public final Value concat(int axis, Value... parts) {
        long[] shape = parts[0].type().shape();
        shape[axis] = 0;
        for (Value part : parts) {
            long[] own = part.type().shape();
            boolean fits = own.length == shape.length;
            for (int i = 0; fits && i < own.length; i++) {
                fits = i == axis || own[i] == shape[i];
            }
            require(
                    fits,
                    Op.CONCAT,
                    "along axis " + axis + " of " + parts[0].type() + " and " + part.type()
                            + ": other axes must be equal");
            shape[axis] += own[axis];
        }
        return new Value(Op.CONCAT, parts[0].type().withShape(shape), attributes("axis", axis), Arrays.asList(parts));
    }

    /**
     * A part of an axis.
     *
     * @param x any
     * @param axis from 1
     * @param from where the part begins
     * @param size how long it is
     * @return the value
     */
    public final Value slice(Value x, int axis, long from, long size) {
        long[] shape = x.type().shape();
        require(
                from >= 0 && size > 0 && from + size <= shape[axis],
                Op.SLICE,
                "of " + x.type() + " from " + from + ", " + size + " long: axis " + axis + " has " + shape[axis]);
        shape[axis] = size;
        Map<String, Object> attributes =
                attributes("axis", axis, "from", Math.toIntExact(from), "size", Math.toIntExact(size));
        return new Value(Op.SLICE, x.type().withShape(shape), attributes, List.of(x));
    }

    /**
     * Each channel as often, side by side.
     *
     * @param x map [N, C, H, W]
     * @param times how often
     * @return [N, C * times, H, W]; x itself for 1
     */
    public final Value repeat(Value x, long times) {
        TensorType type = map(Op.REPEAT, x);
        return times == 1
                ? x
                : new Value(
                        Op.REPEAT,
                        type.withShape(type.size(0), type.size(1) * times, type.size(2), type.size(3)),
                        attributes("times", Math.toIntExact(times)),
                        List.of(x));
    }

    // ---- checks ----------------------------------------------------------------------------------------------------

    private static TensorType map(Op op, Value x) {
        require(x.type().rank() == 4, op, "takes a map [N, C, H, W], not " + x.type() + "; reshape it");
        return x.type();
    }

    private static void require(boolean rule, Op op, String otherwise) {
        if (!rule) {
            throw new IllegalArgumentException(op + " " + otherwise);
        }
    }

    private static List<Integer> list(int... numbers) {
        List<Integer> list = new ArrayList<>();
        for (int number : numbers) {
            list.add(number);
        }
        return list;
    }

    private static Map<String, Object> attributes(Object... namesAndValues) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            attributes.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return attributes;
    }
}
