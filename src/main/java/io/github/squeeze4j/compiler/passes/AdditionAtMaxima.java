package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.List;

/**
 * The gradient of maxima is added to the few numbers of a map to which it goes.
 *
 * <pre>
 * before   %0 = max_source(%max, %g), add(%map, %0)
 * after    max_source(%max, %g, %map)
 * </pre>
 */
public final class AdditionAtMaxima implements Pass {
    /** The pass. */
    public AdditionAtMaxima() {}

    @Override
    public Graph run(Graph graph) {
        return graph.rewrite((value, original) -> {
            boolean addition = value.is(Op.ADD) && value.input(1).is(Op.MAX_SOURCE);
            Value source = addition ? value.input(1) : null;
            boolean takes = addition
                    && source.inputs().size() == 2
                    && graph.uses(original.input(1)) == 1
                    && value.input(0).type().equals(value.type());
            return takes
                    ? new Value(
                            Op.MAX_SOURCE,
                            value.type(),
                            source.attributes(),
                            List.of(source.input(0), source.input(1), value.input(0)))
                    : value;
        });
    }
}
