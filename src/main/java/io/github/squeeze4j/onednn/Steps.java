package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_batch_normalization_desc_t;
import org.bytedeco.dnnl.dnnl_binary_desc_t;
import org.bytedeco.dnnl.dnnl_convolution_desc_t;
import org.bytedeco.dnnl.dnnl_eltwise_desc_t;
import org.bytedeco.dnnl.dnnl_inner_product_desc_t;
import org.bytedeco.dnnl.dnnl_matmul_desc_t;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_pooling_v2_desc_t;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Adds the layers of networks to a {@link Program}. Arguments and results are places; maps keep the layout and the type in which
 * a primitive gives them, and are copied only where the next one asks for another. Products of BFLOAT16 are added in FLOAT.
 */
public final class Steps {
    private final Program.Builder program;
    private final DataType maps;

    /**
     * Steps of a program in FLOAT.
     *
     * @param program the program to add to
     */
    public Steps(Program.Builder program) {
        this(program, DataType.FLOAT);
    }

    /**
     * Steps of a program.
     *
     * @param program the program to add to
     * @param maps what convolutions give: FLOAT or BFLOAT16; the latter are of BFLOAT16 maps, where oneDNN has such
     */
    public Steps(Program.Builder program, DataType maps) {
        this.program = program;
        this.maps = maps;
    }

    // ---- convolution -----------------------------------------------------------------------------------------------

    /** A convolution that was added and what its backward passes need of it. */
    public static final class Convolved {
        /** The result's place. */
        public final int output;
        /** Whether without Winograd's algorithm. */
        public final boolean direct;

        private final dnnl_primitive_desc forward;
        private final Window window;
        private final int source;
        private final int weights;

        private Convolved(
                dnnl_primitive_desc forward, Window window, int source, int weights, int output, boolean direct) {
            this.direct = direct;
            this.forward = forward;
            this.window = window;
            this.source = source;
            this.weights = weights;
            this.output = output;
        }
    }

    /**
     * A convolution.
     *
     * @param window where the kernel goes
     * @param source map [N, in, H, W]
     * @param weights dense [out, in, kernelH, kernelW], or [groups, out / groups, in / groups, kernelH, kernelW]
     * @param bias [out], or -1
     * @param shape the result's [N, out, H', W']
     * @param target place to add the result to, or -1 for a new one; with it {@code post} has addToDestination
     * @param post what follows
     * @param winograd what follows Winograd's algorithm, to be used where it is faster; null never to use it, as before
     *     backward passes
     * @return the result
     */
    public Convolved convolution(
            Window window,
            int source,
            int weights,
            int bias,
            long[] shape,
            int target,
            PostOps post,
            PostOps winograd) {
        int into = target;
        if (maps == DataType.BFLOAT16 || isNarrow(source)) {
            Convolved narrow = narrowConvolution(window, source, weights, bias, shape, target, post);
            if (narrow != null) {
                return narrow;
            }
            into = target < 0 ? target : program.single(target);
        }
        dnnl_primitive_desc description = null;
        boolean grouped = Layout.shape(program.kind(weights)).length == 5;
        if (winograd != null && !grouped && window.suitsWinograd(Layout.shape(program.kind(source))[1], shape)) {
            try {
                description = forward(dnnl_convolution_winograd, window, source, weights, bias, shape, into, winograd);
            } catch (RefusedException e) {
                // not on this processor, or not for these sizes
            }
        }
        boolean direct = description == null;
        if (direct) {
            description = forward(dnnl_convolution_direct, window, source, weights, bias, shape, into, post);
        }
        int from = program.as(source, Program.query(description, dnnl_query_src_md, 0));
        int by = reordered(weights, Program.query(description, dnnl_query_weights_md, 0));
        int to = into < 0 ? program.temporary(Program.query(description, dnnl_query_dst_md, 0)) : into;
        program.step(
                description,
                (direct ? post : winograd)
                        .with(DNNL_ARG_SRC, from, DNNL_ARG_WEIGHTS, by, DNNL_ARG_BIAS, bias, DNNL_ARG_DST, to));
        // Groups of few channels have a layout of their own, for which nothing else is fast.
        int result = Layout.block(program.kind(to)) == 0 ? program.as(to, Layout.blocked(shape, 16)) : to;
        return new Convolved(description, window, from, weights, result, direct);
    }

