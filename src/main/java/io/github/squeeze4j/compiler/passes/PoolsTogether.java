package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Poolings of a given map of which one has bins of unequal size are made in one look, as products with one matrix.
 *
 * <pre>
 * before   adaptive_pool(%input, bins=2), adaptive_pool(%input, bins=4)
 * after    %0 = adaptive_pools(%input, bins=[2, 4]), reshape(slice(%0, from=0, size=4)), reshape(slice(%0, from=4, size=16))
 * </pre>
 */
public final class PoolsTogether implements Pass {
    private static final Ops OPS = new Ops();

    /** The pass. */
    public PoolsTogether() {}

    @Override
    public Graph run(Graph graph) {
        List<Integer> bins = new ArrayList<>();
        boolean uneven = false;
        for (Value value : graph.values()) {
            if (isPool(value)) {
                TensorType map = value.input(0).type();
                int count = value.integer("bins", 1);
                bins.add(count);
                uneven |= map.size(2) % count != 0 || map.size(3) % count != 0;
            }
        }
        if (!uneven || bins.size() < 2) {
            return graph;
        }
        Value[] together = new Value[1];
        return graph.rewrite((value, original) -> {
            if (!isPool(value)) {
                return value;
            }
            if (together[0] == null) {
                together[0] = OPS.adaptivePools(value.input(0), bins);
            }
            int count = value.integer("bins", 1);
            long from = 0;
            for (int other : bins.subList(0, bins.indexOf(count))) {
                from += (long) other * other;
            }
            Value part = OPS.slice(together[0], 2, from, (long) count * count);
            return OPS.reshape(part, value.type().shape());
        });
    }

    private static boolean isPool(Value value) {
        return value.is(Op.ADAPTIVE_POOL) && value.input(0).is(Op.INPUT);
    }
}
