package io.github.squeeze4j.blocks;

import java.util.List;
import java.util.Map;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** CBAM's gate per channel. All pools go through the MLP as one batch of pools * N rows. */
final class ChannelGate {
    private final List<Pool> pools;
    private final Excitation excitation = new Excitation(Activation.RELU, true);
    private INDArray pooled;
    private INDArray gates;

    ChannelGate(List<Pool> pools) {
        this.pools = pools;
    }

    void forward(INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        long batch = x.size(0);
        pooled = memory.keep(pools.size() * batch, x.size(1));
        for (int i = 0; i < pools.size(); i++) {
            pools.get(i).forward(x, part(pooled, i, batch), memory);
        }
        INDArray scores = excitation.forward(pooled, parameters, training, memory);
        gates = memory.keep(batch, x.size(1)).assign(part(scores, 0, batch));
        for (int i = 1; i < pools.size(); i++) {
            gates.addi(part(scores, i, batch));
        }
        Gate.SIGMOID.applyi(gates);
        apply(x, output);
    }

    /** output = x * gates. */
    void apply(INDArray x, INDArray output) {
        MapOps.multiply(x, MapOps.perChannel(gates), output);
    }

    /** Replaces the gradient of the gated map by that of x; scratch has the same shape and is overwritten. */
    void backwardi(
            INDArray x,
            INDArray gradient,
            INDArray scratch,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        long batch = x.size(0);
        INDArray gradScore = memory.temporary(gates.shape());
        MapOps.dotChannels(x, gradient, scratch, gradScore);
        Gate.SIGMOID.backpropi(gradScore, gates);
        INDArray gradScores = memory.temporary(pooled.shape());
        for (int i = 0; i < pools.size(); i++) {
            part(gradScores, i, batch).assign(gradScore);
        }
        INDArray gradPooled = excitation.backward(gradScores, parameters, gradients, memory);
        MapOps.multiply(gradient, MapOps.perChannel(gates), gradient);
        for (int i = 0; i < pools.size(); i++) {
            pools.get(i).backward(x, part(pooled, i, batch), part(gradPooled, i, batch), gradient, memory);
        }
    }

    private static INDArray part(INDArray rows, int i, long batch) {
        return rows.get(NDArrayIndex.interval(i * batch, (i + 1) * batch), NDArrayIndex.all());
    }
}
