package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Elementwise;
import io.github.squeeze4j.onednn.Numbers.Doubles;
import io.github.squeeze4j.onednn.Numbers.Floats;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** relu(BN(z)), or relu(z) where a block has no BatchNorm, for z [N, C] of DOUBLE (see {@link BatchNorm}). */
final class NormalizedRelu {
    private final BatchNorm norm;
    private INDArray activated;
    private boolean normalize;

    NormalizedRelu() {
        this(BatchNorm.ONLY, BatchNorm.MOMENTUM);
    }

    /** With the parameters of the named BatchNorm. */
    NormalizedRelu(String norm, double momentum) {
        this.norm = new BatchNorm(norm, momentum);
    }

    /** In the network's type, kept until backward; z is overwritten. */
    INDArray forward(INDArray z, boolean normalize, Map<String, INDArray> parameters, boolean training, Memory memory) {
        this.normalize = normalize;
        if (normalize) {
            norm.forwardi(column(z), parameters, training, memory);
        }
        activated = memory.keep(z.shape());
        if (MapOps.direct(activated)) {
            reluInto(new Doubles(z), floats(activated), activated.length());
        } else {
            activated.assign(Transforms.relu(z, false));
        }
        return activated;
    }

    /** Without normalization, in the network's type throughout. */
    INDArray forward(INDArray z, Memory memory) {
        normalize = false;
        activated = memory.keep(z.shape());
        Elementwise.relu(z, activated);
        return activated;
    }

    /** The gradient of z behind {@link #forward(INDArray, Memory)}. */
    void backward(INDArray gradActivated, INDArray gradient) {
        Elementwise.reluGradient(activated, gradActivated, gradient);
    }

    /** The gradient of z, DOUBLE, from that of the activated; writes BatchNorm's gradients. */
    INDArray backward(
            INDArray gradActivated, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory) {
        INDArray gradient = memory.temporaryDouble(activated.shape());
        if (MapOps.direct(activated)) {
            reluGradientInto(floats(activated), floats(gradActivated), new Doubles(gradient), gradient.length());
        } else {
            gradient.assign(gradActivated).muli(activated.gt(0).castTo(gradient.dataType()));
        }
        if (normalize) {
            norm.backwardi(column(gradient), parameters, gradients);
        }
        return gradient;
    }

    private static Floats floats(INDArray dense) {
        return new Floats(dense);
    }

    private static void reluInto(Doubles from, Floats to, long length) {
        for (long i = 0; i < length; i++) {
            to.put(i, (float) Math.max(from.get(i), 0));
        }
    }

    private static void reluGradientInto(Floats activated, Floats from, Doubles to, long length) {
        for (long i = 0; i < length; i++) {
            to.put(i, activated.get(i) > 0 ? from.get(i) : 0);
        }
    }

    private static INDArray column(INDArray z) {
        return z.reshape('c', new long[] {z.size(0), z.size(1), 1});
    }
}
