package io.github.squeeze4j.compiler.gradients;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The rule of each operation: what the gradient of a value, axes of which may be 1 and repeat, gives to those of its inputs. */
final class Rules {
    /** Functions whose derivative follows from their result. */
    private static final Set<Op> BY_RESULT = EnumSet.of(Op.RELU, Op.RELU6, Op.SIGMOID, Op.HARD_SIGMOID, Op.TANH);

    private static final Ops OPS = new Ops();

    private final Value value;
    private final Value gradient;
    private final Gradients all;

    private Rules(Value value, Value gradient, Gradients all) {
        this.value = value;
        this.gradient = gradient;
        this.all = all;
    }

    static void apply(Value value, Value gradient, Gradients all) {
        new Rules(value, gradient, all).apply();
    }

    private void apply() {
        switch (value.op().family()) {
            case LEAF:
                break;
            case UNARY:
                give(0, unary());
                break;
            case BINARY:
                binary();
                break;
            case REDUCTION:
                give(0, reduction());
                break;
            default:
                other();
                break;
        }
    }

    /** To an input's gradient, if that is needed. */
    private void give(int input, Value part) {
        if (part != null) {
            all.add(value.input(input), part);
        }
    }

    private boolean needs(int input) {
        return input < value.inputs().size() && all.needs(value.input(input));
    }

    private Value known(int input) {
        return all.known(value.input(input));
    }

    private Value result() {
        return all.known(value);
    }

    // ---- functions -------------------------------------------------------------------------------------------------

    private Value unary() {
        switch (value.op()) {
            case IS_ZERO:
            case SIGN:
                return null;
            case AFFINE:
                return scaled(gradient, value.number("alpha"));
            case CAST:
                return OPS.cast(gradient, value.input(0).type().dataType());
            case SQRT:
                return OPS.divide(scaled(gradient, 0.5), result());
            case EXP:
                return OPS.multiply(gradient, result());
            case LOG:
                return OPS.divide(gradient, known(0));
            default:
                Value known = BY_RESULT.contains(value.op()) ? result() : known(0);
                return new Value(
                        Op.FUNCTION_SOURCE,
                        value.type(),
                        attributes("of", value.op().toString()),
                        List.of(known, gradient));
        }
    }

    private void binary() {
        switch (value.op()) {
            case ADD:
                give(0, summed(gradient, 0));
                give(1, summed(gradient, 1));
                break;
            case SUBTRACT:
                give(0, summed(gradient, 0));
                give(1, needs(1) ? scaled(summed(gradient, 1), -1) : null);
                break;
            case MULTIPLY:
                if (value.input(0) == value.input(1)) {
                    give(0, scaled(OPS.multiply(known(0), gradient), 2));
                    break;
                }
                give(0, needs(0) ? summed(product(gradient, known(1)), 0) : null);
                give(1, needs(1) ? summed(product(gradient, known(0)), 1) : null);
                break;
            case DIVIDE:
                give(0, needs(0) ? summed(OPS.divide(gradient, known(1)), 0) : null);
                give(1, needs(1) ? scaled(OPS.divide(summed(product(gradient, result()), 1), known(1)), -1) : null);
                break;
            case MAXIMUM:
                Value share = OPS.affine(OPS.unary(Op.SIGN, OPS.subtract(known(0), known(1))), 0.5, 0.5);
                give(0, needs(0) ? summed(product(gradient, share), 0) : null);
                give(1, needs(1) ? summed(product(gradient, OPS.affine(share, -1, 1)), 1) : null);
                break;
            default:
                throw unknown();
        }
    }

    /** The larger first, as passes over maps take them. */
    private static Value product(Value a, Value b) {
        return a.type().elements() >= b.type().elements() ? OPS.multiply(a, b) : OPS.multiply(b, a);
    }

