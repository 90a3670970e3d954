package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The fused form of {@link GatedChannel}. Everything per channel is in double precision: it is small, and normalising
 * magnifies rounding.
 */
final class GatedChannelKernel implements Kernel {
    private final GatedChannel.Norm norm;
    /** Norms of the channels, [N, C]. */
    private INDArray norms;
    /** Norms times alpha, [N, C]. */
    private INDArray embedding;
    /** One over the mean norm, [N, 1]. */
    private INDArray inverse;
    /** tanh(...), [N, C]. */
    private INDArray tanh;

    private INDArray gates;

    GatedChannelKernel(GatedChannel.Norm norm) {
        this.norm = norm;
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        long batch = x.size(0);
        long channels = x.size(1);
        gates = memory.keep(batch, channels);
        if (norm == GatedChannel.Norm.L2) {
            MapOps.dotChannels(x, x, output, gates);
        } else {
            Transforms.abs(output.assign(x), false);
            MapOps.sumPositions(output, gates);
        }
        norms = memory.keepDouble(batch, channels).assign(gates);
        if (norm == GatedChannel.Norm.L2) {
            Transforms.sqrt(norms.addi(GatedChannel.EPSILON), false);
        }
        embedding = memory.keepDouble(batch, channels).assign(norms);
        embedding.muliRowVector(exact(GatedChannel.ALPHA, parameters, memory));
        INDArray sizes = memory.temporaryDouble(batch, channels).assign(embedding);
        inverse = memory.keepDouble(batch, 1);
        if (norm == GatedChannel.Norm.L2) {
            inverse.assign(sizes.muli(sizes).mean(true, 1)).addi(GatedChannel.EPSILON);
            Transforms.sqrt(inverse, false);
        } else {
            inverse.assign(Transforms.abs(sizes, false).mean(true, 1)).addi(GatedChannel.EPSILON);
        }
        inverse.rdivi(1);
        tanh = memory.keepDouble(batch, channels).assign(embedding);
        tanh.muliColumnVector(inverse)
                .muliRowVector(exact(GatedChannel.GAMMA, parameters, memory))
                .addiRowVector(exact(GatedChannel.BETA, parameters, memory));
        Transforms.tanh(tanh, false);
        gates.assign(tanh).addi(1);
        MapOps.multiply(x, MapOps.perChannel(gates), output);
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray numbers = memory.temporary(gates.shape());
        MapOps.dotChannels(x, gradOutput, gradInput, numbers);
        INDArray slope = memory.temporaryDouble(tanh.shape()).assign(tanh);
        slope.muli(tanh).rsubi(1);
        INDArray gradScores = memory.temporaryDouble(tanh.shape()).assign(numbers);
        gradScores.muli(slope);
        gradients.get(GatedChannel.BETA).assign(gradScores.sum(0));

        // through gamma e / size: once as the numerator, once through the size that all channels share
        INDArray gradEmbedding = gradScores;
        INDArray shared = slope.assign(gradScores).muli(embedding);
        INDArray product = memory.temporaryDouble(tanh.shape()).assign(shared);
        gradients
                .get(GatedChannel.GAMMA)
                .assign(product.muliColumnVector(inverse).sum(0));
        INDArray gamma = exact(GatedChannel.GAMMA, parameters, memory);
        INDArray gradSize = memory.temporaryDouble(inverse.shape())
                .assign(shared.muliRowVector(gamma).sum(true, 1));
        gradSize.muli(inverse).muli(inverse).divi(-tanh.size(1));
        gradEmbedding.muliRowVector(gamma).muliColumnVector(inverse);
        INDArray direction = product.assign(embedding);
        if (norm == GatedChannel.Norm.L2) {
            gradSize.muli(inverse);
        } else {
            Transforms.sign(direction, false);
        }
        gradEmbedding.addi(direction.muliColumnVector(gradSize));

        gradients
                .get(GatedChannel.ALPHA)
                .assign(shared.assign(gradEmbedding).muli(norms).sum(0));
        gradEmbedding.muliRowVector(exact(GatedChannel.ALPHA, parameters, memory));
        MapOps.multiply(gradOutput, MapOps.perChannel(gates), gradInput);
        INDArray slopes = x;
        if (norm == GatedChannel.Norm.L2) {
            gradEmbedding.divi(norms);
        } else {
            slopes = Transforms.sign(memory.temporary(x.shape()).assign(x), false);
        }
        MapOps.multiplyAndAdd(slopes, MapOps.perChannel(numbers.assign(gradEmbedding)), gradInput, memory);
    }

    private static INDArray exact(String name, Map<String, INDArray> parameters, Memory memory) {
        INDArray values = parameters.get(name);
        return memory.temporaryDouble(values.shape()).assign(values);
    }
}
