package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;

/** What a primitive does to each number of its result before it writes it, in this order. */
public final class PostOps {
    /** One of the five kinds below, with its function or the place of its other operand. */
    private static final class Op {
        final int kind;
        final Function function;
        final int place;

        Op(int kind, Function function, int place) {
            this.kind = kind;
            this.function = function;
            this.place = place;
        }
    }

    private static final int FUNCTION = 0;
    private static final int SUM = 1;
    private static final int BINARY_ADD = 2;
    private static final int BINARY_MULTIPLY = 3;
    private static final int SIXTH_AND_HALF = 4;

    private final List<Op> ops = new ArrayList<>();

    /** Nothing yet. */
    public PostOps() {}

    /**
     * Applies a function.
     *
     * @param function any; null and the identity do nothing
     * @return this
     */
    public PostOps apply(Function function) {
        if (function == Function.HARD_SIGMOID) {
            ops.add(new Op(SIXTH_AND_HALF, null, -1)); // which it clips
        }
        if (function != null && function != Function.IDENTITY) {
            ops.add(new Op(FUNCTION, function, -1));
        }
        return this;
    }

    /**
     * Adds what the result's memory holds already.
     *
     * @return this
     */
    public PostOps addToDestination() {
        ops.add(new Op(SUM, null, -1));
        return this;
    }

    /**
     * Adds another array.
     *
     * @param place of the result's shape and layout, or of size 1 where it repeats
     * @return this
     */
    public PostOps add(int place) {
        ops.add(new Op(BINARY_ADD, null, place));
        return this;
    }

    /**
     * Multiplies by another array.
     *
     * @param place of the result's shape and layout, or of size 1 where it repeats
     * @return this
     */
    public PostOps multiply(int place) {
        ops.add(new Op(BINARY_MULTIPLY, null, place));
        return this;
    }

    dnnl_primitive_attr attributes(Program.Builder program) {
        if (ops.isEmpty()) {
            return program.attributes(null);
        }
        dnnl_post_ops post = program.postOps();
        for (Op op : ops) {
            if (op.kind == FUNCTION) {
                Context.check(dnnl_post_ops_append_eltwise(
                        post, 1, op.function.algorithm, op.function.alpha, op.function.beta));
            } else if (op.kind == SIXTH_AND_HALF) {
                Context.check(dnnl_post_ops_append_eltwise(post, 1, dnnl_eltwise_linear, 1f / 6, 0.5f));
            } else if (op.kind == SUM) {
                Context.check(dnnl_post_ops_append_sum(post, 1));
            } else {
                int algorithm = op.kind == BINARY_ADD ? dnnl_binary_add : dnnl_binary_mul;
                Context.check(dnnl_post_ops_append_binary(post, algorithm, program.kind(op.place)));
            }
        }
        return program.attributes(post);
    }

    /** The pairs of arguments and places that the step needs besides. */
    int[] with(int... pairs) {
        int[] all = Arrays.copyOf(pairs, pairs.length + 2 * ops.size());
        int at = pairs.length;
        for (int i = 0; i < ops.size(); i++) {
            Op op = ops.get(i);
            all[at++] = DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (i + 1) | DNNL_ARG_SRC_1;
            all[at++] = op.place; // -1 leaves the pair out
        }
        return all;
    }
}
