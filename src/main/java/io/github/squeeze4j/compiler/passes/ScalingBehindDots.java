package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.List;

/**
 * Sums over channels of products of two maps, one of which was scaled by channels for that alone, take the factors as sums of products do,
 * instead of a pass that scales.
 *
 * <pre>
 * before   %0 = multiply(%x, %s, again=true), dot(%g, %0, axes=[1])
 * after    %0 = multiply(%g, %x), dot(%0, %s, axes=[1])
 * </pre>
 */
public final class ScalingBehindDots implements Pass {
    private static final Ops OPS = new Ops();

    /** The pass. */
    public ScalingBehindDots() {}

    @Override
    public Graph run(Graph graph) {
        return graph.rewrite((value, original) -> {
            boolean channels = value.is(Op.DOT) && value.integers("axes").length == 1;
            for (int i = 0; channels && i < 2; i++) {
                Value scaled = value.input(i);
                Value other = value.input(1 - i);
                boolean alone = scaled.is(Op.MULTIPLY)
                        && scaled.inputs().size() == 2
                        && graph.uses(original.input(i)) == 1
                        && other.type().sameShape(scaled.type())
                        && scaled.input(0).type().sameShape(scaled.type())
                        && scaled.input(1).type().isMap(scaled.type().size(1), 1, 1)
                        && scaled.input(1).type().isBatched();
                if (alone) {
                    Value products = OPS.multiply(other, scaled.input(0));
                    return new Value(Op.DOT, value.type(), value.attributes(), List.of(products, scaled.input(1)));
                }
            }
            return value;
        });
    }
}
