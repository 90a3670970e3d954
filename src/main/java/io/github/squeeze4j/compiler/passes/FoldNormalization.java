package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A normalization by running statistics becomes part of the convolution that it alone reads: weights and bias take its factor and
 * its shift.
 *
 * <pre>
 * before   %0 = convolution(%x, %w), batch_normalization(%0, %gamma, %beta, %mean, %var)
 * after    %s = divide(%gamma, sqrt(%var + epsilon)), convolution(%x, %w * %s, %beta - %mean * %s)
 * </pre>
 */
public final class FoldNormalization implements Pass {
    /** Weights beyond which the products would take longer than the normalization. */
    private static final long MANY = 1 << 17;

    private static final Ops OPS = new Ops();

    /** The pass. */
    public FoldNormalization() {}

    @Override
    public Graph run(Graph graph) {
        return graph.rewrite((value, original) -> {
            if (!value.is(Op.BATCH_NORMALIZATION) || value.flag("batch")) {
                return value;
            }
            boolean alone = graph.uses(original.input(0)) == 1;
            Value x = value.input(0);
            if (x.is(Op.CAST)) {
                alone &= graph.uses(original.input(0).input(0)) == 1;
                x = x.input(0);
            }
            boolean folds = alone
                    && x.is(Op.CONVOLUTION)
                    && x.text("function") == null
                    && x.input(1).type().elements() <= MANY;
            return folds ? OPS.cast(folded(value, x), value.type().dataType()) : value;
        });
    }

    private static Value folded(Value norm, Value convolution) {
        DataType type = convolution.type().dataType();
        Value scale =
                OPS.divide(exact(norm.input(1)), OPS.sqrt(OPS.affine(exact(norm.input(4)), 1, norm.number("epsilon"))));
        Value weights = convolution.input(1);
        Value scaled =
                OPS.multiply(exact(weights), OPS.reshape(scale, weights.type().size(0), 1, 1, 1));
        Value mean = exact(norm.input(3));
        Value shift = convolution.inputs().size() > 2
                ? OPS.subtract(exact(convolution.input(2)), mean)
                : OPS.affine(mean, -1, 0);
        Value bias = OPS.add(OPS.multiply(shift, scale), exact(norm.input(2)));
        return new Value(
                Op.CONVOLUTION,
                convolution.type(),
                convolution.attributes(),
                List.of(convolution.input(0), OPS.cast(scaled, type), OPS.cast(bias, type)));
    }

    private static Value exact(Value x) {
        return OPS.cast(x, DataType.DOUBLE);
    }
}
