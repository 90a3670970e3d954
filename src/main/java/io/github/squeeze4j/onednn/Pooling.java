package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_pooling_v2_desc_t;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Maxima and means of windows. Maps are [N, C, H, W] as {@link OneDnn#fits} takes them. */
public final class Pooling {
    /** What is made of a window. */
    public enum Kind {
        /** The largest number. */
        MAX(dnnl_pooling_max),
        /** The sum over the window's whole area. */
        AVERAGE(dnnl_pooling_avg_include_padding),
        /** The mean of what lies inside the map. */
        AVERAGE_INSIDE(dnnl_pooling_avg_exclude_padding);

        final int algorithm;

        Kind(int algorithm) {
            this.algorithm = algorithm;
        }
    }

    private final Kind kind;
    private final long[] kernel;
    private final long[] stride;
    private final long[] begin;
    private final long[] end;

    /**
     * The geometry.
     *
     * @param kind what is made of a window
     * @param kernel height and width of a window
     * @param stride vertical, horizontal
     * @param begin padding above and to the left
     * @param end padding below and to the right
     */
    public Pooling(Kind kind, int[] kernel, int[] stride, int[] begin, int[] end) {
        this.kind = kind;
        this.kernel = longs(kernel);
        this.stride = longs(stride);
        this.begin = longs(begin);
        this.end = longs(end);
    }

    private static long[] longs(int[] pair) {
        return new long[] {pair[0], pair[1]};
    }

    /**
     * Pools.
     *
     * @param x [N, C, H, W]
     * @param y [N, C, H', W'] in x's layout, overwritten
     */
    public void forward(INDArray x, INDArray y) {
        boolean channelsLast = Layout.channelsLast(x);
        Context.current()
                .program(
                        "pool",
                        program -> forwardProgram(program, x.shape(), y.shape(), channelsLast),
                        key(x, y, channelsLast))
                .run(x, y);
    }

    /**
     * The gradient of the input. Maxima are found anew, which is cheaper than keeping where they were.
     *
     * @param x forward's input
     * @param gradOutput [N, C, H', W'] in x's layout
     * @param gradInput in x's layout, overwritten
     */
    public void backward(INDArray x, INDArray gradOutput, INDArray gradInput) {
        boolean channelsLast = Layout.channelsLast(x);
        Context.current()
                .program(
                        "pool_bp",
                        program -> backwardProgram(program, x.shape(), gradOutput.shape(), channelsLast),
                        key(x, gradOutput, channelsLast))
                .run(x, gradOutput, gradInput);
    }

    private long[] key(INDArray x, INDArray y, boolean channelsLast) {
        return new long[] {
            kind.algorithm,
            x.size(0),
            x.size(1),
            x.size(2),
            x.size(3),
            y.size(2),
            y.size(3),
            kernel[0],
            kernel[1],
            stride[0],
            stride[1],
            begin[0],
            begin[1],
            end[0],
            end[1],
            channelsLast ? 1 : 0
        };
    }

    private dnnl_primitive_desc forwardDescription(
            Program.Builder program, dnnl_memory_desc_t in, dnnl_memory_desc_t out, boolean training) {
        dnnl_pooling_v2_desc_t operation = new dnnl_pooling_v2_desc_t();
        Context.check(dnnl_pooling_v2_forward_desc_init(
                operation,
                training ? dnnl_forward_training : dnnl_forward_inference,
                kind.algorithm,
                in,
                out,
                stride,
                kernel,
                new long[] {0, 0},
                begin,
                end));
        return program.describe(operation);
    }

    private void forwardProgram(Program.Builder program, long[] from, long[] to, boolean channelsLast) {
        dnnl_memory_desc_t in = Layout.map(from, channelsLast);
        dnnl_memory_desc_t out = Layout.map(to, channelsLast);
        program.step(
                forwardDescription(program, in, out, false),
                DNNL_ARG_SRC,
                program.array(in),
                DNNL_ARG_DST,
                program.array(out));
    }

    private void backwardProgram(Program.Builder program, long[] from, long[] to, boolean channelsLast) {
        dnnl_memory_desc_t in = Layout.map(from, channelsLast);
        dnnl_memory_desc_t out = Layout.map(to, channelsLast);
        int x = program.array(in);
        int gradOutput = program.array(out);
        int gradInput = program.array(in);
        dnnl_primitive_desc forward = forwardDescription(program, in, out, true);
        dnnl_pooling_v2_desc_t operation = new dnnl_pooling_v2_desc_t();
        Context.check(dnnl_pooling_v2_backward_desc_init(
                operation, kind.algorithm, in, out, stride, kernel, new long[] {0, 0}, begin, end));
        dnnl_primitive_desc backward = program.describe(operation, null, forward);
        int where = -1;
        if (kind == Kind.MAX) {
            where = program.temporary(Program.query(forward, dnnl_query_workspace_md, 0));
            program.step(forward, DNNL_ARG_SRC, x, DNNL_ARG_DST, program.temporary(out), DNNL_ARG_WORKSPACE, where);
        }
        program.step(backward, DNNL_ARG_DIFF_DST, gradOutput, DNNL_ARG_WORKSPACE, where, DNNL_ARG_DIFF_SRC, gradInput);
    }
}
