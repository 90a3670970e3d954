package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The fused form of {@link ScSe}. */
final class ScSeKernel implements Kernel {
    private final boolean maximum;
    private final Excitation excitation = new Excitation(Activation.RELU, true);
    private final PositionScores scoring = new PositionScores(ScSe.SPATIAL_WEIGHT, ScSe.SPATIAL_BIAS);
    private INDArray channelGates;
    private INDArray positionGates;

    ScSeKernel(ScSe.Combination combination) {
        this.maximum = combination == ScSe.Combination.MAX;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        positionGates = memory.keep(x.size(0), 1, x.size(2), x.size(3));
        scoring.forward(x, positionGates, output, parameters, memory);
        Gate.SIGMOID.applyi(positionGates);
        INDArray means = memory.keep(x.size(0), x.size(1));
        MapOps.mean(x, means);
        channelGates = excitation.forward(means, parameters, training, memory);
        Gate.SIGMOID.applyi(channelGates);
        MapOps.multiply(x, MapOps.perChannel(channelGates), output);
        if (maximum) {
            INDArray byPosition = memory.temporary(x.shape());
            MapOps.multiply(x, positionGates, byPosition);
            Transforms.max(output, byPosition, false);
        } else {
            MapOps.multiplyAndAdd(x, positionGates, output, memory);
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
        INDArray byChannel = gradOutput;
        INDArray byPosition = gradOutput;
        INDArray gradGates = memory.temporary(channelGates.shape());
        INDArray gradScores = memory.temporary(positionGates.shape());
        if (maximum) {
            byChannel = memory.temporary(x.shape());
            byPosition = memory.temporary(x.shape());
            split(x, gradOutput, byChannel, byPosition);
            MapOps.dotChannels(x, byChannel, gradInput, gradGates);
            MapOps.dotPositions(x, byPosition, gradInput, gradScores);
        } else {
            MapOps.multiply(x, gradOutput, gradInput);
            MapOps.sumPositions(gradInput, gradGates);
            MapOps.sumChannels(gradInput, gradScores);
        }
        Gate.SIGMOID.backpropi(gradGates, channelGates);
        INDArray gradMeans = excitation.backward(gradGates, parameters, gradients, memory);
        gradMeans.divi(x.size(2) * x.size(3));
        Gate.SIGMOID.backpropi(gradScores, positionGates);
        INDArray weights = scoring.backward(x, gradScores, gradInput, parameters, gradients, memory);
        MapOps.outer(weights, gradScores, gradMeans, gradInput, memory);
        MapOps.multiplyAndAdd(byChannel, MapOps.perChannel(channelGates), gradInput, memory);
        MapOps.multiplyAndAdd(byPosition, positionGates, gradInput, memory);
    }

    /** Shares of the gradient: 1 where a product is the larger one, 0 where the smaller, 0.5 where they are equal. */
    private void split(INDArray x, INDArray gradOutput, INDArray byChannel, INDArray byPosition) {
        MapOps.multiply(x, MapOps.perChannel(channelGates), byChannel);
        MapOps.multiply(x, positionGates, byPosition);
        Transforms.sign(byChannel.subi(byPosition), false).muli(0.5).addi(0.5);
        byChannel.muli(gradOutput);
        byPosition.assign(gradOutput).subi(byChannel);
    }
}
