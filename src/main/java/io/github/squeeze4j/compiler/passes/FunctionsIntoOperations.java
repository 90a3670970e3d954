package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A function that alone reads a dense layer, a convolution or a product of maps is applied while that writes its result.
 *
 * <pre>
 * before   %0 = dense(%z, %w, %b), relu(%0)
 * after    dense(%z, %w, %b, function=relu)
 * </pre>
 */
public final class FunctionsIntoOperations implements Pass {
    private static final Set<Op> FUNCTIONS =
            EnumSet.of(Op.RELU, Op.RELU6, Op.SIGMOID, Op.HARD_SIGMOID, Op.TANH, Op.SWISH, Op.HARD_SWISH);

    private static final Set<Op> OPERATIONS = EnumSet.of(Op.DENSE, Op.CONVOLUTION, Op.MULTIPLY);

    /** The pass. */
    public FunctionsIntoOperations() {}

    @Override
    public Graph run(Graph graph) {
        return graph.rewrite((value, original) -> {
            if (FUNCTIONS.contains(value.op())) {
                Value before = value.input(0);
                boolean alone = graph.uses(original.input(0)) == 1;
                boolean product = before.is(Op.MULTIPLY)
                        && before.input(0).type().sameShape(before.type())
                        && before.type().size(2) * before.type().size(3) > 1;
                if (alone
                        && OPERATIONS.contains(before.op())
                        && (product || !before.is(Op.MULTIPLY))
                        && before.text("function") == null) {
                    Map<String, Object> attributes = new LinkedHashMap<>(before.attributes());
                    attributes.put("function", value.op().toString());
                    return new Value(before.op(), before.type(), attributes, before.inputs());
                }
            }
            return value;
        });
    }
}