    /**
     * Of BFLOAT16, with a bias of FLOAT: on processors with AMX channels last, on others in blocks; so the map that is given is
     * tried as it is first.
     *
     * @return null where oneDNN has none that is fast
     */
    private Convolved narrowConvolution(
            Window window, int source, int weights, int bias, long[] shape, int target, PostOps post) {
        dnnl_memory_desc_t own = Layout.as(program.kind(source), DataType.BFLOAT16);
        dnnl_memory_desc_t any = Layout.any(DataType.BFLOAT16, Layout.shape(own));
        dnnl_memory_desc_t to = Layout.any(maps, shape);
        dnnl_primitive_desc description = null;
        if (Layout.isChannelsLast(own)) {
            description = narrow(window, own, weights, bias, Layout.as(Layout.map(shape, true), maps), post);
        }
        if (description == null) {
            description = narrow(window, any, weights, bias, to, post);
        }
        if (description == null) {
            return null;
        }
        int from = program.as(source, Program.query(description, dnnl_query_src_md, 0));
        int by = reordered(weights, Program.query(description, dnnl_query_weights_md, 0));
        dnnl_memory_desc_t kind = Program.query(description, dnnl_query_dst_md, 0);
        int result = target < 0 ? program.temporary(kind) : program.as(target, kind);
        program.step(
                description,
                post.with(DNNL_ARG_SRC, from, DNNL_ARG_WEIGHTS, by, DNNL_ARG_BIAS, bias, DNNL_ARG_DST, result));
        return new Convolved(description, window, from, weights, result, true);
    }

    private dnnl_primitive_desc narrow(
            Window window, dnnl_memory_desc_t source, int weights, int bias, dnnl_memory_desc_t to, PostOps post) {
        dnnl_memory_desc_t by = Layout.any(DataType.BFLOAT16, Layout.shape(program.kind(weights)));
        try {
            dnnl_convolution_desc_t operation =
                    forward(dnnl_convolution_direct, window, source, by, bias < 0 ? null : program.kind(bias), to);
            dnnl_primitive_desc description = program.describeFast(operation, post.attributes(program));
            return isWrong(description, Layout.shape(by)) ? null : description;
        } catch (RefusedException e) {
            return null;
        }
    }

    /**
     * Of groups that do not fill its blocks of 16 channels oneDNN 2.5 gives wrong numbers where a function with an exponential
     * follows.
     */
    private static boolean isWrong(dnnl_primitive_desc description, long[] weights) {
        boolean depthwise = weights.length == 5 && weights[1] == 1;
        return weights.length == 5
                && !depthwise
                && (weights[1] % 16 != 0 || weights[2] % 16 != 0)
                && Program.Builder.implementation(description).startsWith("jit_bf16:");
    }

    private boolean isNarrow(int place) {
        return Layout.type(program.kind(place)) == DataType.BFLOAT16;
    }

    private dnnl_primitive_desc forward(
            int algorithm, Window window, int source, int weights, int bias, long[] shape, int target, PostOps post) {
        dnnl_convolution_desc_t operation = forward(
                algorithm,
                window,
                Layout.any(Layout.shape(program.kind(source))),
                Layout.any(Layout.shape(program.kind(weights))),
                bias < 0 ? null : program.kind(bias),
                target < 0 ? Layout.any(shape) : program.kind(target));
        return program.describe(operation, post.attributes(program), null);
    }

    /** Described as for training even where it is not, since that form has maps in blocks, as all that follows. */
    private static dnnl_convolution_desc_t forward(
            int algorithm,
            Window window,
            dnnl_memory_desc_t source,
            dnnl_memory_desc_t weights,
            dnnl_memory_desc_t bias,
            dnnl_memory_desc_t to) {
        dnnl_convolution_desc_t operation = new dnnl_convolution_desc_t();
        Context.check(dnnl_dilated_convolution_forward_desc_init(
                operation,
                dnnl_forward_training,
                algorithm,
                source,
                weights,
                bias,
                to,
                window.stride,
                window.dilation,
                window.begin,
                window.end));
        return operation;
    }

