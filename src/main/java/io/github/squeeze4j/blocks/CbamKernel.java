package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The fused form of {@link Cbam}. The channel-gated map is not kept for the backward pass but computed again: one pass,
 * cheaper than the memory of a second map per block.
 */
final class CbamKernel implements Kernel {
    private final ChannelGate channel;
    private final SpatialGate spatial;

    /** Either gate may be null, not both. */
    CbamKernel(ChannelGate channel, SpatialGate spatial) {
        this.channel = channel;
        this.spatial = spatial;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray gated = x;
        if (channel != null) {
            channel.forward(x, output, parameters, training, memory);
            gated = output;
        }
        if (spatial != null) {
            spatial.forward(gated, output, parameters, training, memory);
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
        INDArray scratch = channel == null ? null : memory.temporary(x.shape());
        if (spatial == null) {
            gradInput.assign(gradOutput);
        } else {
            INDArray gated = x;
            if (channel != null) {
                channel.apply(x, scratch);
                gated = scratch;
            }
            spatial.backward(gated, gradOutput, gradInput, parameters, gradients, memory);
        }
        if (channel != null) {
            channel.backwardi(x, gradInput, scratch, parameters, gradients, memory);
        }
    }
}
