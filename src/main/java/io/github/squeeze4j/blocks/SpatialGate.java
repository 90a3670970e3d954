package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Convolution;
import io.github.squeeze4j.onednn.OneDnn;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** CBAM's gate per position: maximum and mean over the channels, a convolution, BatchNorm, sigmoid. */
final class SpatialGate {
    private final int kernel;
    private final BatchNorm norm;
    private INDArray pooled;
    private INDArray gates;

    SpatialGate(int kernel, double momentum) {
        this.kernel = kernel;
        this.norm = new BatchNorm(momentum);
    }

    /** output = x * gates; x and output may be one array. */
    void forward(INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        pooled = memory.keep(x.size(0), 2, x.size(2), x.size(3));
        gates = memory.keep(x.size(0), 1, x.size(2), x.size(3));
        MapOps.channelMaximum(x, gates);
        channel(pooled, 0).assign(gates.reshape(channel(pooled, 0).shape()));
        MapOps.channelMean(x, gates);
        channel(pooled, 1).assign(gates.reshape(channel(pooled, 1).shape()));
        INDArray weights = parameters.get(Cbam.SPATIAL_WEIGHT);
        if (direct(weights)) {
            convolution().forward(pooled, weights, null, gates, false);
        } else {
            Nd4j.exec(convolution("conv2d")
                    .addInputs(pooled, weights)
                    .addOutputs(gates)
                    .build());
        }
        INDArray scores = memory.temporaryDouble(gates.shape()).assign(gates);
        norm.forwardi(flat(scores), parameters, training, memory);
        Gate.SIGMOID.applyi(gates.assign(scores));
        MapOps.multiply(x, gates, output);
    }

    void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray gradMap = memory.temporary(gates.shape());
        MapOps.dotPositions(x, gradOutput, gradInput, gradMap);
        Gate.SIGMOID.backpropi(gradMap, gates);
        INDArray gradScores = memory.temporaryDouble(gates.shape()).assign(gradMap);
        norm.backwardi(flat(gradScores), parameters, gradients);
        gradMap.assign(gradScores);

        INDArray gradPooled = memory.temporary(pooled.shape());
        INDArray weights = parameters.get(Cbam.SPATIAL_WEIGHT);
        INDArray gradWeights = gradients.get(Cbam.SPATIAL_WEIGHT);
        if (direct(weights) && direct(gradWeights)) {
            convolution().backward(pooled, weights, gradMap, gradPooled, gradWeights, null);
        } else {
            Nd4j.exec(convolution("conv2d_bp")
                    .addInputs(pooled, weights, gradMap)
                    .addOutputs(gradPooled, gradWeights)
                    .build());
        }

        MapOps.multiply(gradOutput, gates, gradInput);
        INDArray gradMean = memory.temporary(gates.shape());
        gradMean.assign(channel(gradPooled, 1).reshape(gates.shape())).divi(x.size(1));
        MapOps.add(gradInput, gradMean);
        INDArray gradMax =
                memory.temporary(gates.shape()).assign(channel(gradPooled, 0).reshape(gates.shape()));
        long area = x.size(2) * x.size(3);
        MapOps.addAtChosen(gradInput, MapOps.whereChannelMaximum(x, memory), gradMax, area, x.size(1) * area);
    }

    private static INDArray channel(INDArray map, int channel) {
        return map.get(NDArrayIndex.all(), NDArrayIndex.point(channel), NDArrayIndex.all(), NDArrayIndex.all());
    }

    private static INDArray flat(INDArray map) {
        return map.reshape('c', new long[] {map.size(0), 1, map.size(2) * map.size(3)});
    }

    private static boolean direct(INDArray weights) {
        return MapOps.direct(weights) && OneDnn.fits(weights) && weights.ordering() == 'c';
    }

    private Convolution convolution() {
        int[] padding = {(kernel - 1) / 2, (kernel - 1) / 2};
        return new Convolution(1, new int[] {1, 1}, new int[] {1, 1}, padding, padding);
    }

    private DynamicCustomOp.DynamicCustomOpsBuilder convolution(String name) {
        int padding = (kernel - 1) / 2;
        // kernel, stride, padding, dilation, not SAME mode, NCHW, weights [out, in, kH, kW]
        return DynamicCustomOp.builder(name).addIntegerArguments(kernel, kernel, 1, 1, padding, padding, 1, 1, 0, 0, 1);
    }
}