    private int reordered(int weights, dnnl_memory_desc_t kind) {
        return program.isConstant(weights) ? program.constantAs(weights, kind) : program.as(weights, kind);
    }

    /**
     * The gradient of a convolution's weights.
     *
     * @param convolved the convolution
     * @param gradOutput of its result
     * @param gradWeights of the weights' shape, written
     * @param gradBias written; -1 without bias
     */
    public void convolutionWeights(Convolved convolved, int gradOutput, int gradWeights, int gradBias) {
        dnnl_convolution_desc_t operation = new dnnl_convolution_desc_t();
        Window window = convolved.window;
        Context.check(dnnl_dilated_convolution_backward_weights_desc_init(
                operation,
                dnnl_convolution_direct,
                Layout.any(Layout.shape(program.kind(convolved.source))),
                Layout.any(Layout.shape(program.kind(gradWeights))),
                gradBias < 0 ? null : program.kind(gradBias),
                Layout.any(Layout.shape(program.kind(gradOutput))),
                window.stride,
                window.dilation,
                window.begin,
                window.end));
        dnnl_primitive_desc description = program.describe(operation, null, convolved.forward);
        int target = program.target(gradWeights, Program.query(description, dnnl_query_diff_weights_md, 0));
        program.step(
                description,
                DNNL_ARG_SRC,
                program.as(convolved.source, Program.query(description, dnnl_query_src_md, 0)),
                DNNL_ARG_DIFF_DST,
                program.as(gradOutput, Program.query(description, dnnl_query_diff_dst_md, 0)),
                DNNL_ARG_DIFF_WEIGHTS,
                target,
                DNNL_ARG_DIFF_BIAS,
                gradBias);
        program.deliver(target, gradWeights);
    }

    /**
     * The gradient of a convolution's source.
     *
     * @param convolved the convolution
     * @param gradOutput of its result
     * @return a new place
     */
    public int convolutionSource(Convolved convolved, int gradOutput) {
        dnnl_convolution_desc_t operation = new dnnl_convolution_desc_t();
        Window window = convolved.window;
        Context.check(dnnl_dilated_convolution_backward_data_desc_init(
                operation,
                dnnl_convolution_direct,
                Layout.any(Layout.shape(program.kind(convolved.source))),
                Layout.any(Layout.shape(program.kind(convolved.weights))),
                Layout.any(Layout.shape(program.kind(gradOutput))),
                window.stride,
                window.dilation,
                window.begin,
                window.end));
        dnnl_primitive_desc description = program.describe(operation, null, convolved.forward);
        int target = program.temporary(Program.query(description, dnnl_query_diff_src_md, 0));
        program.step(
                description,
                DNNL_ARG_DIFF_DST,
                program.as(gradOutput, Program.query(description, dnnl_query_diff_dst_md, 0)),
                DNNL_ARG_WEIGHTS,
                program.as(convolved.weights, Program.query(description, dnnl_query_weights_md, 0)),
                DNNL_ARG_DIFF_SRC,
                target);
        return target;
    }

    // ---- batch normalization ---------------------------------------------------------------------------------------

    /** A batch normalization that was added and what its backward pass needs of it. */
    public static final class Normalized {
        /** The result's place. */
        public final int output;
        /** Whether the ReLU behind it is part of it. */
        public final boolean relu;

        private final dnnl_primitive_desc forward;
        private final int source;
        private final int[] numbers;
        private final int mask;
        private final double epsilon;
        private final int flags;

        private Normalized(
                dnnl_primitive_desc forward,
                int source,
                int[] numbers,
                int output,
                int mask,
                double epsilon,
                int flags,
                boolean relu) {
            this.forward = forward;
            this.source = source;
            this.numbers = numbers;
            this.output = output;
            this.mask = mask;
            this.epsilon = epsilon;
            this.flags = flags;
            this.relu = relu;
        }
    }

