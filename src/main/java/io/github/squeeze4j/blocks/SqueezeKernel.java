package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Squeeze, scores, channel scaling: the fused form of SE and of the blocks that only squeeze otherwise. */
final class SqueezeKernel implements Kernel {
    /** How a block makes one number per channel out of a map. */
    interface Squeeze {
        /** z [N, C], kept until backward. */
        INDArray forward(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory);

        /**
         * Writes gradInput = gradOutput * gates + what reaches x through z, and the squeeze's own gradients.
         *
         * @param gates [N, C]
         */
        void backward(
                INDArray x,
                INDArray gradSqueezed,
                INDArray gradOutput,
                INDArray gates,
                INDArray gradInput,
                Map<String, INDArray> parameters,
                Map<String, INDArray> gradients,
                Memory memory);
    }

    private final ChannelScores scoring;
    private final Gate gate;
    private final Squeeze squeeze;
    private INDArray gates;

    SqueezeKernel(ChannelScores scoring, Gate gate, Squeeze squeeze) {
        this.scoring = scoring;
        this.gate = gate;
        this.squeeze = squeeze;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray z = squeeze.forward(x, parameters, training, memory);
        gates = scoring.forward(z, parameters, training, memory);
        gate.applyi(gates);
        MapOps.multiply(x, MapOps.perChannel(gates), output);
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray gradScores = memory.temporary(gates.shape());
        MapOps.dotChannels(x, gradOutput, gradInput, gradScores);
        gate.backpropi(gradScores, gates);
        INDArray gradSqueezed = scoring.backward(gradScores, parameters, gradients, memory);
        squeeze.backward(x, gradSqueezed, gradOutput, gates, gradInput, parameters, gradients, memory);
    }
}
