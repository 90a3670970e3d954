package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One score per position: a 1x1 convolution from C channels to one, with a bias. */
final class PositionScores {
    private final String weight;
    private final String bias;

    PositionScores(String weight, String bias) {
        this.weight = weight;
        this.bias = bias;
    }

    /** The reference: [N, 1, H, W]. */
    static Value define(BlockOps o, Value x, String weight, String bias) {
        return o.dense(x, o.reshape(o.parameter(weight), o.size.channels, 1), o.parameter(bias));
    }

    /** Writes scores [N, 1, H, W]; scratch has x's shape and is overwritten. */
    void forward(INDArray x, INDArray scores, INDArray scratch, Map<String, INDArray> parameters, Memory memory) {
        INDArray weights = MapOps.repeated(parameters.get(weight), x.size(0), memory);
        MapOps.dotPositions(x, MapOps.perChannel(weights), scratch, scores);
        // a view of one number: no copy leaves the device
        scores.reshape('c', new long[] {1, scores.length()})
                .addiColumnVector(parameters.get(bias).reshape('c', new long[] {1, 1}));
    }

    /**
     * Writes the gradients of the parameters; scratch has x's shape and is overwritten.
     *
     * @return the weights, [N, C]: the gradient of x is these times that of the scores
     */
    INDArray backward(
            INDArray x,
            INDArray gradScores,
            INDArray scratch,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray perImage = memory.temporary(x.size(0), x.size(1));
        MapOps.dotChannels(x, gradScores, scratch, perImage);
        MapOps.sumRows(perImage, gradients.get(weight));
        gradients.get(bias).assign(gradScores.sum());
        return MapOps.repeated(parameters.get(weight), x.size(0), memory);
    }
}
