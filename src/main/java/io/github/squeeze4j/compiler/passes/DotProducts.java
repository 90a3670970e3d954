package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sums of products of a map with another, over positions with a number per position, or over channels with a number per channel, need
 * no map of the products.
 *
 * <pre>
 * before   %0 = multiply(%x, %y), sum(%0, axes=[2, 3])
 * after    dot(%x, %y, axes=[2, 3])
 * </pre>
 */
public final class DotProducts implements Pass {
    private static final Ops OPS = new Ops();

    /** The pass. */
    public DotProducts() {}

    @Override
    public Graph run(Graph graph) {
        return graph.rewrite((value, original) -> {
            boolean sum = value.is(Op.SUM) || value.is(Op.MEAN);
            Value product = sum ? value.input(0) : null;
            if (!sum || !product.is(Op.MULTIPLY) || graph.uses(original.input(0)) > 1) {
                return value;
            }
            boolean first = product.input(0).type().sameShape(product.type())
                    && !product.input(0).is(Op.REPEAT);
            Value map = product.input(first ? 0 : 1);
            Value other = product.input(first ? 1 : 0);
            List<Integer> axes = axes(value);
            boolean repeats = other.is(Op.REPEAT) && axes.size() != 2;
            if (repeats || !fits(map.type(), other.type(), product.type(), axes)) {
                return value;
            }
            Map<String, Object> attributes = new LinkedHashMap<>(value.attributes());
            Value dot = new Value(Op.DOT, value.type(), attributes, List.of(map, other));
            double share = (double) value.type().elements() / product.type().elements();
            return value.is(Op.MEAN) ? OPS.affine(dot, share, 0) : dot;
        });
    }

    @SuppressWarnings("unchecked") // of a reduction
    private static List<Integer> axes(Value value) {
        return (List<Integer>) value.attributes().get("axes");
    }

    private static boolean fits(TensorType map, TensorType other, TensorType product, List<Integer> axes) {
        boolean whole = product.isBatched()
                && product.rank() == 4
                && product.sameShape(map)
                && product.size(1) > 1
                && product.size(2) * product.size(3) > 1;
        boolean positions = axes.equals(List.of(2, 3));
        boolean channels = axes.equals(List.of(1));
        if (!whole || !other.isBatched() || !positions && !channels) {
            return false;
        }
        boolean perPosition = other.size(2) == map.size(2) && other.size(3) == map.size(3);
        return other.sameShape(map)
                || positions && other.size(1) == 1 && perPosition
                || channels && other.isMap(map.size(1), 1, 1);
    }
}
