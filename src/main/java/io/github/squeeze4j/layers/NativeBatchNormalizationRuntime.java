package io.github.squeeze4j.layers;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.LayerHelper;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.layers.normalization.BatchNormalizationHelper;
import org.deeplearning4j.nn.params.BatchNormalizationParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * DL4J's runtime with a helper for feature maps. DL4J's own helper field is out of a subclass's reach, hence the two
 * methods that use it are here.
 */
final class NativeBatchNormalizationRuntime extends BatchNormalization {
    private final BatchNormalizationHelper nativeHelper;

    /** Whether the last forward pass was one of training; a frozen layer runs backward behind one at inference. */
    private boolean trains = true;

    NativeBatchNormalizationRuntime(NeuralNetConfiguration conf, DataType dataType) {
        super(conf, dataType);
        nativeHelper = super.getHelper() != null || layerConf().isLockGammaBeta()
                ? null
                : NativeHelpers.batchNormalization(dataType);
    }

    @Override
    public INDArray preOutput(INDArray x, TrainingMode training, LayerWorkspaceMgr workspaces) {
        trains = training == TrainingMode.TRAIN;
        if (!runsNatively(x)) {
            return super.preOutput(x, training, workspaces);
        }
        return nativeHelper.preOutput(
                OpsConvolutionHelper.dense(x.castTo(dataType)),
                training == TrainingMode.TRAIN,
                getShape(x),
                getParam(BatchNormalizationParamInitializer.GAMMA),
                getParam(BatchNormalizationParamInitializer.BETA),
                getParam(BatchNormalizationParamInitializer.GLOBAL_MEAN),
                getParam(BatchNormalizationParamInitializer.GLOBAL_VAR),
                layerConf().getDecay(),
                layerConf().getEps(),
                layerConf().getCnn2DFormat(),
                workspaces);
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        assertInputSet(true);
        if (!runsNatively(input)) {
            return super.backpropGradient(epsilon, workspaces);
        }
        if (!trains) {
            Pair<Gradient, INDArray> stock = backwardOfInference(epsilon);
            stock.setSecond(workspaces.dup(ArrayType.ACTIVATION_GRAD, stock.getSecond(), 'c'));
            return stock;
        }
        Pair<Gradient, INDArray> result = nativeHelper.backpropGradient(
                OpsConvolutionHelper.dense(input.castTo(dataType)),
                OpsConvolutionHelper.dense(epsilon.castTo(dataType)),
                getShape(epsilon),
                getParam(BatchNormalizationParamInitializer.GAMMA),
                getParam(BatchNormalizationParamInitializer.BETA),
                gradientViews.get(BatchNormalizationParamInitializer.GAMMA),
                gradientViews.get(BatchNormalizationParamInitializer.BETA),
                layerConf().getEps(),
                layerConf().getCnn2DFormat(),
                workspaces);
        moveTowards(BatchNormalizationParamInitializer.GLOBAL_MEAN, nativeHelper.getMeanCache(dataType), result);
        moveTowards(BatchNormalizationParamInitializer.GLOBAL_VAR, nativeHelper.getVarCache(dataType), result);
        return result;
    }

    /** DL4J's, outside of its workspaces, in which it reads what it has closed. */
    private Pair<Gradient, INDArray> backwardOfInference(INDArray epsilon) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            super.preOutput(input, TrainingMode.TEST, LayerWorkspaceMgr.noWorkspaces());
            return super.backpropGradient(epsilon, LayerWorkspaceMgr.noWorkspaces());
        }
    }

    /** As in DL4J, the "gradient" of a running statistic is what training subtracts: (old - batch) * (1 - decay). */
    private void moveTowards(String statistic, INDArray batch, Pair<Gradient, INDArray> result) {
        INDArray view = gradientViews.get(statistic);
        view.assign(getParam(statistic))
                .subi(batch.reshape(view.shape()))
                .muli(1 - layerConf().getDecay());
        result.getFirst().setGradientFor(statistic, view);
    }

    @Override
    public LayerHelper getHelper() {
        return nativeHelper == null ? super.getHelper() : nativeHelper;
    }

    private boolean runsNatively(INDArray x) {
        int channelAxis = layerConf().getCnn2DFormat() == CNN2DFormat.NCHW ? 1 : 3;
        return nativeHelper != null
                && x.rank() == 4
                && x.size(channelAxis) == layerConf().getNOut();
    }
}
