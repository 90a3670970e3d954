package io.github.squeeze4j.layers;

import io.github.squeeze4j.internal.OpenMp;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.LayerValidation;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * DL4J's two-dimensional convolution, computed by oneDNN.
 *
 * <p>Shapes, parameters ({@code W} [out, in, kernelH, kernelW], {@code b} [1, out]), options, formats and results are
 * {@link ConvolutionLayer}'s; networks saved with it are loaded with its parameters in the same places. In FLOAT
 * where {@link io.github.squeeze4j.onednn.OneDnn} is available it runs there; else, in FLOAT on the CPU backend and without
 * dilation, as ND4J's {@code conv2d} and {@code conv2d_bp}, which are several times faster than the stock layer where the
 * backend is a build with oneDNN ({@code linux-x86_64-onednn-avx2} and the like). In other types and on other backends it is
 * the stock layer.
 *
 * <p>Differs from eclipse/deeplearning4j only in that the helper which it ships is used at all.
 *
 * <pre>{@code
 * .addLayer("conv1", NativeConvolution.of(
 *         new ConvolutionLayer.Builder(3, 3).padding(1, 1).nOut(64).hasBias(false).build()), "input")
 * }</pre>
 */
public final class NativeConvolution extends ConvolutionLayer {
    static {
        OpenMp.spinBriefly();
    }

    /** For JSON. */
    private NativeConvolution() {}

    /**
     * The native form of a stock convolution.
     *
     * @param layer a {@link ConvolutionLayer}, which stays as it is; not a subclass
     * @return a configuration with the same options
     * @throws IllegalArgumentException if {@code layer} is null or of a subclass
     */
    public static NativeConvolution of(ConvolutionLayer layer) {
        return Conversion.convert(layer, ConvolutionLayer.class, NativeConvolution.class);
    }

    @Override
    public org.deeplearning4j.nn.api.Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> trainingListeners,
            int layerIndex,
            INDArray layerParamsView,
            boolean initializeParams,
            DataType networkDataType) {
        LayerValidation.assertNInNOutSet("NativeConvolution", getLayerName(), layerIndex, getNIn(), getNOut());
        org.deeplearning4j.nn.layers.convolution.ConvolutionLayer runtime =
                NativeHelpers.convolutionRuntime(conf, networkDataType, this);
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
        return other instanceof NativeConvolution && super.equals(other);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }

    /** Keeps a stock layer from being equal to this one. */
    @Override
    protected boolean canEqual(Object other) {
        return other instanceof NativeConvolution;
    }
}
