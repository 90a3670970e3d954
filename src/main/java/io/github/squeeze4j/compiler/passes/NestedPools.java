package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * A coarse pooling of a map is made of a finer one of the same map, where the finer one's bins are of equal size and each lies in
 * one of the coarser's.
 *
 * <pre>
 * before   adaptive_pool(%x, bins=4), adaptive_pool(%x, bins=2), mean(%x, axes=[2, 3])
 * after    %0 = adaptive_pool(%x, bins=4), adaptive_pool(%0, bins=2), mean(%0, axes=[2, 3])
 * </pre>
 */
public final class NestedPools implements Pass {
    private static final Ops OPS = new Ops();

    /** The pass. */
    public NestedPools() {}

    @Override
    public Graph run(Graph graph) {
        Map<Value, Integer> finest = new IdentityHashMap<>(); // by map
        for (Value value : graph.values()) {
            if (value.is(Op.ADAPTIVE_POOL) && isEven(value.input(0).type(), value.integer("bins", 1))) {
                finest.merge(value.input(0), value.integer("bins", 1), Math::max);
            }
        }
        Map<Value, Value> pools = new IdentityHashMap<>();
        return graph.rewrite((value, original) -> {
            Integer fine = value.inputs().isEmpty() ? null : finest.get(original.input(0));
            int bins = bins(value);
            if (fine == null || bins == 0 || bins >= fine || fine % bins != 0) {
                return value;
            }
            Value pool = pools.computeIfAbsent(value.input(0), map -> OPS.adaptivePool(map, fine));
            return bins == 1 && value.is(Op.MEAN) ? OPS.mean(pool, 2, 3) : OPS.adaptivePool(pool, bins);
        });
    }

    /** 0 for what is no pooling. */
    private static int bins(Value value) {
        if (value.is(Op.MEAN)) {
            int[] axes = value.integers("axes");
            return axes.length == 2 && axes[0] == 2 && axes[1] == 3 ? 1 : 0;
        }
        return value.is(Op.ADAPTIVE_POOL) ? value.integer("bins", 1) : 0;
    }

    private static boolean isEven(TensorType map, int bins) {
        return map.size(2) % bins == 0 && map.size(3) % bins == 0;
    }
}
