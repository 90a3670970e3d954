package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * SPSE's squeeze. Where all levels divide the map, one pooling pass makes cells of which every level's bins are unions;
 * elsewhere the cells are the map's positions. All bins of all levels are then one product with a constant matrix.
 */
final class PyramidSqueeze implements SqueezeKernel.Squeeze {
    private final int[] levels;
    private final int finest;
    private final NormalizedRelu norm = new NormalizedRelu();
    private INDArray bins;
    private long binsHeight;
    private long binsWidth;
    private INDArray pooled;

    PyramidSqueeze(int... levels) {
        this.levels = levels;
        this.finest = leastCommonMultiple(levels);
    }

    @Override
    public INDArray forward(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        prepareBins(x);
        INDArray cells = x;
        if (hasCells(x)) {
            cells = memory.temporary(x.size(0), x.size(1), finest, finest);
            MapOps.averagePool(x, cells, x.size(2) / finest, x.size(3) / finest);
        }
        boolean direct = MapOps.direct(x);
        long rows = x.size(0) * x.size(1);
        INDArray products = direct ? memory.keep(rows, bins.size(0)) : memory.temporary(rows, bins.size(0));
        MapOps.matmul(MapOps.rows(cells), false, bins, true, products);
        if (direct) {
            pooled = products;
            return sumDirect(x, parameters, training, memory);
        }
        pooled = memory.keepDouble(x.size(0), x.size(1), bins.size(0));
        pooled.assign(products.reshape('c', pooled.shape()));

        INDArray weighted = memory.temporaryDouble(pooled.shape());
        MapOps.multiply(pooled, weights(parameters, memory), weighted);
        INDArray z = memory.temporaryDouble(x.size(0), x.size(1)).assign(weighted.sum(2));
        for (int k : levels) {
            z.addiRowVector(BatchNorm.inDouble(parameters.get(Spse.biasName(k))));
        }
        return norm.forward(z, true, parameters, training, memory);
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
        INDArray gradZ = norm.backward(gradSqueezed, parameters, gradients, memory);
        INDArray gradPooled = memory.temporary(x.size(0) * x.size(1), bins.size(0));
        if (MapOps.direct(x)) {
            sumGradientDirect(gradZ, gradPooled, parameters, gradients);
        } else {
            sumGradient(gradZ, gradPooled, parameters, gradients, memory);
        }
        if (hasCells(x)) {
            INDArray gradCells = memory.temporary(x.size(0), x.size(1), finest, finest);
            MapOps.matmul(gradPooled, false, bins, false, MapOps.rows(gradCells));
            MapOps.averagePoolGradient(x, gradCells, gradInput, x.size(2) / finest, x.size(3) / finest);
        } else {
            MapOps.matmul(gradPooled, false, bins, false, MapOps.rows(gradInput));
        }
        MapOps.multiplyAndAdd(gradOutput, MapOps.perChannel(gates), gradInput, memory);
    }

    private void sumGradient(
            INDArray gradZ,
            INDArray gradPooled,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray column = gradZ.reshape('c', gradZ.size(0), gradZ.size(1), 1);
        INDArray product = memory.temporaryDouble(pooled.shape());
        MapOps.multiply(pooled, column, product);
        INDArray gradWeights = product.sum(0);
        INDArray gradBias = gradZ.sum(0);
        int first = 0;
        for (int k : levels) {
            INDArray level = gradWeights.get(NDArrayIndex.all(), NDArrayIndex.interval(first, first + k * k));
            INDArray gradWeight = gradients.get(Spse.weightName(k));
            gradWeight.assign(level.dup('c').reshape('c', gradWeight.shape()));
            gradients.get(Spse.biasName(k)).assign(gradBias);
            first += k * k;
        }

        MapOps.multiply(weights(parameters, memory), column, product);
        gradPooled.assign(product.reshape('c', gradPooled.shape()));
    }

    private INDArray sumDirect(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray z = memory.temporaryDouble(x.size(0), x.size(1)).assign(0);
        int first = 0;
        for (int k : levels) {
            ChannelSums.add(pooled, first, parameters.get(Spse.weightName(k)), z);
            z.addiRowVector(BatchNorm.inDouble(parameters.get(Spse.biasName(k))));
            first += k * k;
        }
        return norm.forward(z, true, parameters, training, memory);
    }

    private void sumGradientDirect(
            INDArray gradZ, INDArray gradPooled, Map<String, INDArray> parameters, Map<String, INDArray> gradients) {
        INDArray gradBias = gradZ.sum(0);
        int first = 0;
        for (int k : levels) {
            String weight = Spse.weightName(k);
            ChannelSums.backward(pooled, first, parameters.get(weight), gradZ, gradPooled, gradients.get(weight));
            gradients.get(Spse.biasName(k)).assign(gradBias);
            first += k * k;
        }
    }

    private boolean hasCells(INDArray x) {
        return x.size(2) % finest == 0 && x.size(3) % finest == 0;
    }

    /** All levels' weights side by side, [1, C, sum of k * k]. */
    private INDArray weights(Map<String, INDArray> parameters, Memory memory) {
        INDArray weights = memory.temporaryDouble(1, pooled.size(1), pooled.size(2));
        int first = 0;
        for (int k : levels) {
            weights.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(first, first + k * k))
                    .assign(parameters.get(Spse.weightName(k)).reshape('c', 1, weights.size(1), (long) k * k));
            first += k * k;
        }
        return weights;
    }

    /** The bins of all levels over the cells, [sum of k * k, cells], made once per map size, for the layer's life. */
    private void prepareBins(INDArray x) {
        if (bins != null && binsHeight == x.size(2) && binsWidth == x.size(3) && bins.dataType() == x.dataType()) {
            return;
        }
        binsHeight = x.size(2);
        binsWidth = x.size(3);
        long rows = hasCells(x) ? finest : binsHeight;
        long columns = hasCells(x) ? finest : binsWidth;
        try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            INDArray[] matrices = new INDArray[levels.length];
            for (int i = 0; i < levels.length; i++) {
                matrices[i] = PyramidBins.matrix(levels[i], rows, columns, x.dataType());
            }
            bins = Nd4j.vstack(matrices);
        }
    }

    private static int leastCommonMultiple(int... values) {
        int result = 1;
        for (int value : values) {
            int a = result;
            int b = value;
            while (b != 0) {
                int rest = a % b;
                a = b;
                b = rest;
            }
            result = Math.multiplyExact(result / a, value);
        }
        return result;
    }
}
