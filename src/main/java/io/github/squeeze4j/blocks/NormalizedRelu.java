package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** relu(BN(z)), or relu(z) where a block has no BatchNorm, for z [N, C]; in place. */
final class NormalizedRelu {
    private final BatchNorm norm = new BatchNorm(BatchNorm.MOMENTUM);
    private INDArray activated;
    private boolean normalize;

    INDArray forwardi(
            INDArray z, boolean normalize, Map<String, INDArray> parameters, boolean training, Memory memory) {
        this.normalize = normalize;
        if (normalize) {
            norm.forwardi(column(z), parameters, training, memory);
        }
        activated = Transforms.relu(z, false);
        return activated;
    }

    void backwardi(INDArray gradient, Map<String, INDArray> parameters, Map<String, INDArray> gradients) {
        gradient.muli(activated.gt(0).castTo(gradient.dataType()));
        if (normalize) {
            norm.backwardi(column(gradient), parameters, gradients);
        }
    }

    private static INDArray column(INDArray z) {
        return z.reshape('c', new long[] {z.size(0), z.size(1), 1});
    }
}