    /**
     * gamma * (x - mean) / sqrt(variance + epsilon) + beta.
     *
     * @param source map [N, C, H, W]
     * @param gamma [C]
     * @param beta [C]
     * @param mean [C]; written if {@code training}
     * @param variance [C], biased; written if {@code training}
     * @param epsilon added to the variance
     * @param relu whether to apply ReLU too, where oneDNN does it in the same pass; see {@link Normalized#relu}
     * @param training whether with the batch's statistics
     * @return the result
     */
    public Normalized batchNormalization(
            int source, int gamma, int beta, int mean, int variance, double epsilon, boolean relu, boolean training) {
        dnnl_memory_desc_t kind = program.kind(source);
        // With channels first the fused form goes element by element.
        boolean fused = relu && !Layout.plain(kind);
        int flags = dnnl_use_scale
                | dnnl_use_shift
                | (training ? 0 : dnnl_use_global_stats)
                | (fused ? dnnl_fuse_norm_relu : 0);
        dnnl_primitive_desc description = program.describe(normalization(kind, epsilon, flags, training));
        int output = program.temporary(kind);
        int mask = fused && training ? program.temporary(Program.query(description, dnnl_query_workspace_md, 0)) : -1;
        program.step(
                description,
                DNNL_ARG_SRC,
                source,
                DNNL_ARG_SCALE,
                gamma,
                DNNL_ARG_SHIFT,
                beta,
                DNNL_ARG_MEAN,
                mean,
                DNNL_ARG_VARIANCE,
                variance,
                DNNL_ARG_WORKSPACE,
                mask,
                DNNL_ARG_DST,
                output);
        int[] numbers = {gamma, mean, variance};
        return new Normalized(description, source, numbers, output, mask, epsilon, flags, fused);
    }

    private static dnnl_batch_normalization_desc_t normalization(
            dnnl_memory_desc_t kind, double epsilon, int flags, boolean training) {
        dnnl_batch_normalization_desc_t operation = new dnnl_batch_normalization_desc_t();
        Context.check(dnnl_batch_normalization_forward_desc_init(
                operation, training ? dnnl_forward_training : dnnl_forward_inference, kind, (float) epsilon, flags));
        return operation;
    }

    /**
     * Gradients of a batch normalization.
     *
     * @param normalized the normalization
     * @param gradOutput of its result, behind ReLU if that is part of it
     * @param gradGamma [C], written
     * @param gradBeta [C], written
     * @return the gradient of its source, a new place
     */
    public int batchNormalizationSource(Normalized normalized, int gradOutput, int gradGamma, int gradBeta) {
        dnnl_memory_desc_t kind = program.kind(normalized.source);
        dnnl_batch_normalization_desc_t operation = new dnnl_batch_normalization_desc_t();
        Context.check(dnnl_batch_normalization_backward_desc_init(
                operation, dnnl_backward, kind, kind, (float) normalized.epsilon, normalized.flags));
        int target = program.temporary(kind);
        program.step(
                program.describe(operation, null, normalized.forward),
                DNNL_ARG_SRC,
                normalized.source,
                DNNL_ARG_DIFF_DST,
                program.as(gradOutput, kind),
                DNNL_ARG_SCALE,
                normalized.numbers[0],
                DNNL_ARG_SHIFT, // asked for, not read
                normalized.numbers[0],
                DNNL_ARG_MEAN,
                normalized.numbers[1],
                DNNL_ARG_VARIANCE,
                normalized.numbers[2],
                DNNL_ARG_WORKSPACE,
                normalized.mask,
                DNNL_ARG_DIFF_SRC,
                target,
                DNNL_ARG_DIFF_SCALE,
                gradGamma,
                DNNL_ARG_DIFF_SHIFT,
                gradBeta);
        return target;
    }

