package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** RGSE's squeeze: region means, their weighted sum per channel, BatchNorm and ReLU; only means and ReLU for one region. */
final class RegionSqueeze implements SqueezeKernel.Squeeze {
    private final int window;
    private final NormalizedRelu norm = new NormalizedRelu();
    private INDArray regions;

    RegionSqueeze(int window) {
        this.window = window;
    }

    private boolean fuses() {
        return regions.size(2) * regions.size(3) > 1;
    }

    @Override
    public INDArray forward(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        if (MapOps.direct(x)) {
            return forwardDirect(x, parameters, training, memory);
        }
        INDArray means = memory.temporary(x.size(0), x.size(1), x.size(2) / window, x.size(3) / window);
        MapOps.averagePool(x, means, window, window);
        regions = memory.keepDouble(means.shape()).assign(means);
        INDArray z = memory.temporaryDouble(x.size(0), x.size(1));
        if (fuses()) {
            INDArray weighted = memory.temporaryDouble(regions.shape());
            MapOps.multiply(regions, weight(parameters), weighted);
            z.assign(weighted.sum(2, 3));
        } else {
            z.assign(regions.reshape('c', z.shape()));
        }
        return norm.forward(z, fuses(), parameters, training, memory);
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
        if (MapOps.direct(x)) {
            backwardDirect(x, gradSqueezed, gradOutput, gates, gradInput, parameters, gradients, memory);
            return;
        }
        INDArray squeezed = norm.backward(gradSqueezed, parameters, gradients, memory);
        INDArray gradZ = MapOps.perChannel(squeezed);
        INDArray gradRegions = memory.temporary(regions.shape());
        if (fuses()) {
            INDArray product = memory.temporaryDouble(regions.shape());
            MapOps.multiply(regions, gradZ, product);
            gradients.get(Rgse.FUSION_WEIGHT).assign(product.sum(0));
            MapOps.multiply(weight(parameters), gradZ, product);
            gradRegions.assign(product);
        } else {
            gradRegions.assign(gradZ);
        }
        MapOps.averagePoolGradient(x, gradRegions, gradInput, window, window);
        MapOps.multiplyAndAdd(gradOutput, MapOps.perChannel(gates), gradInput, memory);
    }

    private INDArray forwardDirect(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        regions = memory.keep(x.size(0), x.size(1), x.size(2) / window, x.size(3) / window);
        if (wholeMap(x)) {
            MapOps.mean(x, regions.reshape('c', new long[] {x.size(0), x.size(1)}));
        } else {
            MapOps.averagePool(x, regions, window, window);
        }
        if (!fuses()) {
            return norm.forward(regions.reshape('c', new long[] {x.size(0), x.size(1)}), memory);
        }
        INDArray z = memory.temporaryDouble(x.size(0), x.size(1)).assign(0);
        ChannelSums.add(regions, 0, parameters.get(Rgse.FUSION_WEIGHT), z);
        return norm.forward(z, true, parameters, training, memory);
    }

    private void backwardDirect(
            INDArray x,
            INDArray gradSqueezed,
            INDArray gradOutput,
            INDArray gates,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray gradRegions = memory.temporary(regions.shape());
        if (fuses()) {
            INDArray gradZ = norm.backward(gradSqueezed, parameters, gradients, memory);
            ChannelSums.backward(
                    regions,
                    0,
                    parameters.get(Rgse.FUSION_WEIGHT),
                    gradZ,
                    gradRegions,
                    gradients.get(Rgse.FUSION_WEIGHT));
        } else {
            norm.backward(gradSqueezed, gradRegions);
        }
        if (wholeMap(x)) {
            INDArray shift = gradRegions.divi(x.size(2) * x.size(3)).reshape('c', gradSqueezed.shape());
            MapOps.scaleAndShift(gradOutput, gates, shift, gradInput);
        } else {
            MapOps.averagePoolGradient(x, gradRegions, gradInput, window, window);
            MapOps.multiplyAndAdd(gradOutput, MapOps.perChannel(gates), gradInput, memory);
        }
    }

    private boolean wholeMap(INDArray x) {
        return x.size(2) == window && x.size(3) == window;
    }

    private INDArray weight(Map<String, INDArray> parameters) {
        return BatchNorm.inDouble(parameters.get(Rgse.FUSION_WEIGHT))
                .reshape('c', 1, regions.size(1), regions.size(2), regions.size(3));
    }
}
