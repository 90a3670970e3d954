package io.github.squeeze4j.layers;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

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
    @JsonProperty("ceilMode")
    private boolean ceilMode;

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

    /**
     * The native form of a stock pooling layer whose output sizes are rounded up, so that a last window that the map fills only
     * in part counts, too: Caffe's pooling and PyTorch's {@code ceil_mode}. No window starts in the padding behind the map.
     *
     * @param layer a {@link SubsamplingLayer} of maxima, without dilation and not of mode Same; stays as it is
     * @return a configuration with the same options
     * @throws IllegalArgumentException if {@code layer} is null, of a subclass or of another kind
     */
    public static NativePooling ceilMode(SubsamplingLayer layer) {
        NativePooling pooling = of(layer);
        boolean dilated = Arrays.stream(layer.getDilation()).anyMatch(dilation -> dilation != 1);
        if (layer.getPoolingType() != org.deeplearning4j.nn.conf.layers.PoolingType.MAX
                || dilated
                || layer.getConvolutionMode() == ConvolutionMode.Same) {
            throw new IllegalArgumentException("pooling (" + layer.getPoolingType() + ", dilation "
                    + Arrays.toString(layer.getDilation()) + ", mode " + layer.getConvolutionMode()
                    + ") must be of maxima, without dilation and not of mode Same to round sizes up; use"
                    + " NativePooling.of(layer)");
        }
        pooling.ceilMode = true;
        return pooling;
    }

    /**
     * Whether output sizes are rounded up.
     *
     * @return true for layers of {@link #ceilMode(SubsamplingLayer)}
     */
    public boolean isCeilMode() {
        return ceilMode;
    }

    /** Height and width of the output for a map of this height and width, rounded up. */
    long[] ceilSize(long height, long width) {
        long[] in = {height, width};
        long[] out = new long[2];
        for (int axis = 0; axis < 2; axis++) {
            long room = in[axis] + 2L * padding[axis] - kernelSize[axis];
            if (room < 0) {
                throw new IllegalArgumentException(
                        "pooling layer \"" + getLayerName() + "\": map (" + height + "x" + width
                                + ") must not be smaller than the window (" + Arrays.toString(kernelSize) + ", padding "
                                + Arrays.toString(padding) + "); use larger images");
            }
            out[axis] = (room + stride[axis] - 1) / stride[axis] + 1;
            if ((out[axis] - 1) * stride[axis] >= in[axis] + padding[axis]) {
                out[axis]--;
            }
        }
        return out;
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType inputType) {
        if (!ceilMode || !(inputType instanceof InputType.InputTypeConvolutional)) {
            return super.getOutputType(layerIndex, inputType);
        }
        InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) inputType;
        long[] out = ceilSize(map.getHeight(), map.getWidth());
        return InputType.convolutional(out[0], out[1], map.getChannels(), map.getFormat());
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
        return other instanceof NativePooling && super.equals(other) && ceilMode == ((NativePooling) other).ceilMode;
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
