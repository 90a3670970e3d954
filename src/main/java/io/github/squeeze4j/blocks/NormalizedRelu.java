package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** relu(BN(z)), or relu(z) where a block has no BatchNorm, for z [N, C] of DOUBLE (see {@link BatchNorm}). */
final class NormalizedRelu {
    private final BatchNorm norm = new BatchNorm(BatchNorm.MOMENTUM);
    private INDArray activated;
    private boolean normalize;

    /** In the network's type, kept until backward; z is overwritten. */
    INDArray forward(INDArray z, boolean normalize, Map<String, INDArray> parameters, boolean training, Memory memory) {
        this.normalize = normalize;
        if (normalize) {
            norm.forwardi(column(z), parameters, training, memory);
        }
        activated = memory.keep(z.shape()).assign(Transforms.relu(z, false));
        return activated;
    }

    /** The gradient of z, DOUBLE, from that of the activated; writes BatchNorm's gradients. */
    INDArray backward(
            INDArray gradActivated, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory) {
        INDArray gradient = memory.temporaryDouble(activated.shape()).assign(gradActivated);
        gradient.muli(activated.gt(0).castTo(gradient.dataType()));
        if (normalize) {
            norm.backwardi(column(gradient), parameters, gradients);
        }
        return gradient;
    }

    private static INDArray column(INDArray z) {
        return z.reshape('c', new long[] {z.size(0), z.size(1), 1});
    }
}
