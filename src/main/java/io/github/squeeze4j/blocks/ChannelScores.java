package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How a block makes one score per channel out of one number per channel, in rows of C. */
interface ChannelScores {
    /** Scores [rows, C]; z must be kept until backward. */
    INDArray forward(INDArray z, Map<String, INDArray> parameters, boolean training, Memory memory);

    /** The gradient of z [rows, C] from that of the scores; writes those of the parameters. */
    INDArray backward(
            INDArray gradScores, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory);
}
