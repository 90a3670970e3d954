package io.github.squeeze4j.layers;

import io.github.squeeze4j.onednn.BatchNorm;
import java.util.Collections;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.normalization.BatchNormalizationHelper;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Batch normalization of dense FLOAT feature maps by oneDNN; one instance per runtime layer. */
final class OneDnnBatchNormalizationHelper implements BatchNormalizationHelper {
    /** The batch's, kept from forward to backward. */
    private INDArray batchMean;

    private INDArray batchVariance;

    /** What the last forward pass normalised with. */
    private INDArray mean;

    private INDArray variance;

    @Override
    public boolean checkSupported() {
        return true;
    }

    @Override
    public boolean checkSupported(double eps, boolean fixedGammaBeta) {
        return !fixedGammaBeta;
    }

    /** With running statistics in evaluation mode; what a backward pass would then see are those. */
    @Override
    public INDArray preOutput(
            INDArray x,
            boolean training,
            long[] shape,
            INDArray gamma,
            INDArray beta,
            INDArray runningMean,
            INDArray runningVariance,
            double decay,
            double eps,
            CNN2DFormat format,
            LayerWorkspaceMgr workspaces) {
        if (training) {
            prepare(gamma.length());
        }
        mean = training ? batchMean : runningMean;
        variance = training ? batchVariance : runningVariance;
        INDArray y = workspaces.createUninitialized(ArrayType.ACTIVATIONS, x.dataType(), x.shape(), 'c');
        BatchNorm.forward(
                channelsFirst(x, format), channelsFirst(y, format), gamma, beta, mean, variance, eps, training, false);
        return y;
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(
            INDArray x,
            INDArray gradOutput,
            long[] shape,
            INDArray gamma,
            INDArray beta,
            INDArray gradGamma,
            INDArray gradBeta,
            double eps,
            CNN2DFormat format,
            LayerWorkspaceMgr workspaces) {
        INDArray gradInput = workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, x.dataType(), x.shape(), 'c');
        BatchNorm.backward(
                channelsFirst(x, format),
                channelsFirst(gradOutput, format),
                channelsFirst(gradInput, format),
                gamma,
                mean,
                variance,
                gradGamma,
                gradBeta,
                eps);
        Gradient gradient = new DefaultGradient();
        gradient.setGradientFor(BatchNormalizationParamInitializer.GAMMA, gradGamma);
        gradient.setGradientFor(BatchNormalizationParamInitializer.BETA, gradBeta);
        return new Pair<>(gradient, gradInput);
    }

    private static INDArray channelsFirst(INDArray map, CNN2DFormat format) {
        return format == CNN2DFormat.NCHW ? map : map.permute(0, 3, 1, 2);
    }

    private void prepare(long channels) {
        if (batchMean == null) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                batchMean = Nd4j.create(DataType.FLOAT, channels);
                batchVariance = Nd4j.create(DataType.FLOAT, channels);
            }
        }
    }

    @Override
    public INDArray getMeanCache(DataType dataType) {
        return mean;
    }

    @Override
    public INDArray getVarCache(DataType dataType) {
        return variance;
    }

    @Override
    public Map<String, Long> helperMemoryUse() {
        return Collections.emptyMap();
    }
}
