package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Broadcast;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * BatchNorm over the small tensors inside a block, [N, C, L], normalised per C (Ioffe and Szegedy, 1502.03167,
 * algorithm 1), with PyTorch's running statistics: running += momentum * (batch - running), the variance unbiased. Where
 * a batch holds one value per channel the unbiased variance does not exist and the biased one, 0, is taken.
 */
final class BatchNorm {
    static final String GAMMA = "gamma";
    static final String BETA = "beta";
    static final String MEAN = "mean";
    static final String VARIANCE = "var";

    /** Added to the variance, in every block. */
    static final double EPSILON = 1e-5;
    /** PyTorch's default momentum: the weight of the newest batch in the running statistics. */
    static final double MOMENTUM = 0.1;

    private final double momentum;
    private boolean training;
    private INDArray normalized;
    private INDArray inverseDeviation;
    private INDArray batchMean;
    private INDArray batchVariance;

    BatchNorm(double momentum) {
        this.momentum = momentum;
    }

    /** Replaces z [N, C, L] by gamma * normalized + beta. */
    void forwardi(INDArray z, Map<String, INDArray> parameters, boolean training, Memory memory) {
        this.training = training;
        long channels = z.size(1);
        INDArray mean = parameters.get(MEAN);
        INDArray variance = parameters.get(VARIANCE);
        normalized = memory.keep(z.shape());
        inverseDeviation = memory.keep(channels);
        if (training) {
            batchMean = memory.keep(channels).assign(z.mean(0, 2));
            Broadcast.sub(z, batchMean, z, 1);
            variance = z.mul(z).mean(0, 2);
            long count = z.size(0) * z.size(2);
            batchVariance = memory.keep(channels).assign(variance);
            batchVariance.muli(count > 1 ? (double) count / (count - 1) : 1);
        } else {
            Broadcast.sub(z, mean, z, 1);
        }
        inverseDeviation.assign(variance).addi(EPSILON);
        Transforms.sqrt(inverseDeviation, false);
        inverseDeviation.rdivi(1);
        Broadcast.mul(z, inverseDeviation, normalized, 1);
        Broadcast.mul(normalized, parameters.get(GAMMA), z, 1);
        Broadcast.add(z, parameters.get(BETA), z, 1);
    }

    /** Replaces the gradient of the output [N, C, L] by that of the input, and writes those of the parameters. */
    void backwardi(INDArray gradient, Map<String, INDArray> parameters, Map<String, INDArray> gradients) {
        INDArray gradGamma = gradients.get(GAMMA).assign(gradient.mul(normalized).sum(0, 2));
        INDArray gradBeta = gradients.get(BETA).assign(gradient.sum(0, 2));
        if (training) {
            double count = gradient.size(0) * gradient.size(2);
            Broadcast.sub(gradient, gradBeta.div(count), gradient, 1);
            INDArray projection = normalized.dup('c');
            Broadcast.mul(projection, gradGamma.div(count), projection, 1);
            gradient.subi(projection);
            gradients.get(MEAN).assign(parameters.get(MEAN)).subi(batchMean).muli(momentum);
            gradients.get(VARIANCE)
                    .assign(parameters.get(VARIANCE))
                    .subi(batchVariance)
                    .muli(momentum);
        } else {
            gradients.get(MEAN).assign(0);
            gradients.get(VARIANCE).assign(0);
        }
        Broadcast.mul(gradient, parameters.get(GAMMA).mul(inverseDeviation), gradient, 1);
    }
}
