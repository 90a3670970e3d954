package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

/** Functions of one number. The derivative of most follows from their result, so that backward needs no more than that. */
public enum Function {
    /** x. */
    IDENTITY(0, 0, 0, 0),
    /** max(x, 0). */
    RELU(dnnl_eltwise_relu, dnnl_eltwise_relu_use_dst_for_bwd, 0, 0),
    /**
     * {@link #RELU} that keeps what is not a number, which that turns into 0: negative numbers become 1e-30 of themselves. Its
     * gradient is {@link #RELU}'s.
     */
    KEEPING_RELU(dnnl_eltwise_relu, dnnl_eltwise_relu_use_dst_for_bwd, 1e-30f, 0),
    /** min(max(x, 0), 6). */
    RELU6(dnnl_eltwise_clip_v2, dnnl_eltwise_clip_v2_use_dst_for_bwd, 0, 6),
    /** 1 / (1 + exp(-x)). */
    SIGMOID(dnnl_eltwise_logistic, dnnl_eltwise_logistic_use_dst_for_bwd, 0, 0),
    /** Hyperbolic tangent. */
    TANH(dnnl_eltwise_tanh, dnnl_eltwise_tanh_use_dst_for_bwd, 0, 0),
    /** x / (1 + exp(-x)), also called swish. */
    SILU(dnnl_eltwise_swish, dnnl_eltwise_swish, 1, 0),
    /** The absolute value. */
    ABS(dnnl_eltwise_abs, dnnl_eltwise_abs, 0, 0),
    /** Exponential. */
    EXP(dnnl_eltwise_exp, dnnl_eltwise_exp_use_dst_for_bwd, 0, 0),
    /** x * min(max(x + 3, 0), 6) / 6. */
    HARD_SWISH(dnnl_eltwise_hardswish, dnnl_eltwise_hardswish, 0, 0),
    /** min(max(x + 3, 0), 6) / 6; only in {@link PostOps}, and backward. */
    HARD_SIGMOID(dnnl_eltwise_clip_v2, dnnl_eltwise_clip_v2_use_dst_for_bwd, 0, 1);

    final int algorithm;
    final int backward;
    final float alpha;
    final float beta;

    /**
     * Whether backward reads the function's argument instead of its result.
     *
     * @return true for functions that are not monotonic
     */
    public boolean needsSource() {
        return this == SILU || this == HARD_SWISH || this == ABS;
    }

    Function(int algorithm, int backward, float alpha, float beta) {
        this.algorithm = algorithm;
        this.backward = backward;
        this.alpha = alpha;
        this.beta = beta;
    }
}
