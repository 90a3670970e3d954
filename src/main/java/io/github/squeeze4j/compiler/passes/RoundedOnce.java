package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Value;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What goes to double precision and comes back unchanged, or rectified, stays as it is.
 *
 * <pre>
 * before   %0 = cast(%x) : f64, %1 = relu(%0) : f64, cast(%1) : f32
 * after    relu(%x) : f32
 * </pre>
 */
public final class RoundedOnce implements Pass {
    private static final Ops OPS = new Ops();

    /** The pass. */
    public RoundedOnce() {}

    @Override
    public Graph run(Graph graph) {
        return graph.rewrite((value, original) -> {
            Value before = value.inputs().isEmpty() ? null : value.input(0);
            boolean widened =
                    before != null && before.is(Op.CAST) && before.type().dataType() == DataType.DOUBLE;
            if (widened && value.is(Op.RELU)) {
                return OPS.cast(OPS.relu(before.input(0)), DataType.DOUBLE);
            }
            return widened && value.is(Op.CAST)
                    ? OPS.cast(before.input(0), value.type().dataType())
                    : value;
        });
    }
}
