package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
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
    static SDVariable define(BlockGraph graph, SDVariable context, String prefix) {
        SDVariable reduced = context.mmul(graph.parameter(prefix + "ReduceW"))
                .add(graph.parameter(prefix + "ReduceB"))
                .castTo(DataType.DOUBLE);
        SDVariable centered = reduced.sub(reduced.mean(true, 1));
        SDVariable variance = centered.mul(centered).mean(true, 1);
        SDVariable normalized = centered.div(graph.sd.math().sqrt(variance.add(EPSILON)));
        SDVariable affine = normalized.mul(graph.exact(prefix + "Gamma")).add(graph.exact(prefix + "Beta"));
        SDVariable hidden = graph.sd.nn().relu(affine, 0).castTo(context.dataType());
        return hidden.mmul(graph.parameter(prefix + "ExpandW")).add(graph.parameter(prefix + "ExpandB"));
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
