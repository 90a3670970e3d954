package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import java.util.Arrays;
import org.bytedeco.dnnl.dnnl_convolution_desc_t;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Two-dimensional convolution in groups, of any stride, dilation and padding.
 *
 * <p>Maps are [N, C, H, W] as {@link OneDnn#fits} takes them, weights dense [out, in / groups, kernelH, kernelW]. Where
 * maps have their channels first oneDNN chooses a layout of its own and copies; with channels last it works on the maps as
 * they are.
 */
public final class Convolution {
    private final long groups;
    private final long[] stride;
    private final long[] dilation;
    private final long[] begin;
    private final long[] end;

    /**
     * The geometry.
     *
     * @param groups number of groups, which divides both numbers of channels
     * @param stride vertical, horizontal
     * @param dilation vertical, horizontal; 1 for none
     * @param begin zeros above and to the left
     * @param end zeros below and to the right
     */
    public Convolution(int groups, int[] stride, int[] dilation, int[] begin, int[] end) {
        this.groups = groups;
        this.stride = new long[] {stride[0], stride[1]};
        this.dilation = new long[] {dilation[0] - 1, dilation[1] - 1};
        this.begin = new long[] {begin[0], begin[1]};
        this.end = new long[] {end[0], end[1]};
    }

    /**
     * y = convolution(x, weights) + bias, then optionally ReLU.
     *
     * @param x [N, in, H, W]
     * @param weights [out, in / groups, kernelH, kernelW]
     * @param bias [1, out], or null
     * @param y [N, out, H', W'], every element of which is written
     * @param relu whether negative results become 0
     */
    public void forward(INDArray x, INDArray weights, INDArray bias, INDArray y, boolean relu) {
        Context context = Context.current();
        boolean biased = bias != null;
        long[] key = key(x, weights, y, biased, relu);
        context.program("conv", program -> forwardProgram(program, x, weights, y, biased, relu), key)
                .run(given(biased, x, weights, y, bias));
    }

    /**
     * Gradients.
     *
     * @param x forward's
     * @param weights forward's
     * @param gradOutput [N, out, H', W']
     * @param gradInput [N, in, H, W], every element of which is written; null where nobody reads it
     * @param gradWeights dense, of the weights' shape, overwritten
     * @param gradBias [1, out], overwritten; null without bias
     */
    public void backward(
            INDArray x,
            INDArray weights,
            INDArray gradOutput,
            INDArray gradInput,
            INDArray gradWeights,
            INDArray gradBias) {
        Context context = Context.current();
        boolean biased = gradBias != null;
        boolean inputToo = gradInput != null;
        boolean gradLast = inputToo && Layout.channelsLast(gradInput);
        long[] key = key(x, weights, gradOutput, biased, inputToo, gradLast);
        INDArray[] arrays = inputToo
                ? given(biased, x, weights, gradOutput, gradInput, gradWeights, gradBias)
                : given(biased, x, weights, gradOutput, gradWeights, gradBias);
        context.program(
                        "conv_bp",
                        program -> backwardProgram(program, x, weights, gradOutput, biased, inputToo, gradLast),
                        key)
                .run(arrays);
    }

    private static INDArray[] given(boolean withLast, INDArray... arrays) {
        return withLast ? arrays : Arrays.copyOf(arrays, arrays.length - 1);
    }

    private void forwardProgram(
            Program.Builder program, INDArray x, INDArray weights, INDArray y, boolean biased, boolean relu) {
        int from = program.array(Layout.map(x.shape(), Layout.channelsLast(x)));
        int by = program.array(weightsKind(weights));
        int to = program.array(Layout.map(y.shape(), Layout.channelsLast(y)));
        int bias = biased ? program.array(biasKind(y)) : -1;
        dnnl_primitive_desc description =
                forwardDescription(program, x.shape(), weights, y.shape(), channelsLast(x, y), biased, relu);
        int result = program.target(to, Program.query(description, dnnl_query_dst_md, 0));
        program.step(
                description,
                DNNL_ARG_SRC,
                program.as(from, Program.query(description, dnnl_query_src_md, 0)),
                DNNL_ARG_WEIGHTS,
                program.as(by, Program.query(description, dnnl_query_weights_md, 0)),
                DNNL_ARG_BIAS,
                bias,
                DNNL_ARG_DST,
                result);
        program.deliver(result, to);
    }

    private void backwardProgram(
            Program.Builder program,
            INDArray x,
            INDArray weights,
            INDArray gradOutput,
            boolean biased,
            boolean inputToo,
            boolean gradLast) {
        boolean channelsLast = channelsLast(x, gradOutput);
        int from = program.array(Layout.map(x.shape(), Layout.channelsLast(x)));
        int by = program.array(weightsKind(weights));
        int incoming = program.array(Layout.map(gradOutput.shape(), Layout.channelsLast(gradOutput)));
        int gradInput = inputToo ? program.array(Layout.map(x.shape(), gradLast)) : -1;
        int gradWeights = program.array(weightsKind(weights));
        int gradBias = biased ? program.array(biasKind(gradOutput)) : -1;
        dnnl_primitive_desc forward =
                forwardDescription(program, x.shape(), weights, gradOutput.shape(), channelsLast, false, false);

        dnnl_memory_desc_t maps = kind(x.shape(), channelsLast);
        dnnl_memory_desc_t outputs = kind(gradOutput.shape(), channelsLast);
        dnnl_memory_desc_t anyWeights = Layout.any(weightsShape(weights));
        dnnl_convolution_desc_t operation = new dnnl_convolution_desc_t();
        Context.check(dnnl_dilated_convolution_backward_weights_desc_init(
                operation,
                dnnl_convolution_direct,
                maps,
                anyWeights,
                biased ? biasKind(gradOutput) : null,
                outputs,
                stride,
                dilation,
                begin,
                end));
        dnnl_primitive_desc toWeights = program.describe(operation, null, forward);
        int shared = program.as(incoming, Program.query(toWeights, dnnl_query_diff_dst_md, 0));
        int result = program.target(gradWeights, Program.query(toWeights, dnnl_query_diff_weights_md, 0));
        program.step(
                toWeights,
                DNNL_ARG_SRC,
                program.as(from, Program.query(toWeights, dnnl_query_src_md, 0)),
                DNNL_ARG_DIFF_DST,
                shared,
                DNNL_ARG_DIFF_WEIGHTS,
                result,
                DNNL_ARG_DIFF_BIAS,
                gradBias);
        program.deliver(result, gradWeights);
        if (!inputToo) {
            return;
        }

        dnnl_convolution_desc_t toInputOperation = new dnnl_convolution_desc_t();
        Context.check(dnnl_dilated_convolution_backward_data_desc_init(
                toInputOperation, dnnl_convolution_direct, maps, anyWeights, outputs, stride, dilation, begin, end));
        dnnl_primitive_desc toInput = program.describe(toInputOperation, null, forward);
        int target = program.target(gradInput, Program.query(toInput, dnnl_query_diff_src_md, 0));
        // the copy made for the weights' gradient, where that is the layout wanted here too
        program.step(
                toInput,
                DNNL_ARG_DIFF_DST,
                program.as(shared, Program.query(toInput, dnnl_query_diff_dst_md, 0)),
                DNNL_ARG_WEIGHTS,
                program.as(by, Program.query(toInput, dnnl_query_weights_md, 0)),
                DNNL_ARG_DIFF_SRC,
                target);
        program.deliver(target, gradInput);
    }

    private dnnl_primitive_desc forwardDescription(
            Program.Builder program,
            long[] in,
            INDArray weights,
            long[] out,
            boolean channelsLast,
            boolean biased,
            boolean relu) {
        dnnl_convolution_desc_t operation = new dnnl_convolution_desc_t();
        Context.check(dnnl_dilated_convolution_forward_desc_init(
                operation,
                dnnl_forward_training,
                dnnl_convolution_direct,
                kind(in, channelsLast),
                Layout.any(weightsShape(weights)),
                biased ? Layout.of(new long[] {out[1]}, dnnl_a) : null,
                kind(out, channelsLast),
                stride,
                dilation,
                begin,
                end));
        return program.describe(operation, relu ? withRelu(program) : null, null);
    }

    static dnnl_primitive_attr withRelu(Program.Builder program) {
        dnnl_post_ops postOps = program.postOps();
        Context.check(dnnl_post_ops_append_eltwise(postOps, 1, dnnl_eltwise_relu, 0, 0));
        return program.attributes(postOps);
    }

    /** Channels last where both maps are or where one is and the other does not care. */
    private static boolean channelsLast(INDArray a, INDArray b) {
        return Layout.channelsLast(a) || Layout.channelsLast(b);
    }

    private static dnnl_memory_desc_t kind(long[] shape, boolean channelsLast) {
        return channelsLast ? Layout.map(shape, true) : Layout.any(shape);
    }

    private long[] weightsShape(INDArray weights) {
        long[] shape = weights.shape();
        return groups == 1 ? shape : new long[] {groups, shape[0] / groups, shape[1], shape[2], shape[3]};
    }

    private dnnl_memory_desc_t weightsKind(INDArray weights) {
        return Layout.of(weightsShape(weights), groups == 1 ? dnnl_oihw : dnnl_goihw);
    }

    private static dnnl_memory_desc_t biasKind(INDArray y) {
        return Layout.of(new long[] {y.size(1)}, dnnl_a);
    }

    private long[] key(INDArray x, INDArray weights, INDArray y, boolean... options) {
        long bits = (Layout.channelsLast(x) ? 1 : 0) + (Layout.channelsLast(y) ? 2 : 0);
        for (int i = 0; i < options.length; i++) {
            bits |= options[i] ? 4L << i : 0;
        }
        return new long[] {
            x.size(0),
            x.size(1),
            x.size(2),
            x.size(3),
            y.size(1),
            y.size(2),
            y.size(3),
            weights.size(2),
            weights.size(3),
            groups,
            stride[0],
            stride[1],
            dilation[0],
            dilation[1],
            begin[0],
            begin[1],
            end[0],
            end[1],
            bits
        };
    }
}
