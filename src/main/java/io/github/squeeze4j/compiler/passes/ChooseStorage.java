package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Storage;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Says where each value lies: what is as large as the network's map in that map's storage, what oneDNN computes of it or for it
 * dense, and the small values in between in Java arrays.
 *
 * <pre>
 * before   mean(%input) : f32[N, 64, 1, 1], dense(...), batch_normalization(...)
 * after    mean(%input) : f32[N, 64, 1, 1] dense, dense(...) dense, batch_normalization(...) heap
 * </pre>
 */
public final class ChooseStorage implements Pass {
    /** Multiply-accumulates of an example up to which a loop in Java is as good as oneDNN. */
    private static final long SMALL = 1 << 15;

    /** Numbers from which oneDNN adds faster than a loop. */
    private static final long MANY = 1 << 10;

    private static final int[] ONES = {1, 1};

    /** The pass. */
    public ChooseStorage() {}

    @Override
    public Graph run(Graph graph) {
        TensorType given = graph.values().stream()
                .filter(value -> value.is(Op.INPUT))
                .map(Value::type)
                .findFirst()
                .orElse(null);
        return graph.rewrite((value, original) -> value.as(value.type().with(storage(value, given))));
    }

    private static Storage storage(Value value, TensorType given) {
        switch (value.op()) {
            case INPUT:
                return Storage.MAP;
            case PARAMETER:
                return Storage.DENSE;
            case DENSE:
                return Storage.DENSE;
            case CONVOLUTION:
                return isTiny(value) ? Storage.HEAP : Storage.DENSE;
            case MEAN:
            case MAX:
            case SUM:
            case AVERAGE_POOL:
            case ADAPTIVE_POOLS:
                return value.input(0).type().storage() == Storage.MAP ? Storage.DENSE : Storage.HEAP;
            case ADAPTIVE_POOL:
                TensorType map = value.input(0).type();
                long bins = value.integer("bins", 1);
                boolean even = map.size(2) % bins == 0 && map.size(3) % bins == 0;
                return map.storage() == Storage.MAP || even && isDense(value.input(0)) ? Storage.DENSE : Storage.HEAP;
            case DOT:
                return value.input(0).type().storage() == Storage.MAP ? Storage.DENSE : Storage.HEAP;
            case TRANSPOSE:
            case DENSE_WEIGHTS:
                return Storage.DENSE;
            case CONVOLUTION_SOURCE:
            case CONVOLUTION_WEIGHTS:
                return isDense(value.input(0))
                        ? like(value.input(0).input(value.is(Op.CONVOLUTION_SOURCE) ? 0 : 1))
                        : Storage.HEAP;
            case SCALED:
                return isDense(value.input(0)) ? Storage.MAP : Storage.HEAP;
            case MAX_SOURCE:
            case SAMPLE_SOURCE:
                return value.input(0).input(0).type().storage() == Storage.MAP ? Storage.MAP : Storage.HEAP;
            case FUNCTION_SOURCE:
                return value.input(0).type().storage() == Storage.MAP ? Storage.MAP : Storage.HEAP;
            case ADD: // of gradients of many weights
                boolean weights = !value.type().isBatched()
                        && value.type().elements() >= MANY
                        && value.inputs().stream().allMatch(ChooseStorage::isDense);
                return hasMap(value) ? Storage.MAP : weights ? Storage.DENSE : Storage.HEAP;
            case WEIGHTED_SUM:
                boolean inMemory = value.input(0).type().storage() != Storage.HEAP && isDense(value.input(1));
                return inMemory ? Storage.DENSE : Storage.HEAP;
            case SLICE:
                return isDense(value.input(0)) ? Storage.DENSE : Storage.HEAP;
            case RESHAPE:
                return value.input(0).type().storage();
            case SIGMOID:
            case TANH:
            case SWISH:
                boolean exact = value.type().dataType() == DataType.DOUBLE;
                return hasMap(value) ? Storage.MAP : exact ? Storage.HEAP : Storage.DENSE;
            case MULTIPLY: // of a number per channel and one per position
                return hasMap(value) || isOuter(value, given) ? Storage.MAP : Storage.HEAP;
            case CONCAT:
                boolean dense =
                        value.integer("axis", 0) == 1 && value.inputs().stream().allMatch(ChooseStorage::isDense);
                return dense ? Storage.DENSE : Storage.HEAP;
            default:
                return hasMap(value) ? Storage.MAP : Storage.HEAP;
        }
    }

    /** A map's storage for its gradient, else dense. */
    private static Storage like(Value value) {
        return value.type().storage() == Storage.MAP ? Storage.MAP : Storage.DENSE;
    }

    private static boolean hasMap(Value value) {
        boolean elementwise =
                value.op().family() == Op.Family.UNARY || value.op().family() == Op.Family.BINARY;
        return elementwise
                && value.inputs().stream().anyMatch(input -> input.type().storage() == Storage.MAP);
    }

    /** Whether a number per channel times one per position, which is a whole map. */
    private static boolean isOuter(Value value, TensorType given) {
        if (given == null || !value.type().sameShape(given) || given.size(1) == 1) {
            return false;
        }
        TensorType a = value.input(0).type();
        TensorType b = value.input(1).type();
        boolean channelsFirst = isPerChannel(a, given) && b.isMap(1, given.size(2), given.size(3));
        return channelsFirst || isPerChannel(b, given) && a.isMap(1, given.size(2), given.size(3));
    }

    /** Each example's own, or not. */
    private static boolean isPerChannel(TensorType type, TensorType given) {
        return type.rank() == 4 && type.size(1) == given.size(1) && type.size(2) * type.size(3) == 1;
    }

    private static boolean isDense(Value value) {
        return value.type().storage() == Storage.DENSE;
    }

    /** What the loop does: to one channel, position by position, and little of it. */
    private static boolean isTiny(Value value) {
        boolean plain =
                Arrays.equals(value.integers("stride"), ONES) && Arrays.equals(value.integers("dilation"), ONES);
        TensorType weights = value.input(1).type();
        long macs = value.type().elements() * (weights.elements() / weights.size(0));
        return plain && value.input(0).type().storage() != Storage.MAP && weights.size(0) == 1 && macs <= SMALL;
    }
}
