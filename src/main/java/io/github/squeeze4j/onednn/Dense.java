package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_eltwise_desc_t;
import org.bytedeco.dnnl.dnnl_matmul_desc_t;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Products of matrices and the sigmoid, for small dense arrays of FLOAT in C order. */
public final class Dense {
    private Dense() {}

    /**
     * Whether a matrix is as {@link #multiply} takes it.
     *
     * @param matrix any array
     * @return true for a matrix without gaps whose rows lie one after the other
     */
    public static boolean fits(INDArray matrix) {
        return matrix.rank() == 2
                && (matrix.size(1) == 1 || matrix.stride(1) == 1)
                && (matrix.size(0) == 1 || matrix.stride(0) == matrix.size(1));
    }

    /**
     * out = a b + bias.
     *
     * @param a [rows, inner], or [inner, rows] if it is to be transposed
     * @param transposeA whether a is transposed first
     * @param b [inner, columns], or [columns, inner] if it is to be transposed
     * @param transposeB whether b is transposed first
     * @param bias [columns] numbers, or null
     * @param out [rows, columns], overwritten
     */
    public static void multiply(
            INDArray a, boolean transposeA, INDArray b, boolean transposeB, INDArray bias, INDArray out) {
        long inner = a.size(transposeA ? 0 : 1);
        long options = (transposeA ? 1 : 0) | (transposeB ? 2 : 0) | (bias != null ? 4 : 0);
        Program product = Context.current()
                .program(
                        "product",
                        program -> productProgram(program, out.size(0), inner, out.size(1), options),
                        out.size(0),
                        inner,
                        out.size(1),
                        options);
        if (bias == null) {
            product.run(a, b, out);
        } else {
            product.run(a, b, out, bias);
        }
    }

    /**
     * out[c] = sum over r of a[r, c].
     *
     * @param a [rows, columns]
     * @param out [columns] numbers, overwritten
     */
    public static void sumRows(INDArray a, INDArray out) {
        long rows = a.size(0);
        long columns = a.size(1);
        Context context = Context.current();
        context.program("product", program -> productProgram(program, 1, rows, columns, 0), 1, rows, columns, 0)
                .run(context.ones(rows), a, out);
    }

    /**
     * y = 1 / (1 + exp(-x)).
     *
     * @param x any dense array
     * @param y of the same layout, overwritten; may be x
     */
    public static void sigmoid(INDArray x, INDArray y) {
        Context.current()
                .program("sigmoid", program -> sigmoidProgram(program, x.length()), x.length())
                .run(x, y);
    }

    /**
     * gradInput = gradOutput * y * (1 - y).
     *
     * @param y what {@link #sigmoid} gave
     * @param gradOutput of the same layout
     * @param gradInput of the same layout, overwritten; may be gradOutput
     */
    public static void sigmoidGradient(INDArray y, INDArray gradOutput, INDArray gradInput) {
        Context.current()
                .program("sigmoid_bp", program -> sigmoidGradientProgram(program, y.length()), y.length())
                .run(y, gradOutput, gradInput);
    }

    private static void productProgram(Program.Builder program, long rows, long inner, long columns, long options) {
        dnnl_memory_desc_t a = Layout.of(new long[] {rows, inner}, (options & 1) == 0 ? dnnl_ab : dnnl_ba);
        dnnl_memory_desc_t b = Layout.of(new long[] {inner, columns}, (options & 2) == 0 ? dnnl_ab : dnnl_ba);
        dnnl_memory_desc_t out = Layout.of(new long[] {rows, columns}, dnnl_ab);
        dnnl_memory_desc_t bias = (options & 4) == 0 ? null : Layout.of(new long[] {1, columns}, dnnl_ab);
        dnnl_matmul_desc_t operation = new dnnl_matmul_desc_t();
        Context.check(dnnl_matmul_desc_init(operation, a, b, bias, out));
        program.step(
                program.describe(operation),
                DNNL_ARG_SRC,
                program.array(a),
                DNNL_ARG_WEIGHTS,
                program.array(b),
                DNNL_ARG_DST,
                program.array(out),
                DNNL_ARG_BIAS,
                bias == null ? -1 : program.array(bias));
    }

    private static void sigmoidProgram(Program.Builder program, long length) {
        dnnl_memory_desc_t kind = Layout.of(new long[] {length}, dnnl_a);
        dnnl_eltwise_desc_t operation = new dnnl_eltwise_desc_t();
        Context.check(
                dnnl_eltwise_forward_desc_init(operation, dnnl_forward_inference, dnnl_eltwise_logistic, kind, 0, 0));
        program.step(program.describe(operation), DNNL_ARG_SRC, program.array(kind), DNNL_ARG_DST, program.array(kind));
    }

    private static void sigmoidGradientProgram(Program.Builder program, long length) {
        dnnl_memory_desc_t kind = Layout.of(new long[] {length}, dnnl_a);
        int algorithm = dnnl_eltwise_logistic_use_dst_for_bwd;
        dnnl_eltwise_desc_t forward = new dnnl_eltwise_desc_t();
        Context.check(dnnl_eltwise_forward_desc_init(forward, dnnl_forward_training, algorithm, kind, 0, 0));
        dnnl_eltwise_desc_t operation = new dnnl_eltwise_desc_t();
        Context.check(dnnl_eltwise_backward_desc_init(operation, algorithm, kind, kind, 0, 0));
        program.step(
                program.describe(operation, null, program.describe(forward)),
                DNNL_ARG_DST,
                program.array(kind),
                DNNL_ARG_DIFF_DST,
                program.array(kind),
                DNNL_ARG_DIFF_SRC,
                program.array(kind));
    }
}