    /** Over the axes along which an input repeats. */
    private Value summed(Value whole, int input) {
        TensorType to = value.input(input).type();
        Value sum = whole;
        double factor = 1;
        List<Integer> axes = new ArrayList<>();
        for (int axis = 0; axis < to.rank(); axis++) {
            boolean repeats = to.size(axis) == 1 && value.type().size(axis) != 1;
            if (repeats && whole.type().size(axis) != 1) {
                axes.add(axis);
            } else if (repeats && axis > 0) {
                factor *= value.type().size(axis);
            } else if (repeats) {
                throw new IllegalStateException("the gradient of " + value + " must be of each example's own");
            }
        }
        if (!axes.isEmpty()) {
            sum = reduced(Op.SUM, whole, axes);
        }
        return scaled(sum, factor);
    }

    /** Along axes, the batch's among them. */
    private static Value reduced(Op op, Value x, List<Integer> axes) {
        if (axes.contains(0) && axes.size() > 1 && op == Op.SUM) {
            // each example's own first, which may be a pass over a map
            return reduced(op, reduced(op, x, axes.subList(1, axes.size())), axes.subList(0, 1));
        }
        long[] shape = x.type().shape();
        axes.forEach(axis -> shape[axis] = 1);
        return new Value(op, x.type().withShape(shape), attributes("axes", List.copyOf(axes)), List.of(x));
    }

    private static Value scaled(Value x, double factor) {
        return factor == 1 ? x : OPS.affine(x, factor, 0);
    }

    // ---- many numbers to one ---------------------------------------------------------------------------------------

    private Value reduction() {
        TensorType in = value.input(0).type();
        long groups = value.integer("groups", 1);
        switch (value.op()) {
            case SUM:
                return gradient;
            case MEAN:
                Value share = scaled(gradient, (double) value.type().elements() / in.elements());
                return groups == 1 ? share : OPS.repeat(whole(share), in.size(1) / groups);
            default:
                return of(Op.MAX_SOURCE, in, value.attributes(), gradient);
        }
    }

    /** A gradient of the value itself, which code knows. */
    private Value of(Op op, TensorType type, Map<String, Object> attributes, Value g) {
        return new Value(op, type, attributes, List.of(value, whole(g)));
    }

    /** For operations that take nothing that repeats. */
    private Value whole(Value g) {
        if (!g.type().sameShape(value.type())) {
            throw new IllegalStateException("the gradient of " + value + " must not repeat, but is " + g);
        }
        return g;
    }

    // ---- everything else -------------------------------------------------------------------------------------------

    private void other() {
        TensorType in = value.input(0).type();
        switch (value.op()) {
            case SOFTMAX:
                Value dots = OPS.sum(OPS.multiply(value, gradient), 2, 3);
                give(0, OPS.multiply(value, OPS.subtract(gradient, dots)));
                break;
            case WEIGHTED_SUM:
                TensorType weights = value.input(1).type();
                Value repeated = OPS.reshape(value.input(1), 1, weights.size(0), weights.size(1), weights.size(2));
                give(0, needs(0) ? OPS.multiply(gradient, repeated) : null);
                give(1, needs(1) ? weightsOfSum(weights) : null);
                break;
            case DENSE:
                dense(in);
                break;
            case CONVOLUTION:
                give(0, needs(0) ? of(Op.CONVOLUTION_SOURCE, in, value.attributes(), gradient) : null);
                give(
                        1,
                        needs(1)
                                ? of(Op.CONVOLUTION_WEIGHTS, value.input(1).type(), value.attributes(), gradient)
                                : null);
                bias();
                break;
            case AVERAGE_POOL:
            case ADAPTIVE_POOL:
            case ADAPTIVE_POOLS:
            case RESIZE:
                give(0, of(Op.SAMPLE_SOURCE, in, value.attributes(), gradient));
                break;
            case BATCH_NORMALIZATION:
                normalization();
                break;
            case RESHAPE:
                give(0, OPS.reshape(whole(gradient), in.shape()));
                break;
            case CONCAT:
                parts();
                break;
            case SLICE:
                int axis = value.integer("axis", 1);
                Map<String, Object> place = attributes("axis", axis);
                place.put("from", value.integer("from", 0));
                place.put("size", Math.toIntExact(in.size(axis)));
                give(0, new Value(Op.PAD, in, place, List.of(whole(gradient))));
                break;
            case REPEAT:
                give(0, scaled(OPS.groupMean(whole(gradient), in.size(1)), value.integer("times", 1)));
                break;
            default:
                throw unknown();
        }
    }

