package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Elementwise;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * BatchNorm, optionally with ReLU, of maps [N, C, H, W] as large as a block's own, in the network's type.
 *
 * <p>By oneDNN where it supports the type and a channel has values enough that single precision does; elsewhere by {@link
 * BatchNorm} in double precision.
 */
final class MapNorm {
    /** With fewer values per channel the gradient is what remains of nearly cancelling terms. */
    private static final long ENOUGH = 64;

    private final String norm;
    private final boolean relu;
    private final double momentum;
    private final BatchNorm exact;
    private boolean direct;
    private boolean training;
    private INDArray mean;
    private INDArray variance;

    MapNorm(String norm, boolean relu, double momentum) {
        this.norm = norm;
        this.relu = relu;
        this.momentum = momentum;
        exact = new BatchNorm(norm, momentum);
    }

    /** y = BN(z), which may be z itself if the caller does not come back with it. */
    void forward(INDArray z, INDArray y, Map<String, INDArray> parameters, boolean training, Memory memory) {
        this.training = training;
        direct = MapOps.direct(z) && (!training || count(z) >= ENOUGH);
        if (direct) {
            mean = parameters.get(BatchNorm.name(norm, BatchNorm.MEAN));
            variance = parameters.get(BatchNorm.name(norm, BatchNorm.VARIANCE));
            if (training) {
                mean = memory.keep(z.size(1));
                variance = memory.keep(z.size(1));
            }
            normalize(z, y, parameters, training);
            return;
        }
        INDArray doubles = memory.temporaryDouble(z.shape()).assign(z);
        exact.forwardi(flat(doubles), parameters, training, memory);
        finish(doubles, y);
    }

    /** y again, for the backward pass. */
    void again(INDArray z, INDArray y, Map<String, INDArray> parameters, Memory memory) {
        if (direct) {
            normalize(z, y, parameters, false);
            return;
        }
        INDArray doubles = memory.temporaryDouble(z.shape());
        exact.again(flat(doubles), parameters);
        finish(doubles, y);
    }

    /** Replaces the gradient of y by that of z, and writes those of the parameters. */
    void backwardi(
            INDArray z,
            INDArray y,
            INDArray gradient,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        if (relu && MapOps.direct(y)) {
            Elementwise.reluGradient(y, gradient, gradient);
        } else if (relu) {
            gradient.muli(y.gt(0).castTo(gradient.dataType()));
        }
        if (!direct) {
            INDArray doubles = memory.temporaryDouble(z.shape()).assign(gradient);
            exact.backwardi(flat(doubles), parameters, gradients);
            gradient.assign(doubles);
            return;
        }
        INDArray gamma = parameters.get(BatchNorm.name(norm, BatchNorm.GAMMA));
        INDArray gradGamma = gradients.get(BatchNorm.name(norm, BatchNorm.GAMMA));
        INDArray gradBeta = gradients.get(BatchNorm.name(norm, BatchNorm.BETA));
        INDArray gradMean = gradients.get(BatchNorm.name(norm, BatchNorm.MEAN));
        INDArray gradVariance = gradients.get(BatchNorm.name(norm, BatchNorm.VARIANCE));
        if (training) {
            io.github.squeeze4j.onednn.BatchNorm.backward(
                    z, gradient, gradient, gamma, mean, variance, gradGamma, gradBeta, BatchNorm.EPSILON);
            double unbiased = (double) count(z) / (count(z) - 1);
            gradMean.assign(parameters.get(BatchNorm.name(norm, BatchNorm.MEAN)))
                    .subi(mean)
                    .muli(momentum);
            gradVariance
                    .assign(parameters.get(BatchNorm.name(norm, BatchNorm.VARIANCE)))
                    .subi(variance.muli(unbiased))
                    .muli(momentum);
            return;
        }
        fixedBackwardi(z, gradient, gamma, gradGamma, gradBeta, memory);
        gradMean.assign(0);
        gradVariance.assign(0);
    }

    /** Behind running statistics, which are numbers: an affine map per channel. */
    private void fixedBackwardi(
            INDArray z, INDArray gradient, INDArray gamma, INDArray gradGamma, INDArray gradBeta, Memory memory) {
        INDArray perImage = memory.temporary(z.size(0), z.size(1));
        MapOps.sumPositions(gradient, perImage);
        MapOps.sumRows(perImage, gradBeta);
        MapOps.dotChannels(z, gradient, memory.temporary(z.shape()), perImage);
        MapOps.sumRows(perImage, gradGamma);
        INDArray inverse = memory.temporary(z.size(1)).assign(variance).addi(BatchNorm.EPSILON);
        Transforms.sqrt(inverse, false);
        inverse.rdivi(1);
        gradGamma.subi(gradBeta.mul(mean)).muli(inverse);
        perImage.assign(0).addiRowVector(inverse.muli(gamma));
        MapOps.multiply(gradient, MapOps.perChannel(perImage), gradient);
    }

    private void normalize(INDArray z, INDArray y, Map<String, INDArray> parameters, boolean training) {
        io.github.squeeze4j.onednn.BatchNorm.forward(
                z,
                y,
                parameters.get(BatchNorm.name(norm, BatchNorm.GAMMA)),
                parameters.get(BatchNorm.name(norm, BatchNorm.BETA)),
                mean,
                variance,
                BatchNorm.EPSILON,
                training,
                relu);
    }

    private void finish(INDArray doubles, INDArray y) {
        y.assign(doubles);
        if (relu && MapOps.direct(y)) {
            Elementwise.relu(y, y);
        } else if (relu) {
            Transforms.relu(y, false);
        }
    }

    private static long count(INDArray z) {
        return z.size(0) * z.size(2) * z.size(3);
    }

    private static INDArray flat(INDArray map) {
        return map.reshape('c', new long[] {map.size(0), map.size(1), map.size(2) * map.size(3)});
    }
}
