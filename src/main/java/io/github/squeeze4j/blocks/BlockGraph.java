package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;

/** What a block's SameDiff definition is written with: its parameters, its map's size, and the pieces that blocks share. */
final class BlockGraph {
    static final String BATCH_MEAN = "batchMean";
    static final String BATCH_VARIANCE = "batchVariance";

    final SameDiff sd;
    final MapSize size;
    private final Map<String, SDVariable> parameters;
    private final boolean training;

    BlockGraph(SameDiff sd, Map<String, SDVariable> parameters, MapSize size, boolean training) {
        this.sd = sd;
        this.parameters = parameters;
        this.size = size;
        this.training = training;
    }

    SDVariable parameter(String name) {
        return parameters.get(name);
    }

    /** The parameter in double precision. */
    SDVariable exact(String name) {
        return parameters.get(name).castTo(DataType.DOUBLE);
    }

    /** x * gate[n, c]. */
    SDVariable scaleChannels(SDVariable x, SDVariable gate) {
        return x.mul(sd.reshape(gate, -1, size.channels, 1, 1));
    }

    /**
     * BatchNorm of z [N, C, L] of DOUBLE per C (see {@link BatchNorm} for why); in training the batch's mean and biased
     * variance are named for the caller.
     */
    SDVariable batchNorm(SDVariable z, long channels) {
        SDVariable mean;
        SDVariable variance;
        if (training) {
            mean = sd.mean(BATCH_MEAN, z, 0, 2);
            SDVariable centered = z.sub(sd.reshape(mean, 1, channels, 1));
            variance = sd.mean(BATCH_VARIANCE, centered.mul(centered), 0, 2);
        } else {
            mean = exact(BatchNorm.MEAN);
            variance = exact(BatchNorm.VARIANCE);
        }
        SDVariable deviation = sd.math().sqrt(variance.add(BatchNorm.EPSILON));
        SDVariable normalized = z.sub(sd.reshape(mean, 1, channels, 1)).div(sd.reshape(deviation, 1, channels, 1));
        return normalized
                .mul(sd.reshape(exact(BatchNorm.GAMMA), 1, channels, 1))
                .add(sd.reshape(exact(BatchNorm.BETA), 1, channels, 1));
    }
}
