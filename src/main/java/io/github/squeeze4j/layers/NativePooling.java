package io.github.squeeze4j.layers;

import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DL4J's pooling over windows, computed by oneDNN.
 *
 * <pre>
 * y[n, c, i, j] = max, or mean, of x[n, c, i * stride + di, j * stride + dj] over the window
 * </pre>
 *
 * <p>Shapes, options, formats and results are {@link SubsamplingLayer}'s; there are no parameters. In FLOAT where {@link
 * io.github.squeeze4j.onednn.OneDnn} is available maxima and means without dilation run there; everything else is the stock
 * layer.
 *
 * <pre>{@code
 * .addLayer("pool", NativePooling.of(
 *         new SubsamplingLayer.Builder(PoolingType.MAX).kernelSize(3, 3).stride(2, 2).padding(1, 1).build()), "relu")
 * }</pre>
 */
public final class NativePooling extends SubsamplingLayer {
    /** For JSON. */
    private NativePooling() {}

    /**
     * The native form of a stock pooling layer.
     *
     * @param layer a {@link SubsamplingLayer}, which stays as it is; not a subclass
     * @return a configuration with the same options
     * @throws IllegalArgumentException if {@code layer} is null or of a subclass
     */
    public static NativePooling of(SubsamplingLayer layer) {
        return Conversion.convert(layer, SubsamplingLayer.class, NativePooling.class);
    }

    @Override
    public org.deeplearning4j.nn.api.Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> trainingListeners,
            int layerIndex,
            INDArray layerParamsView,
            boolean initializeParams,
            DataType networkDataType) {
        NativePoolingRuntime runtime =
                new NativePoolingRuntime(conf, networkDataType, NativeHelpers.poolsDirectly(networkDataType, this));
        runtime.setListeners(trainingListeners);
        runtime.setIndex(layerIndex);
        runtime.setParamsViewArray(layerParamsView);
        Map<String, INDArray> parameters = initializer().init(conf, layerParamsView, initializeParams);
        runtime.setParamTable(parameters);
        runtime.setConf(conf);
        return runtime;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NativePooling && super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }

    /** Keeps a stock layer from being equal to this one. */
    @Override
    protected boolean canEqual(Object other) {
        return other instanceof NativePooling;
    }
}
