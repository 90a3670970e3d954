package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Broadcast;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * BatchNorm over the small tensors inside a block, [N, C, L], normalised per C (Ioffe and Szegedy, 1502.03167,
 * algorithm 1), with PyTorch's running statistics: running += momentum * (batch - running), the variance unbiased. Where
 * a batch holds one value per channel the unbiased variance does not exist and the biased one, 0, is taken.
 *
 * <p>Works on double precision whatever the network's: with the few values per channel that a squeezed tensor has, the
 * gradient is what remains of nearly cancelling terms, and the tensors are small.
 */
final class BatchNorm {
    /** The name of a block's only BatchNorm: its parameters' names are the bare ones. */
    static final String ONLY = "";

    static final String GAMMA = "gamma";
    static final String BETA = "beta";
    static final String MEAN = "mean";
    static final String VARIANCE = "var";

    /** Added to the variance, in every block. */
    static final double EPSILON = 1e-5;
    /** PyTorch's default momentum: the weight of the newest batch in the running statistics. */
    static final double MOMENTUM = 0.1;

    private final double momentum;
    private final String gamma;
    private final String beta;
    private final String mean;
    private final String variance;
    private boolean training;
    private boolean direct;
    private INDArray normalized;
    private INDArray inverseDeviation;
    private INDArray batchMean;
    private INDArray batchVariance;

    BatchNorm(double momentum) {
        this(ONLY, momentum);
    }

    /** With the parameters of the named BatchNorm. */
    BatchNorm(String norm, double momentum) {
        this.momentum = momentum;
        gamma = name(norm, GAMMA);
        beta = name(norm, BETA);
        mean = name(norm, MEAN);
        variance = name(norm, VARIANCE);
    }

    /** A BatchNorm's parameter: {@code gamma} of {@code reduce} is {@code reduceGamma}. */
    static String name(String norm, String parameter) {
        return norm.isEmpty() ? parameter : norm + Character.toUpperCase(parameter.charAt(0)) + parameter.substring(1);
    }

    /** Replaces z [N, C, L] of DOUBLE by gamma * normalized + beta. */
    void forwardi(INDArray z, Map<String, INDArray> parameters, boolean training, Memory memory) {
        this.training = training;
        long channels = z.size(1);
        direct = MapOps.direct(parameters.get(gamma));
        if (direct) {
            normalized = memory.keepDouble(z.shape());
            inverseDeviation = memory.keepDouble(channels);
            batchMean = memory.keepDouble(channels);
            batchVariance = memory.keepDouble(channels);
            BatchNormLoops.forwardi(
                    z,
                    normalized,
                    inverseDeviation,
                    batchMean,
                    batchVariance,
                    parameters.get(gamma),
                    parameters.get(beta),
                    parameters.get(mean),
                    parameters.get(variance),
                    training);
            return;
        }
        normalized = memory.keepDouble(z.shape()).assign(z);
        inverseDeviation = memory.keepDouble(channels);
        if (training) {
            batchMean = memory.keepDouble(channels).assign(normalized.mean(0, 2));
            Broadcast.sub(normalized, batchMean, normalized, 1);
            batchVariance = memory.keepDouble(channels)
                    .assign(normalized.mul(normalized).mean(0, 2));
            inverseDeviation.assign(batchVariance);
            long count = z.size(0) * z.size(2);
            batchVariance.muli(count > 1 ? (double) count / (count - 1) : 1);
        } else {
            Broadcast.sub(normalized, inDouble(parameters.get(mean)), normalized, 1);
            inverseDeviation.assign(parameters.get(variance));
        }
        inverseDeviation.addi(EPSILON);
        Transforms.sqrt(inverseDeviation, false);
        inverseDeviation.rdivi(1);
        Broadcast.mul(normalized, inverseDeviation, normalized, 1);
        Broadcast.mul(normalized, inDouble(parameters.get(gamma)), z, 1);
        Broadcast.add(z, inDouble(parameters.get(beta)), z, 1);
    }

    /** Writes what forward gave, from what it kept, to z [N, C, L] of DOUBLE. */
    void again(INDArray z, Map<String, INDArray> parameters) {
        Broadcast.mul(normalized, inDouble(parameters.get(gamma)), z, 1);
        Broadcast.add(z, inDouble(parameters.get(beta)), z, 1);
    }

    /** Replaces the gradient of the output [N, C, L] of DOUBLE by that of z, and writes those of the parameters. */
    void backwardi(INDArray gradient, Map<String, INDArray> parameters, Map<String, INDArray> gradients) {
        if (direct) {
            BatchNormLoops.backwardi(
                    gradient,
                    normalized,
                    inverseDeviation,
                    parameters.get(gamma),
                    gradients.get(gamma),
                    gradients.get(beta),
                    training);
            statistics(parameters, gradients);
            return;
        }
        INDArray gradGamma = gradient.mul(normalized).sum(0, 2);
        INDArray gradBeta = gradient.sum(0, 2);
        gradients.get(gamma).assign(gradGamma);
        gradients.get(beta).assign(gradBeta);
        if (training) {
            double count = gradient.size(0) * gradient.size(2);
            Broadcast.sub(gradient, gradBeta.divi(count), gradient, 1);
            INDArray projection = normalized.dup('c');
            Broadcast.mul(projection, gradGamma.divi(count), projection, 1);
            gradient.subi(projection);
        }
        Broadcast.mul(gradient, inDouble(parameters.get(gamma)).mul(inverseDeviation), gradient, 1);
        statistics(parameters, gradients);
    }

    private void statistics(Map<String, INDArray> parameters, Map<String, INDArray> gradients) {
        if (training) {
            subtractable(gradients.get(mean), parameters.get(mean), batchMean);
            subtractable(gradients.get(variance), parameters.get(variance), batchVariance);
        } else {
            gradients.get(mean).assign(0);
            gradients.get(variance).assign(0);
        }
    }

    /** What training subtracts from a running statistic to move it towards the batch's. */
    private void subtractable(INDArray gradient, INDArray running, INDArray batch) {
        if (direct) {
            BatchNormLoops.subtractable(gradient, running, batch, momentum);
            return;
        }
        gradient.assign(inDouble(running).sub(batch).muli(momentum));
    }

    /** The array itself if it is DOUBLE, else a copy. */
    static INDArray inDouble(INDArray array) {
        return array.castTo(DataType.DOUBLE);
    }
}