    /**
     * One pass that gives both g * s and, per channel, the sum of g * x: the backward pass of y = x * s. It is a batch
     * normalization by statistics that change nothing.
     *
     * @param x map [1, C, H, W]
     * @param g of x's layout
     * @param s [C]
     * @param zeros [C]
     * @param ones [C]
     * @param dots [C], written
     * @return g * s, a new place
     */
    public int scaledAndDots(int x, int g, int s, int zeros, int ones, int dots) {
        dnnl_memory_desc_t kind = program.kind(x);
        int flags = dnnl_use_scale | dnnl_use_shift | dnnl_use_global_stats;
        dnnl_primitive_desc forward = program.describe(normalization(kind, 0, flags, true));
        dnnl_batch_normalization_desc_t operation = new dnnl_batch_normalization_desc_t();
        Context.check(dnnl_batch_normalization_backward_desc_init(operation, dnnl_backward, kind, kind, 0, flags));
        int target = program.temporary(kind);
        program.step(
                program.describe(operation, null, forward),
                DNNL_ARG_SRC,
                x,
                DNNL_ARG_DIFF_DST,
                g,
                DNNL_ARG_SCALE,
                s,
                DNNL_ARG_SHIFT, // asked for, not read
                s,
                DNNL_ARG_MEAN,
                zeros,
                DNNL_ARG_VARIANCE,
                ones,
                DNNL_ARG_DIFF_SRC,
                target,
                DNNL_ARG_DIFF_SCALE,
                dots,
                DNNL_ARG_DIFF_SHIFT,
                program.temporary(program.kind(dots)));
        return target;
    }

    // ---- pooling ---------------------------------------------------------------------------------------------------

    /** A pooling that was added and what its backward pass needs of it. */
    public static final class Pooled {
        /** The result's place. */
        public final int output;
        /** Where in its window each maximum is, in whole numbers, if a backward pass follows; else -1. */
        public final int where;

        private final dnnl_primitive_desc forward;
        private final Pooling.Kind kind;
        private final Window window;
        private final int source;

        private Pooled(
                dnnl_primitive_desc forward, Pooling.Kind kind, Window window, int source, int output, int where) {
            this.forward = forward;
            this.kind = kind;
            this.window = window;
            this.source = source;
            this.output = output;
            this.where = where;
        }
    }

    /**
     * Pooling.
     *
     * @param kind what of each window
     * @param window where windows lie
     * @param source map [N, C, H, W]
     * @param shape the result's [N, C, H', W']
     * @param training whether a backward pass follows
     * @return the result
     */
    public Pooled pooling(Pooling.Kind kind, Window window, int source, long[] shape, boolean training) {
        dnnl_pooling_v2_desc_t operation = new dnnl_pooling_v2_desc_t();
        Context.check(dnnl_pooling_v2_forward_desc_init(
                operation,
                training ? dnnl_forward_training : dnnl_forward_inference,
                kind.algorithm,
                program.kind(source),
                Layout.any(Layout.type(program.kind(source)), shape),
                window.stride,
                window.kernel,
                window.dilation,
                window.begin,
                window.end));
        dnnl_primitive_desc description = program.describe(operation);
        int output = program.temporary(Program.query(description, dnnl_query_dst_md, 0));
        int where = training && kind == Pooling.Kind.MAX
                ? program.temporary(Program.query(description, dnnl_query_workspace_md, 0))
                : -1;
        program.step(description, DNNL_ARG_SRC, source, DNNL_ARG_WORKSPACE, where, DNNL_ARG_DST, output);
        return new Pooled(description, kind, window, source, output, where);
    }

    /**
     * The gradient of a pooling's source.
     *
     * @param pooled the pooling
     * @param gradOutput of its result
     * @return a new place
     */
    public int poolingSource(Pooled pooled, int gradOutput) {
        dnnl_memory_desc_t in = program.kind(pooled.source);
        dnnl_memory_desc_t out = program.kind(pooled.output);
        dnnl_pooling_v2_desc_t operation = new dnnl_pooling_v2_desc_t();
        Window window = pooled.window;
        Context.check(dnnl_pooling_v2_backward_desc_init(
                operation,
                pooled.kind.algorithm,
                in,
                out,
                window.stride,
                window.kernel,
                window.dilation,
                window.begin,
                window.end));
        int target = program.temporary(in);
        program.step(
                program.describe(operation, null, pooled.forward),
                DNNL_ARG_DIFF_DST,
                program.as(gradOutput, out),
                DNNL_ARG_WORKSPACE,
                pooled.where,
                DNNL_ARG_DIFF_SRC,
                target);
        return target;
    }