    private Value weightsOfSum(TensorType weights) {
        Value sum = reduced(Op.SUM, OPS.multiply(known(0), gradient), List.of(0));
        return OPS.reshape(sum, weights.shape());
    }

    private void dense(TensorType in) {
        TensorType weights = value.input(1).type();
        boolean toOne = weights.size(1) == 1 && in.size(2) * in.size(3) > 1;
        if (toOne) { // a product of what is per channel and what is per position
            Value perChannel = OPS.reshape(value.input(1), 1, in.size(1), 1, 1);
            give(0, needs(0) ? OPS.multiply(perChannel, gradient) : null);
            Value dots = needs(1) ? OPS.sum(OPS.multiply(known(0), gradient), 2, 3) : null;
            give(1, needs(1) ? OPS.reshape(reduced(Op.SUM, dots, List.of(0)), weights.shape()) : null);
        } else {
            TensorType turned = weights.withShape(weights.size(1), weights.size(0));
            Value transposed = new Value(Op.TRANSPOSE, turned, Map.of(), List.of(value.input(1)));
            give(0, needs(0) ? OPS.dense(whole(gradient), transposed, null) : null);
            List<Value> factors = List.of(known(0), whole(gradient));
            give(1, needs(1) ? new Value(Op.DENSE_WEIGHTS, weights, Map.of(), factors) : null);
        }
        bias();
    }

    private void bias() {
        if (needs(2)) {
            Value sum = whole(gradient);
            if (sum.type().size(2) * sum.type().size(3) > 1) {
                sum = OPS.sum(sum, 2, 3);
            }
            give(
                    2,
                    OPS.reshape(
                            reduced(Op.SUM, sum, List.of(0)),
                            value.input(2).type().shape()));
        }
    }

    private void parts() {
        int axis = value.integer("axis", 1);
        long from = 0;
        for (int i = 0; i < value.inputs().size(); i++) {
            long size = value.input(i).type().size(axis);
            give(i, needs(i) ? OPS.slice(whole(gradient), axis, from, size) : null);
            from += size;
        }
    }

    /** Through the statistics, too, where these are the batch's. */
    private void normalization() {
        List<Integer> axes = List.of(0, 2, 3);
        Value deviation = OPS.sqrt(OPS.affine(value.input(4), 1, value.number("epsilon")));
        Value centered = OPS.subtract(value.input(0), OPS.perChannel(value.input(3)));
        Value normalized = OPS.divide(centered, OPS.perChannel(deviation));
        Value projections = OPS.multiply(normalized, whole(gradient));
        long[] numbers = value.input(1).type().shape();
        give(1, needs(1) ? OPS.reshape(reduced(Op.SUM, projections, axes), numbers) : null);
        give(2, needs(2) ? OPS.reshape(reduced(Op.SUM, gradient, axes), numbers) : null);
        if (needs(0)) {
            Value rest = gradient;
            if (value.flag("batch")) {
                Value projection = OPS.multiply(normalized, reduced(Op.MEAN, projections, axes));
                rest = OPS.subtract(OPS.subtract(gradient, reduced(Op.MEAN, gradient, axes)), projection);
            }
            give(0, OPS.multiply(rest, OPS.perChannel(OPS.divide(value.input(1), deviation))));
        }
    }

    private static Map<String, Object> attributes(String name, Object attribute) {
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put(name, attribute);
        return attributes;
    }

    private IllegalStateException unknown() {
        return new IllegalStateException("there is no gradient of " + value);
    }
}
