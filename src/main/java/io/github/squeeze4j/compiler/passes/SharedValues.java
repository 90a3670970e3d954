package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What is computed twice is computed once.
 *
 * <pre>
 * before   %0 = mean(%x), %1 = mean(%x), add(%0, %1)
 * after    %0 = mean(%x), add(%0, %0)
 * </pre>
 */
public final class SharedValues implements Pass {
    /** The pass. */
    public SharedValues() {}

    @Override
    public Graph run(Graph graph) {
        Map<List<Object>, Value> known = new HashMap<>();
        return graph.rewrite((value, original) -> {
            List<Object> key = new ArrayList<>(List.of(value.op(), value.type(), value.attributes()));
            key.addAll(value.inputs());
            return known.computeIfAbsent(key, k -> value);
        });
    }
}
