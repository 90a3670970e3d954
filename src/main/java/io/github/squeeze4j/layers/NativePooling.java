package io.github.squeeze4j.layers;

import io.github.squeeze4j.internal.OpenMp;
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
import org.nd4j.shade.jackson.annotation.JsonInclude;
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
 * layer. Whether a mean counts the padding is the stock option {@code avgPoolIncludePadInDivisor}, off by default where
 * PyTorch's {@code count_include_pad} is on.
 *
 * <p>{@link #ceilMode} is what the stock layer lacks: Caffe's and PyTorch's size rounded up.
 *
 * <pre>{@code
 * .addLayer("pool", NativePooling.of(
 *         new SubsamplingLayer.Builder(PoolingType.MAX).kernelSize(3, 3).stride(2, 2).padding(1, 1).build()), "relu")
 * }</pre>
 */
public final class NativePooling extends SubsamplingLayer {
    static {
        OpenMp.spinBriefly();
    }

    @JsonProperty
    @JsonInclude(JsonInclude.Include.NON_DEFAULT)
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
     * The same layer with sizes rounded up, as Caffe does and PyTorch with {@code ceil_mode}: a last window that the map and
     * its padding do not fill is kept if it starts inside of them, the padding at the end left out. What lies beyond the map and
     * its padding counts neither for a maximum nor for a mean. A mean that counts padding, with a stride above 1, runs on ND4J's
     * operations.
     *
     * @return a copy; this layer stays as it is
     * @throws IllegalArgumentException if this is not a maximum or a mean, is dilated or has ConvolutionMode.Same
     */
    public NativePooling ceilMode() {
        boolean mean = getPoolingType() == org.deeplearning4j.nn.conf.layers.PoolingType.AVG;
        if (!mean && getPoolingType() != org.deeplearning4j.nn.conf.layers.PoolingType.MAX) {
            throw new IllegalArgumentException(
                    "poolingType (" + getPoolingType() + ") must be MAX or AVG in ceil mode");
        }
        if (getConvolutionMode() == ConvolutionMode.Same) {
            throw new IllegalArgumentException("convolutionMode (Same) must be Truncate in ceil mode");
        }
        if (Arrays.stream(getDilation()).anyMatch(dilation -> dilation != 1)) {
            throw new IllegalArgumentException(
                    "dilation (" + Arrays.toString(getDilation()) + ") must be 1 in ceil mode");
        }
        NativePooling copy = (NativePooling) clone();
        copy.ceilMode = true;
        return copy;
    }

    /**
     * Whether sizes are rounded up.
     *
     * @return true behind {@link #ceilMode}
     */
    public boolean isCeilMode() {
        return ceilMode;
    }

    /**
     * Whether a mean divides by the padding too. What ceil mode adds at the end never counts, so that nothing is left to
     * count there without padding.
     *
     * @return true if padding counts
     */
    public boolean countsPadding() {
        boolean padded = Arrays.stream(getPadding()).anyMatch(padding -> padding > 0);
        return isAvgPoolIncludePadInDivisor() && (padded || !ceilMode);
    }

    /**
     * Whether it is a mean that counts padding, but may reach beyond it, where nothing counts: oneDNN divides by all or by
     * the map's part alone.
     *
     * @return true in ceil mode with padding that counts and a stride above 1
     */
    public boolean countsPartOfWindows() {
        boolean mean = getPoolingType() == org.deeplearning4j.nn.conf.layers.PoolingType.AVG;
        return ceilMode && mean && countsPadding() && Arrays.stream(getStride()).anyMatch(step -> step > 1);
    }

    /** Height and width of the result. */
    int[] ceilSize(long height, long width) {
        return new int[] {ceilSize(height, 0), ceilSize(width, 1)};
    }

    private int ceilSize(long size, int axis) {
        int step = getStride()[axis];
        int begin = getPadding()[axis];
        long room = size + 2L * begin - getKernelSize()[axis];
        if (room < 0) {
            throw new IllegalStateException("layer " + getLayerName() + ": a window of " + getKernelSize()[axis]
                    + " must fit in a map of " + size + " with padding " + begin);
        }
        long count = (room + step - 1) / step + 1;
        return Math.toIntExact((count - 1) * step >= size + begin ? count - 1 : count);
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType inputType) {
        InputType stock = super.getOutputType(layerIndex, inputType);
        if (!ceilMode) {
            return stock;
        }
        InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) inputType;
        int[] size = ceilSize(map.getHeight(), map.getWidth());
        return InputType.convolutional(
                size[0], size[1], map.getChannels(), ((InputType.InputTypeConvolutional) stock).getFormat());
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
        return other instanceof NativePooling && ceilMode == ((NativePooling) other).ceilMode && super.equals(other);
    }

    @Override
    public int hashCode() {
        return 31 * super.hashCode() + Boolean.hashCode(ceilMode);
    }

    /** Keeps a stock layer from being equal to this one. */
    @Override
    protected boolean canEqual(Object other) {
        return other instanceof NativePooling;
    }
}
