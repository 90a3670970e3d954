package io.github.squeeze4j.layers;

import io.github.squeeze4j.internal.OpenMp;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.LayerValidation;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DL4J's batch normalization, computed by oneDNN or straight on the memory of ND4J's CPU backend.
 *
 * <pre>
 * y = gamma * (x - mean) / sqrt(var + eps) + beta
 * </pre>
 *
 * <p>Shapes, parameters ({@code gamma}, {@code beta}, {@code mean} and {@code var}, each [1, C]), options, formats and
 * results are {@link BatchNormalization}'s; like it, the layer ignores its activation. In FLOAT feature
 * maps (rank 4) are normalised by oneDNN where {@link io.github.squeeze4j.onednn.OneDnn} is available, and elsewhere on the
 * CPU backend in two passes forward and two backward, with sums in double; other ranks and types, other backends and locked
 * gamma and beta are the stock layer. The running statistic is the variance itself, not its logarithm.
 *
 * <p>Ioffe and Szegedy, Batch Normalization, 1502.03167, algorithm 1. {@link #standard()} gives the conventions of the
 * networks of this library.
 *
 * <pre>{@code
 * .addLayer("bn1", NativeBatchNormalization.standard(), "conv1")
 * }</pre>
 */
public final class NativeBatchNormalization extends BatchNormalization {
    static {
        OpenMp.spinBriefly();
    }

    /** Added to the variance by {@link #standard()}: PyTorch's {@code eps}. */
    public static final double EPSILON = 1e-5;

    /** Weight of the old running statistic in {@link #standard()}: 1 - PyTorch's {@code momentum} of 0.1. */
    public static final double DECAY = 0.9;

    /** For JSON. */
    private NativeBatchNormalization() {
        super.setUseLogStd(false);
    }

    /**
     * The native form of a stock batch normalization.
     *
     * @param layer a {@link BatchNormalization}, which stays as it is; not a subclass
     * @return a configuration with the same options
     * @throws IllegalArgumentException if {@code layer} is null, of a subclass or keeps the logarithm of the deviation
     */
    public static NativeBatchNormalization of(BatchNormalization layer) {
        if (layer != null && layer.isUseLogStd()) {
            throw new IllegalArgumentException("useLogStd (true) must be false: the running statistic is the variance"
                    + " itself; add useLogStd(false) to the BatchNormalization.Builder");
        }
        return Conversion.convert(layer, BatchNormalization.class, NativeBatchNormalization.class);
    }

    /**
     * Batch normalization as the networks of this library use it: {@link #EPSILON}, {@link #DECAY}, gamma 1, beta 0, and
     * the variance itself (not its logarithm) as running statistic.
     *
     * @return a new configuration
     */
    public static NativeBatchNormalization standard() {
        return of(new BatchNormalization.Builder()
                .eps(EPSILON)
                .decay(DECAY)
                .useLogStd(false)
                .build());
    }

    @Override
    public org.deeplearning4j.nn.api.Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> trainingListeners,
            int layerIndex,
            INDArray layerParamsView,
            boolean initializeParams,
            DataType networkDataType) {
        LayerValidation.assertNOutSet("NativeBatchNormalization", getLayerName(), layerIndex, getNOut());
        NativeBatchNormalizationRuntime runtime = new NativeBatchNormalizationRuntime(conf, networkDataType);
        runtime.setListeners(trainingListeners);
        runtime.setIndex(layerIndex);
        runtime.setParamsViewArray(layerParamsView);
        Map<String, INDArray> parameters = initializer().init(conf, layerParamsView, initializeParams);
        runtime.setParamTable(parameters);
        runtime.setConf(conf);
        return runtime;
    }

    /**
     * Without effect: the running statistic is always the variance itself. DL4J's reader of configurations sets this
     * option by guess, and guesses wrong for networks that were saved before {@code init()}.
     *
     * @param useLogStd ignored
     */
    @Override
    public void setUseLogStd(boolean useLogStd) {}

    @Override
    public boolean equals(Object other) {
        return other instanceof NativeBatchNormalization && super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }

    /** Keeps a stock layer from being equal to this one. */
    @Override
    protected boolean canEqual(Object other) {
        return other instanceof NativeBatchNormalization;
    }
}
