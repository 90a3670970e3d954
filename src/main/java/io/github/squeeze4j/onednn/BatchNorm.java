package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_batch_normalization_desc_t;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Batch normalization of maps, optionally with the ReLU behind it. gamma, beta, mean and variance are [1, C], dense. */
public final class BatchNorm {
    private BatchNorm() {}

    /**
     * y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, then optionally ReLU.
     *
     * @param x [N, C, H, W] as {@link OneDnn#fits} takes it
     * @param y of x's shape and layout, overwritten
     * @param gamma scale
     * @param beta shift
     * @param mean the batch's, written, if {@code training}; else read
     * @param variance likewise; the batch's is the biased one
     * @param epsilon added to the variance
     * @param training whether statistics are the batch's
     * @param relu whether negative results become 0
     */
    public static void forward(
            INDArray x,
            INDArray y,
            INDArray gamma,
            INDArray beta,
            INDArray mean,
            INDArray variance,
            double epsilon,
            boolean training,
            boolean relu) {
        boolean channelsLast = Layout.channelsLast(x);
        Context.current()
                .program(
                        training ? "bn" : "bn_inference",
                        program -> forwardProgram(program, x, channelsLast, epsilon, training, relu),
                        key(x, channelsLast, epsilon, relu))
                .run(x, gamma, beta, mean, variance, y);
    }

    /**
     * Gradients behind batch statistics.
     *
     * @param x forward's input
     * @param gradOutput with respect to what normalization gave (before any ReLU), in x's layout
     * @param gradInput in x's layout, overwritten; may be gradOutput itself
     * @param gamma scale
     * @param mean forward's
     * @param variance forward's
     * @param gradGamma overwritten
     * @param gradBeta overwritten
     * @param epsilon forward's
     */
    public static void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            INDArray gamma,
            INDArray mean,
            INDArray variance,
            INDArray gradGamma,
            INDArray gradBeta,
            double epsilon) {
        boolean channelsLast = Layout.channelsLast(x);
        Context.current()
                .program(
                        "bn_bp",
                        program -> backwardProgram(program, x, channelsLast, epsilon),
                        key(x, channelsLast, epsilon, false))
                .run(x, gradOutput, gamma, mean, variance, gradInput, gradGamma, gradBeta);
    }

    private static long[] key(INDArray x, boolean channelsLast, double epsilon, boolean relu) {
        return new long[] {
            x.size(0),
            x.size(1),
            x.size(2),
            x.size(3),
            channelsLast ? 1 : 0,
            Double.doubleToLongBits(epsilon),
            relu ? 1 : 0
        };
    }

    private static void forwardProgram(
            Program.Builder program, INDArray x, boolean channelsLast, double epsilon, boolean training, boolean relu) {
        dnnl_memory_desc_t kind = Layout.map(x.shape(), channelsLast);
        dnnl_memory_desc_t numbers = Layout.of(new long[] {x.size(1)}, dnnl_a);
        int from = program.array(kind);
        int gamma = program.array(numbers);
        int beta = program.array(numbers);
        int mean = program.array(numbers);
        int variance = program.array(numbers);
        int to = program.array(kind);
        // In training the fused form would need a mask of its own for backward, and with channels first it runs element
        // by
        // element; ReLU in place is one cheap pass.
        boolean fused = relu && !training && channelsLast;
        int flags = dnnl_use_scale
                | dnnl_use_shift
                | (training ? 0 : dnnl_use_global_stats)
                | (fused ? dnnl_fuse_norm_relu : 0);
        dnnl_batch_normalization_desc_t operation = new dnnl_batch_normalization_desc_t();
        Context.check(dnnl_batch_normalization_forward_desc_init(
                operation, training ? dnnl_forward_training : dnnl_forward_inference, kind, (float) epsilon, flags));
        dnnl_primitive_desc description = program.describe(operation);
        program.step(
                description,
                DNNL_ARG_SRC,
                from,
                DNNL_ARG_SCALE,
                gamma,
                DNNL_ARG_SHIFT,
                beta,
                DNNL_ARG_MEAN,
                mean,
                DNNL_ARG_VARIANCE,
                variance,
                DNNL_ARG_DST,
                to);
        if (relu && !fused) {
            Elementwise.relu(program, kind, to, to);
        }
    }

    private static void backwardProgram(Program.Builder program, INDArray x, boolean channelsLast, double epsilon) {
        dnnl_memory_desc_t kind = Layout.map(x.shape(), channelsLast);
        dnnl_memory_desc_t numbers = Layout.of(new long[] {x.size(1)}, dnnl_a);
        int flags = dnnl_use_scale | dnnl_use_shift;
        dnnl_batch_normalization_desc_t forward = new dnnl_batch_normalization_desc_t();
        Context.check(dnnl_batch_normalization_forward_desc_init(
                forward, dnnl_forward_training, kind, (float) epsilon, flags));
        dnnl_batch_normalization_desc_t operation = new dnnl_batch_normalization_desc_t();
        Context.check(dnnl_batch_normalization_backward_desc_init(
                operation, dnnl_backward, kind, kind, (float) epsilon, flags));
        dnnl_primitive_desc description = program.describe(operation, null, program.describe(forward));
        int from = program.array(kind);
        int gradOutput = program.array(kind);
        int gamma = program.array(numbers);
        // A shift must be given but is not read.
        program.step(
                description,
                DNNL_ARG_SRC,
                from,
                DNNL_ARG_DIFF_DST,
                gradOutput,
                DNNL_ARG_SCALE,
                gamma,
                DNNL_ARG_SHIFT,
                gamma,
                DNNL_ARG_MEAN,
                program.array(numbers),
                DNNL_ARG_VARIANCE,
                program.array(numbers),
                DNNL_ARG_DIFF_SRC,
                program.array(kind),
                DNNL_ARG_DIFF_SCALE,
                program.array(numbers),
                DNNL_ARG_DIFF_SHIFT,
                program.array(numbers));
    }
}
