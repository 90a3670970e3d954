package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The fused form of {@link SimAm}. The gates are kept for the backward pass, distances computed again: one pass. */
final class SimAmKernel implements Kernel {
    private final double lambda;
    private INDArray gates;
    /** -mean, [N, C]. */
    private INDArray shifts;
    /** 1 / (4 (variance + lambda)), [N, C]. */
    private INDArray factors;

    SimAmKernel(double lambda) {
        this.lambda = lambda;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        shifts = memory.keep(x.size(0), x.size(1));
        MapOps.mean(x, shifts);
        shifts.negi();
        gates = memory.keep(x.shape());
        factors = memory.keep(shifts.shape());
        MapOps.add(x, MapOps.perChannel(shifts), output);
        MapOps.multiply(output, output, gates);
        MapOps.sumPositions(gates, factors);
        factors.divi(SimAm.others(x.size(2) * x.size(3))).addi(lambda).muli(4).rdivi(1);
        INDArray half = memory.temporary(shifts.shape()).assign(0.5);
        MapOps.scaleAndShift(gates, factors, half, gates);
        Gate.SIGMOID.applyi(gates);
        MapOps.multiply(x, gates, output);
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        long area = x.size(2) * x.size(3);
        INDArray centered = memory.temporary(x.shape());
        MapOps.add(x, MapOps.perChannel(shifts), centered);
        INDArray gradEnergy = memory.temporary(x.shape());
        MapOps.multiply(x, gradOutput, gradEnergy);
        Gate.SIGMOID.backpropi(gradEnergy, gates);

        // the energy is d k + 0.5, with k of the variance: its gradients by x - mean, by k and by the mean
        MapOps.multiply(gradEnergy, centered, gradInput);
        INDArray throughMean = memory.temporary(shifts.shape());
        MapOps.sumPositions(gradInput, throughMean);
        INDArray throughVariance = memory.temporary(shifts.shape());
        MapOps.multiply(gradInput, centered, gradInput);
        MapOps.sumPositions(gradInput, throughVariance);
        throughVariance.muli(factors).muli(factors).muli(-8.0 / SimAm.others(area));
        INDArray twice = memory.temporary(shifts.shape()).assign(factors).muli(2);
        throughMean.muli(twice).divi(-area);

        MapOps.scaleAndShift(gradEnergy, twice, throughVariance, gradEnergy);
        MapOps.multiply(gradOutput, gates, gradInput);
        MapOps.multiplyAndAdd(gradEnergy, centered, gradInput, memory);
        MapOps.addToChannels(gradInput, throughMean);
    }
}
