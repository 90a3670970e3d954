package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * SPSE's squeeze. All levels together are one weighted sum over the map, z[n, c] = sum over h, w of x[n, c, h, w]
 * M[c, h, w] with M = weights times bins: one pass over x, not one per level.
 */
final class PyramidSqueeze implements SqueezeKernel.Squeeze {
    private final int[] levels;
    private final NormalizedRelu norm = new NormalizedRelu();
    private INDArray bins;
    private long binsHeight;
    private long binsWidth;
    private INDArray weightMap;

    PyramidSqueeze(int... levels) {
        this.levels = levels;
    }

    @Override
    public INDArray forward(
            INDArray x, INDArray scratch, Map<String, INDArray> parameters, boolean training, Memory memory) {
        long channels = x.size(1);
        weightMap = memory.keep(1, channels, x.size(2), x.size(3));
        prepareBins(x);
        MapOps.rows(weightMap).assign(weights(parameters, memory).mmul(bins));

        INDArray z = memory.keep(x.size(0), channels);
        MapOps.dotChannels(x, weightMap, scratch, z);
        for (int k : levels) {
            z.addiRowVector(parameters.get(Spse.biasName(k)));
        }
        return norm.forwardi(z, true, parameters, training, memory);
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradSqueezed,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        norm.backwardi(gradSqueezed, parameters, gradients);
        INDArray gradBias = gradSqueezed.sum(0);
        INDArray perChannel = MapOps.perChannel(gradSqueezed);
        INDArray scratch = memory.temporary(x.shape());

        MapOps.multiply(x, perChannel, scratch);
        INDArray gradWeightMap = scratch.sum(0).reshape('c', x.size(1), x.size(2) * x.size(3));
        INDArray gradWeights = gradWeightMap.mmul(bins.transpose());
        int first = 0;
        for (int k : levels) {
            INDArray level = gradWeights.get(NDArrayIndex.all(), NDArrayIndex.interval(first, first + k * k));
            gradients.get(Spse.weightName(k)).assign(level.dup('c').reshape('c', x.size(1), k, k));
            gradients.get(Spse.biasName(k)).assign(gradBias);
            first += k * k;
        }

        MapOps.multiply(weightMap, perChannel, scratch);
        gradInput.addi(scratch);
    }

    /** All levels' weights side by side, [C, sum of k * k]. */
    private INDArray weights(Map<String, INDArray> parameters, Memory memory) {
        INDArray weights = memory.temporary(weightMap.size(1), bins.size(0));
        int first = 0;
        for (int k : levels) {
            weights.get(NDArrayIndex.all(), NDArrayIndex.interval(first, first + k * k))
                    .assign(parameters.get(Spse.weightName(k)).reshape('c', weights.size(0), (long) k * k));
            first += k * k;
        }
        return weights;
    }

    /** The bins of all levels, [sum of k * k, H * W], made once per map size and kept for the layer's life. */
    private void prepareBins(INDArray x) {
        if (bins != null && binsHeight == x.size(2) && binsWidth == x.size(3) && bins.dataType() == x.dataType()) {
            return;
        }
        binsHeight = x.size(2);
        binsWidth = x.size(3);
        try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            INDArray[] matrices = new INDArray[levels.length];
            for (int i = 0; i < levels.length; i++) {
                matrices[i] = PyramidBins.matrix(levels[i], binsHeight, binsWidth, x.dataType());
            }
            bins = Nd4j.vstack(matrices);
        }
    }
}
