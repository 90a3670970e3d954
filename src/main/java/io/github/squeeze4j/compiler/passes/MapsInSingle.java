package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Weighted sums over positions are taken in the map's own type: oneDNN, which adds in several registers, has no other.
 *
 * <pre>
 * before   weighted_sum(cast(%input) : f64, cast(%w) : f64)
 * after    cast(weighted_sum(%input, %w)) : f64
 * </pre>
 */
public final class MapsInSingle implements Pass {
    private static final Ops OPS = new Ops();

    /** The pass. */
    public MapsInSingle() {}

    @Override
    public Graph run(Graph graph) {
        return graph.rewrite((value, original) -> {
            boolean widened = value.is(Op.WEIGHTED_SUM)
                    && value.input(0).is(Op.CAST)
                    && value.input(1).is(Op.CAST);
            return widened
                    ? OPS.cast(
                            OPS.weightedSum(
                                    value.input(0).input(0), value.input(1).input(0)),
                            DataType.DOUBLE)
                    : value;
        });
    }
}
