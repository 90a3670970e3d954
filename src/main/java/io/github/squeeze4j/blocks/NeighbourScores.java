package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Convolution;
import io.github.squeeze4j.onednn.OneDnn;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/** {@link Eca}'s scores: a convolution along the channels, run as one over maps [rows, 1, 1, C]. */
final class NeighbourScores implements ChannelScores {
    private final int width;
    private INDArray squeezed;

    NeighbourScores(int width) {
        this.width = width;
    }

    @Override
    public INDArray forward(INDArray z, Map<String, INDArray> parameters, boolean training, Memory memory) {
        squeezed = z;
        INDArray weights = filter(parameters.get(Eca.WEIGHT));
        INDArray scores = memory.keep(z.shape());
        if (direct(weights)) {
            convolution().forward(line(z), weights, null, line(scores), false);
        } else {
            Nd4j.exec(convolution("conv2d")
                    .addInputs(line(z), weights)
                    .addOutputs(line(scores))
                    .build());
        }
        return scores;
    }

    @Override
    public INDArray backward(
            INDArray gradScores, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory) {
        INDArray weights = filter(parameters.get(Eca.WEIGHT));
        INDArray gradWeights = filter(gradients.get(Eca.WEIGHT));
        INDArray gradSqueezed = memory.temporary(squeezed.shape());
        if (direct(weights) && direct(gradWeights)) {
            convolution().backward(line(squeezed), weights, line(gradScores), line(gradSqueezed), gradWeights, null);
        } else {
            Nd4j.exec(convolution("conv2d_bp")
                    .addInputs(line(squeezed), weights, line(gradScores))
                    .addOutputs(line(gradSqueezed), gradWeights)
                    .build());
        }
        return gradSqueezed;
    }

    private INDArray filter(INDArray weights) {
        return weights.reshape('c', new long[] {1, 1, 1, width});
    }

    private static INDArray line(INDArray rows) {
        return rows.reshape('c', new long[] {rows.size(0), 1, 1, rows.size(1)});
    }

    private static boolean direct(INDArray weights) {
        return MapOps.direct(weights) && OneDnn.fits(weights);
    }

    private Convolution convolution() {
        int[] padding = {0, (width - 1) / 2};
        return new Convolution(1, new int[] {1, 1}, new int[] {1, 1}, padding, padding);
    }

    private DynamicCustomOp.DynamicCustomOpsBuilder convolution(String name) {
        // kernel, stride, padding, dilation, not SAME mode, NCHW, weights [out, in, kH, kW]
        return DynamicCustomOp.builder(name).addIntegerArguments(1, width, 1, 1, 0, (width - 1) / 2, 1, 1, 0, 0, 1);
    }
}
