package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * {@link GlobalContext}'s transform of rows of C channels: linear, layer normalisation, ReLU, linear. The normalisation is in
 * double precision: it is small, and magnifies rounding where the hidden channels are close to each other.
 */
final class ContextTransform implements ChannelScores {
    static final double EPSILON = 1e-5;

    private final String prefix;
    private INDArray context;
    private INDArray normalized;
    private INDArray inverse;
    private INDArray hidden;

    ContextTransform(String prefix) {
        this.prefix = prefix;
    }

    static void parameters(ParameterSpec spec, String prefix, long channels, long hidden) {
        spec.weight(prefix + "ReduceW", channels, hidden, channels, hidden);
        spec.zeroWeight(prefix + "ExpandW", hidden, channels, hidden, channels);
        spec.uniformBias(prefix + "ReduceB", channels, hidden);
        spec.bias(prefix + "ExpandB", channels);
        spec.scale(prefix + "Gamma", 1, hidden);
        spec.shift(prefix + "Beta", hidden);
    }

    /** The reference. */
    static Value define(BlockOps o, Value context, String prefix) {
        Value reduced = o.exact(o.dense(context, o.parameter(prefix + "ReduceW"), o.parameter(prefix + "ReduceB")));
        Value centered = o.subtract(reduced, o.mean(reduced, 1));
        Value variance = o.mean(o.multiply(centered, centered), 1);
        Value normalized = o.divide(centered, o.sqrt(o.affine(variance, 1, EPSILON)));
        Value affine = o.add(
                o.multiply(normalized, o.perChannel(o.exact(prefix + "Gamma"))),
                o.perChannel(o.exact(prefix + "Beta")));
        Value hidden = o.rounded(o.relu(affine));
        return o.dense(hidden, o.parameter(prefix + "ExpandW"), o.parameter(prefix + "ExpandB"));
    }

    @Override
    public INDArray forward(INDArray z, Map<String, INDArray> parameters, boolean training, Memory memory) {
        context = z;
        INDArray reduceWeight = parameters.get(prefix + "ReduceW");
        hidden = memory.keep(z.size(0), reduceWeight.size(1));
        MapOps.linear(z, false, reduceWeight, false, parameters.get(prefix + "ReduceB"), hidden);
        normalized = memory.keepDouble(hidden.shape()).assign(hidden);
        normalized.subiColumnVector(normalized.mean(true, 1));
        INDArray scratch = memory.temporaryDouble(hidden.shape()).assign(normalized);
        inverse = memory.keepDouble(hidden.size(0), 1)
                .assign(scratch.muli(scratch).mean(true, 1))
                .addi(EPSILON);
        Transforms.sqrt(inverse, false).rdivi(1);
        normalized.muliColumnVector(inverse);
        scratch.assign(normalized)
                .muliRowVector(exact("Gamma", parameters, memory))
                .addiRowVector(exact("Beta", parameters, memory));
        hidden.assign(Transforms.relu(scratch, false));
        INDArray scores = memory.keep(z.shape());
        MapOps.linear(
                hidden, false, parameters.get(prefix + "ExpandW"), false, parameters.get(prefix + "ExpandB"), scores);
        return scores;
    }

    @Override
    public INDArray backward(
            INDArray gradScores, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory) {
        MapOps.matmul(hidden, true, gradScores, false, gradients.get(prefix + "ExpandW"));
        MapOps.sumRows(gradScores, gradients.get(prefix + "ExpandB"));
        INDArray gradHidden = memory.temporary(hidden.shape());
        MapOps.matmul(gradScores, false, parameters.get(prefix + "ExpandW"), true, gradHidden);

        INDArray gradAffine = memory.temporaryDouble(hidden.shape()).assign(hidden);
        Transforms.sign(gradAffine, false)
                .muli(memory.temporaryDouble(hidden.shape()).assign(gradHidden));
        INDArray scratch = memory.temporaryDouble(hidden.shape()).assign(gradAffine);
        gradients.get(prefix + "Gamma").assign(scratch.muli(normalized).sum(0));
        gradients.get(prefix + "Beta").assign(gradAffine.sum(0));
        INDArray gradNormalized = gradAffine.muliRowVector(exact("Gamma", parameters, memory));
        INDArray projection = scratch.assign(gradNormalized).muli(normalized).mean(true, 1);
        gradNormalized.subiColumnVector(gradNormalized.mean(true, 1));
        gradNormalized.subi(scratch.assign(normalized).muliColumnVector(projection));
        gradHidden.assign(gradNormalized.muliColumnVector(inverse));

        MapOps.matmul(context, true, gradHidden, false, gradients.get(prefix + "ReduceW"));
        MapOps.sumRows(gradHidden, gradients.get(prefix + "ReduceB"));
        INDArray gradContext = memory.temporary(context.shape());
        MapOps.matmul(gradHidden, false, parameters.get(prefix + "ReduceW"), true, gradContext);
        return gradContext;
    }

    private INDArray exact(String name, Map<String, INDArray> parameters, Memory memory) {
        INDArray values = parameters.get(prefix + name);
        return memory.temporaryDouble(values.shape()).assign(values);
    }
}
