package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One score per position: a 1x1 convolution from C channels to one, with a bias. */
final class PositionScores {
    private final String weight;
    private final String bias;

    PositionScores(String weight, String bias) {
        this.weight = weight;
        this.bias = bias;
    }

    /** The reference: [N, 1, H * W]. */
    static SDVariable define(BlockGraph graph, SDVariable x, String weight, String bias) {
        SDVariable weights = graph.sd.reshape(graph.parameter(weight), 1, graph.size.channels, 1);
        SDVariable flat = graph.sd.reshape(x, -1, graph.size.channels, graph.size.height * graph.size.width);
        return graph.sd.sum(flat.mul(weights), true, 1).add(graph.sd.reshape(graph.parameter(bias), 1, 1, 1));
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
