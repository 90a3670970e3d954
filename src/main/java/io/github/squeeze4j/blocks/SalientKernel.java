package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The fused form of {@link Salient}: groups are a view [N * G, C / G, H, W] of the map. */
final class SalientKernel implements Kernel {
    private final long groups;
    private final BatchNorm norm = new BatchNorm(BatchNorm.MOMENTUM);
    private INDArray means;
    private INDArray gates;

    SalientKernel(long groups) {
        this.groups = groups;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray grouped = grouped(x);
        INDArray target = grouped(output);
        means = memory.keep(grouped.size(0), grouped.size(1));
        MapOps.mean(grouped, means);
        gates = memory.keep(grouped.size(0), 1, x.size(2), x.size(3));
        MapOps.dotPositions(grouped, MapOps.perChannel(means), target, gates);
        INDArray agreement = memory.temporaryDouble(gates.shape()).assign(gates).divi(grouped.size(1));
        norm.forwardi(perGroup(agreement), parameters, training, memory);
        Gate.SIGMOID.applyi(gates.assign(agreement));
        MapOps.multiply(grouped, gates, target);
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray grouped = grouped(x);
        INDArray target = grouped(gradInput);
        long members = grouped.size(1);
        INDArray gradMap = memory.temporary(gates.shape());
        MapOps.dotPositions(grouped, grouped(gradOutput), target, gradMap);
        Gate.SIGMOID.backpropi(gradMap, gates);
        INDArray gradAgreement = memory.temporaryDouble(gates.shape()).assign(gradMap);
        norm.backwardi(perGroup(gradAgreement), parameters, gradients);
        gradMap.assign(gradAgreement.divi(members));

        INDArray gradMeans = memory.temporary(means.shape());
        MapOps.dotChannels(grouped, gradMap, target, gradMeans);
        MapOps.outer(means, gradMap, gradMeans.divi(x.size(2) * x.size(3)), target, memory);
        MapOps.multiplyAndAdd(grouped(gradOutput), gates, target, memory);
    }

    private INDArray grouped(INDArray map) {
        return map.reshape('c', new long[] {map.size(0) * groups, map.size(1) / groups, map.size(2), map.size(3)});
    }

    private INDArray perGroup(INDArray map) {
        return map.reshape('c', new long[] {map.size(0) / groups, groups, map.size(2) * map.size(3)});
    }
}
