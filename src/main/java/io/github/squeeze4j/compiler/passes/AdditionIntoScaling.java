package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Scaling a map and adding another is one pass over both.
 *
 * <pre>
 * before   %0 = multiply(%x, %gate), add(%0, %shortcut)
 * after    multiply(%x, %gate, %shortcut)
 * </pre>
 */
public final class AdditionIntoScaling implements Pass {
    /** The pass. */
    public AdditionIntoScaling() {}

    @Override
    public Graph run(Graph graph) {
        TensorType map = graph.values().stream()
                .filter(value -> value.is(Op.INPUT))
                .map(Value::type)
                .findFirst()
                .orElse(null);
        return graph.rewrite((value, original) -> {
            if (value.is(Op.ADD) && isMap(value) && value.type().equals(map)) {
                for (int i = 0; i < 2; i++) {
                    Value scaled = value.input(i);
                    Value addend = value.input(1 - i);
                    boolean alone = graph.uses(original.input(i)) == 1;
                    if (alone
                            && scaled.is(Op.MULTIPLY)
                            && scaled.inputs().size() == 2
                            && scaled.input(0).type().sameShape(value.type())
                            && addend.type().sameShape(value.type())) {
                        List<Value> inputs = new ArrayList<>(scaled.inputs());
                        inputs.add(addend);
                        return new Value(Op.MULTIPLY, value.type(), scaled.attributes(), inputs);
                    }
                }
            }
            return value;
        });
    }

    private static boolean isMap(Value value) {
        return value.type().isBatched()
                && value.type().rank() == 4
                && value.type().size(1) > 1
                && value.type().size(2) * value.type().size(3) > 1;
    }
}
