package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One way of computing one block. A runtime layer owns one kernel and calls forward, then backward at most once per
 * forward; what backward needs is kept in between in arrays from {@link Memory#keep}.
 *
 * <p>Maps are [N, C, H, W], contiguous in C order; the runtime transposes for NHWC networks.
 */
interface Kernel {
    /**
     * The re-weighted map.
     *
     * @param x the input, never written to
     * @param output the same shape as x, every element of which is written
     * @param parameters by name, running statistics included
     * @param training batch statistics if true, running statistics if false
     */
    void forward(INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory);

    /**
     * Gradients for the preceding forward call.
     *
     * @param x the same input as forward's
     * @param gradOutput the loss's gradient with respect to the output, never written to
     * @param gradInput every element of which is written
     * @param parameters as forward's
     * @param gradients by name, every element of which is written; for running statistics what training subtracts from
     *     them
     */
    void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory);
}