    // ---- element by element ----------------------------------------------------------------------------------------

    /**
     * f(x).
     *
     * @param function not the identity
     * @param x any array
     * @param y of the same kind; may be x
     */
    public void apply(Function function, int x, int y) {
        eltwise(function.algorithm, function.alpha, function.beta, x, y);
    }

    /**
     * factor * x.
     *
     * @param factor any number
     * @param x any array
     * @param y of the same kind; may be x
     */
    public void multiply(double factor, int x, int y) {
        eltwise(dnnl_eltwise_linear, (float) factor, 0, x, y);
    }

    /**
     * factor * x + addend.
     *
     * @param factor any number
     * @param addend any number
     * @param x any array
     * @param y of the same kind; may be x
     */
    public void affine(double factor, double addend, int x, int y) {
        eltwise(dnnl_eltwise_linear, (float) factor, (float) addend, x, y);
    }

    private void eltwise(int algorithm, float alpha, float beta, int x, int y) {
        dnnl_eltwise_desc_t operation = new dnnl_eltwise_desc_t();
        Context.check(dnnl_eltwise_forward_desc_init(
                operation, dnnl_forward_inference, algorithm, program.kind(x), alpha, beta));
        program.step(program.describe(operation), DNNL_ARG_SRC, x, DNNL_ARG_DST, y);
    }

    /**
     * The gradient of a function's argument.
     *
     * @param function not the identity
     * @param known f(x), or x where {@link Function#needsSource}
     * @param gradOutput of f(x)
     * @return a new place
     */
    public int applySource(Function function, int known, int gradOutput) {
        dnnl_memory_desc_t kind = program.kind(known);
        dnnl_eltwise_desc_t forward = new dnnl_eltwise_desc_t();
        Context.check(dnnl_eltwise_forward_desc_init(
                forward, dnnl_forward_training, function.backward, kind, function.alpha, function.beta));
        dnnl_eltwise_desc_t operation = new dnnl_eltwise_desc_t();
        Context.check(dnnl_eltwise_backward_desc_init(
                operation, function.backward, kind, kind, function.alpha, function.beta));
        int target = program.temporary(kind);
        program.step(
                program.describe(operation, null, program.describe(forward)),
                function.needsSource() ? DNNL_ARG_SRC : DNNL_ARG_DST,
                known,
                DNNL_ARG_DIFF_DST,
                program.as(gradOutput, kind),
                DNNL_ARG_DIFF_SRC,
                target);
        if (function == Function.HARD_SIGMOID) {
            multiply(1.0 / 6, target, target);
        }
        return target;
    }

    /**
     * a + b.
     *
     * @param a any array
     * @param b of the same shape and layout, or of size 1 where it repeats
     * @param target of a's kind, which may be a; -1 for a new place
     * @param post what follows
     * @return the place of the result
     */
    public int add(int a, int b, int target, PostOps post) {
        return binary(dnnl_binary_add, a, b, target, post);
    }

    /**
     * a * b.
     *
     * @param a any array
     * @param b of the same shape and layout, or of size 1 where it repeats
     * @param target of a's kind, which may be a; -1 for a new place
     * @param post what follows
     * @return the place of the result
     */
    public int multiply(int a, int b, int target, PostOps post) {
        return binary(dnnl_binary_mul, a, b, target, post);
    }

    /**
     * a - b.
     *
     * @param a any array
     * @param b of the same shape and layout, or of size 1 where it repeats
     * @param target of a's kind, which may be a; -1 for a new place
     * @param post what follows
     * @return the place of the result
     */
    public int subtract(int a, int b, int target, PostOps post) {
        return binary(dnnl_binary_sub, a, b, target, post);
    }

    /**
     * The larger of a and b.
     *
     * @param a any array
     * @param b of the same shape and layout
     * @param target of a's kind, which may be a; -1 for a new place
     * @param post what follows
     * @return the place of the result
     */
    public int maximum(int a, int b, int target, PostOps post) {
        return binary(dnnl_binary_max, a, b, target, post);
    }

