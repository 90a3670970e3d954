package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/** The fused form of {@link GlobalContext}. */
final class GlobalContextKernel implements Kernel {
    private final PositionScores scoring;
    private final ContextTransform multiply;
    private final ContextTransform add;
    /** Softmax of the scores, [N, 1, H, W]. */
    private INDArray attention;

    private INDArray gates;

    /** Either transform may be null, not both. */
    GlobalContextKernel(GlobalContext.Pooling pooling, ContextTransform multiply, ContextTransform add) {
        this.scoring = pooling == GlobalContext.Pooling.ATTENTION
                ? new PositionScores(GlobalContext.ATTENTION_WEIGHT, GlobalContext.ATTENTION_BIAS)
                : null;
        this.multiply = multiply;
        this.add = add;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray context = memory.keep(x.size(0), x.size(1));
        if (scoring == null) {
            MapOps.mean(x, context);
        } else {
            attention = memory.keep(x.size(0), 1, x.size(2), x.size(3));
            INDArray scores = memory.temporary(attention.shape());
            scoring.forward(x, scores, output, parameters, memory);
            Nd4j.exec(DynamicCustomOp.builder("softmax")
                    .addInputs(images(scores))
                    .addIntegerArguments(1)
                    .addOutputs(images(attention))
                    .build());
            MapOps.dotChannels(x, attention, output, context);
        }
        if (multiply != null) {
            gates = multiply.forward(context, parameters, training, memory);
            Gate.SIGMOID.applyi(gates);
        }
        if (add == null) {
            MapOps.multiply(x, MapOps.perChannel(gates), output);
            return;
        }
        INDArray added = add.forward(context, parameters, training, memory);
        if (multiply == null) {
            MapOps.add(x, MapOps.perChannel(added), output);
        } else {
            MapOps.scaleAndShift(x, gates, added, output);
        }
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray gradContext = null;
        INDArray numbers = memory.temporary(x.size(0), x.size(1));
        if (multiply != null) {
            MapOps.dotChannels(x, gradOutput, gradInput, numbers);
            Gate.SIGMOID.backpropi(numbers, gates);
            gradContext = multiply.backward(numbers, parameters, gradients, memory);
        }
        if (add != null) {
            MapOps.sumPositions(gradOutput, numbers);
            INDArray more = add.backward(numbers, parameters, gradients, memory);
            gradContext = gradContext == null ? more : gradContext.addi(more);
        }
        if (scoring == null) {
            gradContext.divi(x.size(2) * x.size(3));
            if (multiply == null) {
                MapOps.add(gradOutput, MapOps.perChannel(gradContext), gradInput);
            } else {
                MapOps.scaleAndShift(gradOutput, gates, gradContext, gradInput);
            }
            return;
        }
        INDArray gradScores = memory.temporary(attention.shape());
        MapOps.dotPositions(x, MapOps.perChannel(gradContext), gradInput, gradScores);
        // softmax: a (g - sum of a g)
        INDArray shares = memory.temporary(attention.shape()).assign(gradScores);
        INDArray means = images(shares.muli(attention)).sum(true, 1);
        images(gradScores).subiColumnVector(means);
        gradScores.muli(attention);
        INDArray weights = scoring.backward(x, gradScores, gradInput, parameters, gradients, memory);
        MapOps.outerSum(gradContext, attention, weights, gradScores, gradInput, memory);
        if (multiply == null) {
            MapOps.add(gradInput, gradOutput);
        } else {
            MapOps.multiplyAndAdd(gradOutput, MapOps.perChannel(gates), gradInput, memory);
        }
    }

    /** [N, 1, H, W] as [N, H * W], a view. */
    private static INDArray images(INDArray map) {
        return map.reshape('c', new long[] {map.size(0), map.size(2) * map.size(3)});
    }
}
