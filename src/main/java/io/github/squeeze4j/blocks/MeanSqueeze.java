package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** z = mean over h, w. */
final class MeanSqueeze implements SqueezeKernel.Squeeze {
    @Override
    public INDArray forward(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray z = memory.keep(x.size(0), x.size(1));
        MapOps.mean(x, z);
        return z;
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradSqueezed,
            INDArray gradOutput,
            INDArray gates,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        gradSqueezed.divi(gradInput.size(2) * gradInput.size(3));
        MapOps.scaleAndShift(gradOutput, gates, gradSqueezed, gradInput);
    }
}