    /**
     * Whether one pass multiplies maps of these kinds: not where blocks are narrower than the processor's vectors.
     *
     * @param a a map
     * @param b another, or one number for each channel
     * @return true if {@link #multiply(int, int, int, PostOps)} takes them
     */
    public boolean multiplies(dnnl_memory_desc_t a, dnnl_memory_desc_t b) {
        dnnl_binary_desc_t operation = new dnnl_binary_desc_t();
        Context.check(dnnl_binary_desc_init(operation, dnnl_binary_mul, a, b, a));
        try {
            program.describeFast(operation, new PostOps().attributes(program));
            return true;
        } catch (RefusedException e) {
            return false;
        }
    }

    private int binary(int algorithm, int a, int b, int target, PostOps post) {
        dnnl_memory_desc_t kind = program.kind(a);
        boolean alike = Program.Builder.same(kind, program.kind(b))
                && (target < 0 || Program.Builder.same(kind, program.kind(target)));
        if (alike && Layout.block(kind) == 8 && Layout.shape(kind)[1] % 16 == 8) {
            // a function of what such maps give is wrong in the last 8 channels, or ends the process; their memory has
            // no gaps
            int size = Layout.type(kind) == DataType.FLOAT ? Float.BYTES : Short.BYTES;
            dnnl_memory_desc_t flat = Layout.as(Layout.dense(Layout.bytes(kind) / size), Layout.type(kind));
            int to = target < 0 ? target : program.view(target, flat);
            return program.view(binary(algorithm, program.view(a, flat), program.view(b, flat), to, post), kind);
        }
        dnnl_binary_desc_t operation = new dnnl_binary_desc_t();
        Context.check(dnnl_binary_desc_init(operation, algorithm, kind, program.kind(b), kind));
        int to = target < 0 ? program.temporary(kind) : target;
        dnnl_primitive_desc description = program.describeFast(operation, post.attributes(program));
        program.step(description, post.with(DNNL_ARG_SRC_0, a, DNNL_ARG_SRC_1, b, DNNL_ARG_DST, to));
        return to;
    }

    // ---- concatenation ---------------------------------------------------------------------------------------------

    /**
     * Arrays of equal shape but for axis 1, one behind the other along that axis.
     *
     * @param parts maps [N, C, H, W] or matrices [N, F] in any layout
     * @return a new place
     */
    public int concatenation(int... parts) {
        long[] whole = Layout.shape(program.kind(parts[0]));
        whole[1] = 0;
        long together = 16;
        for (int part : parts) {
            long size = Layout.shape(program.kind(part))[1];
            whole[1] += size;
            while (size % together != 0) {
                together /= 2;
            }
        }
        // a slice of a layout in blocks is whole blocks
        int block = together == 16 ? 16 : together == 8 ? 8 : 1;
        boolean last = true;
        boolean narrow = true;
        for (int part : parts) {
            last &= Layout.isChannelsLast(program.kind(part));
            narrow &= isNarrow(part);
        }
        dnnl_memory_desc_t kind = whole.length != 4
                ? Layout.dense(whole)
                : narrow && last ? Layout.map(whole, true) : Layout.blocked(whole, block);
        int target = program.temporary(Layout.as(kind, narrow ? DataType.BFLOAT16 : DataType.FLOAT));
        long at = 0;
        for (int part : parts) {
            long size = Layout.shape(program.kind(part))[1];
            program.copy(part, slice(target, at, size));
            at += size;
        }
        return target;
    }

    /**
     * A part of a concatenation: a copy, or its beginning where that lies together.
     *
     * @param whole the concatenation, or its gradient
     * @param at where the part begins on axis 1
     * @param part a place of the part's shape, in whose layout to copy
     * @return a place that is read only
     */
    public int part(int whole, long at, int part) {
        dnnl_memory_desc_t kind = program.kind(part);
        int slice = slice(whole, at, Layout.shape(kind)[1]);
        // one image: the same memory, though the description of a slice keeps the whole's distance of images
        return Program.Builder.same(program.kind(slice), kind) ? program.view(whole, kind) : program.as(slice, kind);
    }

