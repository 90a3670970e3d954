package io.github.squeeze4j.layers;

import java.util.Collections;
import java.util.Map;
import org.deeplearning4j.nn.layers.LayerHelper;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Computes a convolution, without its activation; one instance per runtime layer.
 *
 * <p>Maps are [N, C, H, W] whatever the network's format, so that with NHWC they are views; input and output gradient may
 * have any strides and are only read. Results are written whole into the arrays given, whose sizes are right. Padding is
 * the one above and the one to the left; what is missing below and to the right follows from the sizes.
 */
interface ConvolutionKernel extends LayerHelper {
    /** Writes {@code output}; {@code bias} [out] is null where there is none. */
    void forward(INDArray input, INDArray weights, INDArray bias, int[] padding, INDArray output);

    /** Writes the three gradients; {@code bias} and {@code biasGradient} are null where there is none. */
    void backward(
            INDArray input,
            INDArray weights,
            INDArray bias,
            int[] padding,
            INDArray outputGradient,
            INDArray inputGradient,
            INDArray weightGradient,
            INDArray biasGradient);

    @Override
    default boolean checkSupported() {
        return true;
    }

    @Override
    default Map<String, Long> helperMemoryUse() {
        return Collections.emptyMap();
    }
}
