package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_binary_desc_t;
import org.bytedeco.dnnl.dnnl_eltwise_desc_t;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Passes over dense arrays of equal shape and layout, in any order of elements. */
public final class Elementwise {
    private Elementwise() {}

    /**
     * y = max(x, 0).
     *
     * @param x any dense array
     * @param y of the same layout, overwritten; may be x
     */
    public static void relu(INDArray x, INDArray y) {
        Context.current()
                .program("relu", program -> reluProgram(program, x.length()), x.length())
                .run(x, y);
    }

    /**
     * gradInput = gradOutput where y is positive, else 0.
     *
     * @param y what {@link #relu} gave
     * @param gradOutput of the same layout
     * @param gradInput of the same layout, overwritten; may be gradOutput
     */
    public static void reluGradient(INDArray y, INDArray gradOutput, INDArray gradInput) {
        Context.current()
                .program("relu_bp", program -> reluGradientProgram(program, y.length()), y.length())
                .run(y, gradOutput, gradInput);
    }

    /**
     * sum = a + b, then optionally ReLU.
     *
     * @param a any dense array
     * @param b of the same layout
     * @param sum of the same layout, overwritten; may be a
     * @param relu whether negative sums become 0
     */
    public static void add(INDArray a, INDArray b, INDArray sum, boolean relu) {
        Context.current()
                .program(relu ? "add_relu" : "add", program -> addProgram(program, a.length(), relu), a.length())
                .run(a, b, sum);
    }

    private static dnnl_memory_desc_t flat(long length) {
        return Layout.of(new long[] {length}, dnnl_a);
    }

    private static void reluProgram(Program.Builder program, long length) {
        dnnl_memory_desc_t kind = flat(length);
        relu(program, kind, program.array(kind), program.array(kind));
    }

    /** Adds a step: to = max(from, 0). */
    static void relu(Program.Builder program, dnnl_memory_desc_t kind, int from, int to) {
        dnnl_eltwise_desc_t operation = new dnnl_eltwise_desc_t();
        Context.check(dnnl_eltwise_forward_desc_init(operation, dnnl_forward_inference, dnnl_eltwise_relu, kind, 0, 0));
        program.step(program.describe(operation), DNNL_ARG_SRC, from, DNNL_ARG_DST, to);
    }

    private static void reluGradientProgram(Program.Builder program, long length) {
        dnnl_memory_desc_t kind = flat(length);
        dnnl_eltwise_desc_t forward = new dnnl_eltwise_desc_t();
        Context.check(dnnl_eltwise_forward_desc_init(
                forward, dnnl_forward_training, dnnl_eltwise_relu_use_dst_for_bwd, kind, 0, 0));
        dnnl_eltwise_desc_t operation = new dnnl_eltwise_desc_t();
        Context.check(dnnl_eltwise_backward_desc_init(operation, dnnl_eltwise_relu_use_dst_for_bwd, kind, kind, 0, 0));
        program.step(
                program.describe(operation, null, program.describe(forward)),
                DNNL_ARG_DST,
                program.array(kind),
                DNNL_ARG_DIFF_DST,
                program.array(kind),
                DNNL_ARG_DIFF_SRC,
                program.array(kind));
    }

    private static void addProgram(Program.Builder program, long length, boolean relu) {
        dnnl_memory_desc_t kind = flat(length);
        dnnl_binary_desc_t operation = new dnnl_binary_desc_t();
        Context.check(dnnl_binary_desc_init(operation, dnnl_binary_add, kind, kind, kind));
        program.step(
                program.describe(operation, relu ? Convolution.withRelu(program) : null, null),
                DNNL_ARG_SRC_0,
                program.array(kind),
                DNNL_ARG_SRC_1,
                program.array(kind),
                DNNL_ARG_DST,
                program.array(kind));
    }
}
