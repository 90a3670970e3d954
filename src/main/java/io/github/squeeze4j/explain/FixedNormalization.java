package io.github.squeeze4j.explain;

import io.github.squeeze4j.internal.LockedNormalization;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Broadcast;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The backward pass of batch normalization with its running statistics, which do not depend on the input: a factor per channel.
 * DL4J's own takes the statistics for the batch's.
 */
final class FixedNormalization {
    private FixedNormalization() {}

    static INDArray backward(Layer runtime, INDArray gradient) {
        BatchNormalization normalization = (BatchNormalization) runtime.conf().getLayer();
        boolean channelsLast = gradient.rank() == 4 && normalization.getCnn2DFormat() == CNN2DFormat.NHWC;
        INDArray factor = factor(normalization, runtime);
        return Broadcast.mul(
                gradient, factor.castTo(gradient.dataType()), gradient.ulike(), channelsLast ? gradient.rank() - 1 : 1);
    }

    private static INDArray factor(BatchNormalization normalization, Layer runtime) {
        INDArray variance;
        if (normalization.isUseLogStd()) {
            INDArray logarithm = runtime.getParam(BatchNormalizationParamInitializer.GLOBAL_LOG_STD);
            variance = Transforms.exp(logarithm.mul(2 * Math.log(10)), false);
        } else {
            variance = runtime.getParam(BatchNormalizationParamInitializer.GLOBAL_VAR);
        }
        INDArray inverse =
                Transforms.sqrt(variance.add(normalization.getEps()), false).rdivi(1);
        INDArray factor = normalization.isLockGammaBeta()
                ? inverse.muli(LockedNormalization.gamma(normalization))
                : inverse.muli(runtime.getParam(BatchNormalizationParamInitializer.GAMMA));
        return factor.reshape('c', new long[] {factor.length()});
    }
}