    private int slice(int whole, long at, long size) {
        long[] shape = Layout.shape(program.kind(whole));
        long[] offsets = new long[shape.length];
        shape[1] = size;
        offsets[1] = at;
        dnnl_memory_desc_t kind = new dnnl_memory_desc_t();
        Context.check(dnnl_memory_desc_init_submemory(kind, program.kind(whole), shape, offsets));
        return program.view(whole, kind);
    }

    // ---- linear layers ---------------------------------------------------------------------------------------------

    /**
     * x w + bias.
     *
     * @param x [N, in]
     * @param given weights [out, in] in any layout
     * @param bias [out], or -1
     * @param post what follows
     * @return [N, out] of FLOAT, a new place
     */
    public int linear(int x, int given, int bias, PostOps post) {
        int weights = alike(given, x);
        long[] in = Layout.shape(program.kind(x));
        long[] by = Layout.shape(program.kind(weights));
        dnnl_memory_desc_t out = Layout.of(new long[] {in[0], by[0]}, dnnl_ab);
        int y = program.temporary(out);
        program.step(
                linear(x, weights, bias, out, post),
                post.with(DNNL_ARG_SRC, x, DNNL_ARG_WEIGHTS, weights, DNNL_ARG_BIAS, bias, DNNL_ARG_DST, y));
        return y;
    }

    /**
     * Products of matrices.
     *
     * @param given [..., M, K], where axes of size 1 repeat
     * @param b [..., K, L]
     * @param post what follows
     * @return [..., M, L] of FLOAT, a new place
     */
    public int products(int given, int b, PostOps post) {
        int a = alike(given, b);
        long[] left = Layout.shape(program.kind(a));
        long[] shape = Layout.shape(program.kind(b));
        shape[shape.length - 2] = left[left.length - 2];
        dnnl_memory_desc_t kind = Layout.dense(shape);
        dnnl_matmul_desc_t operation = new dnnl_matmul_desc_t();
        Context.check(dnnl_matmul_desc_init(operation, program.kind(a), program.kind(b), null, kind));
        dnnl_primitive_desc description = program.describeFast(operation, post.attributes(program));
        int target = program.temporary(kind);
        program.step(description, post.with(DNNL_ARG_SRC, a, DNNL_ARG_WEIGHTS, b, DNNL_ARG_DST, target));
        return target;
    }

    /** The same matrix in the type of another place. */
    private int alike(int matrix, int other) {
        return reordered(matrix, Layout.as(program.kind(matrix), Layout.type(program.kind(other))));
    }

    private dnnl_primitive_desc linear(int x, int weights, int bias, dnnl_memory_desc_t out, PostOps post) {
        dnnl_inner_product_desc_t operation = new dnnl_inner_product_desc_t();
        Context.check(dnnl_inner_product_forward_desc_init(
                operation,
                dnnl_forward_training,
                program.kind(x),
                program.kind(weights),
                bias < 0 ? null : program.kind(bias),
                out));
        return program.describe(operation, post.attributes(program), null);
    }

    /**
     * Gradients of a linear layer's weights.
     *
     * @param x [N, in], forward's
     * @param gradOutput [N, out]
     * @param gradWeights [out, in] in any layout, written
     * @param gradBias written; -1 without bias
     */
    public void linearWeights(int x, int gradOutput, int gradWeights, int gradBias) {
        dnnl_memory_desc_t in = program.kind(x);
        dnnl_memory_desc_t out = program.kind(gradOutput);
        dnnl_primitive_desc forward = linear(x, gradWeights, -1, out, new PostOps());
        dnnl_inner_product_desc_t operation = new dnnl_inner_product_desc_t();
        Context.check(dnnl_inner_product_backward_weights_desc_init(
                operation, in, program.kind(gradWeights), gradBias < 0 ? null : program.kind(gradBias), out));
        program.step(
                program.describe(operation, null, forward),
                DNNL_ARG_SRC,
                x,
                DNNL_ARG_DIFF_DST,
                gradOutput,
                DNNL_ARG_DIFF_WEIGHTS,
                gradWeights,
                DNNL_ARG_DIFF_BIAS,
                gradBias);
    }
}
