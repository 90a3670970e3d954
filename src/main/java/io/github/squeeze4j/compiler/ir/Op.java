package io.github.squeeze4j.compiler.ir;

import java.util.Locale;

/**
 * What gives a value. Maps are [N, C, H, W]; a number per channel is [N, C, 1, 1], one per position [N, 1, H, W]. Names and
 * meanings are those of oneDNN and ONNX where these have the operation.
 */
public enum Op {
    /** A map that is given. Attribute {@code name}. */
    INPUT(Family.LEAF),
    /** Learned numbers or running statistics. Attribute {@code name}. */
    PARAMETER(Family.LEAF),

    /** max(x, 0). */
    RELU(Family.UNARY),
    /** min(max(x, 0), 6). */
    RELU6(Family.UNARY),
    /** x, or 0.01 x where that is negative. */
    LEAKY_RELU(Family.UNARY),
    /** x, or exp(x) - 1 where x is negative. */
    ELU(Family.UNARY),
    /** Scaled ELU of self-normalizing networks. */
    SELU(Family.UNARY),
    /** x / (1 + exp(-x)). */
    SWISH(Family.UNARY),
    /** x * min(max(x + 3, 0), 6) / 6. */
    HARD_SWISH(Family.UNARY),
    /** x * tanh(log(1 + exp(x))). */
    MISH(Family.UNARY),
    /** Hyperbolic tangent. */
    TANH(Family.UNARY),
    /** 1 / (1 + exp(-x)). */
    SIGMOID(Family.UNARY),
    /** min(max(x + 3, 0), 6) / 6. */
    HARD_SIGMOID(Family.UNARY),
    /** Square root. */
    SQRT(Family.UNARY),
    /** Absolute value. */
    ABS(Family.UNARY),
    /** Exponential. */
    EXP(Family.UNARY),
    /** Natural logarithm. */
    LOG(Family.UNARY),
    /** 1 where x is 0, else 0; without a gradient. */
    IS_ZERO(Family.UNARY),
    /** 1, 0 or -1, as x is more than 0, 0 or less; without a gradient. */
    SIGN(Family.UNARY),
    /** alpha * x + beta. Attributes {@code alpha}, {@code beta}. */
    AFFINE(Family.UNARY),
    /** The same numbers in another data type. */
    CAST(Family.UNARY),

    /** a + b; axes of size 1 repeat. */
    ADD(Family.BINARY),
    /** a - b; axes of size 1 repeat. */
    SUBTRACT(Family.BINARY),
    /** a * b; axes of size 1 repeat. Behind passes a third input is added, and attribute {@code function} applied. */
    MULTIPLY(Family.BINARY),
    /** a / b; axes of size 1 repeat. */
    DIVIDE(Family.BINARY),
    /** The larger; where both are equal each has half of the gradient. */
    MAXIMUM(Family.BINARY),

    /**
     * Means along axes, which keep size 1. Attribute {@code axes}; {@code groups}, if more than 1, of channels that have a mean of
     * their own.
     */
    MEAN(Family.REDUCTION),
    /** Sums along axes, which keep size 1. Attribute {@code axes}. */
    SUM(Family.REDUCTION),
    /** Maxima along axes, which keep size 1. Attribute {@code axes}. */
    MAX(Family.REDUCTION),
    /** exp(x) over its sum over all positions. */
    SOFTMAX(Family.OTHER),
    /** Sums over all positions of x * w, w [C, H, W]: a depthwise convolution by kernels of the map's size. */
    WEIGHTED_SUM(Family.OTHER),

    /** x' w + bias along the channels, at each position; w [in, out]. Behind passes attribute {@code function} is applied. */
    DENSE(Family.OTHER),
    /**
     * A convolution, w [out, in / groups, kH, kW]. Attributes {@code stride}, {@code dilation}, {@code padding} (at either end),
     * each vertical and horizontal, and {@code groups}.
     */
    CONVOLUTION(Family.OTHER),
    /** Means over windows, of what lies inside the map. Attributes {@code kernel}, {@code stride}, {@code padding}. */
    AVERAGE_POOL(Family.OTHER),
    /** Means over bins that cover the map, as PyTorch's adaptive pooling cuts them. Attribute {@code bins} per side. */
    ADAPTIVE_POOL(Family.OTHER),
    /** The bins of several {@link #ADAPTIVE_POOL}s one behind the other, [N, C, all bins, 1]. Attribute {@code bins}, a list. */
    ADAPTIVE_POOLS(Family.OTHER),
    /** The nearest position's number, as PyTorch's interpolation chooses it. Attribute {@code size}. */
    RESIZE(Family.OTHER),
    /**
     * gamma * (x - mean) / sqrt(variance + epsilon) + beta per channel; inputs x, gamma, beta, mean, variance. Attributes {@code
     * norm}, the normalization's name, {@code epsilon}, and {@code batch}: whether mean and variance are the batch's, which are then
     * the weight {@code momentum} in the running ones.
     */
    BATCH_NORMALIZATION(Family.OTHER),

    /** The same numbers, in C order, in another shape. */
    RESHAPE(Family.OTHER),
    /** One behind the other along an axis. Attribute {@code axis}. */
    CONCAT(Family.OTHER),
    /** A part of an axis. Attributes {@code axis}, {@code from}, {@code size}. */
    SLICE(Family.OTHER),
    /** Each channel as often, side by side. Attribute {@code times}. */
    REPEAT(Family.OTHER),

    // gradients; what is "of" a value has that value for its first input, so that code finds what it kept of it

    /** Zeros on both sides of an axis. Attributes {@code axis}, {@code from}, how many lie before, and {@code size}, of the result. */
    PAD(Family.OTHER),
    /** Rows for columns of a matrix. */
    TRANSPOSE(Family.OTHER),
    /**
     * gradient * f'(x), of what is known, f(x), or x where f'(x) does not follow from that, and the gradient, whose axes of size 1
     * repeat. Attribute {@code of}, the function.
     */
    FUNCTION_SOURCE(Family.OTHER),
    /** Of a {@link #MAX}: its gradient where the first maximum is, 0 elsewhere; a third input is added. */
    MAX_SOURCE(Family.OTHER),
    /** Of a pooling or a {@link #RESIZE}: the gradient of what it reads. */
    SAMPLE_SOURCE(Family.OTHER),
    /** The gradient of a {@link #DENSE}'s weights, of its input and the gradient of its result. */
    DENSE_WEIGHTS(Family.OTHER),
    /** Of a {@link #CONVOLUTION}: the gradient of what it reads. */
    CONVOLUTION_SOURCE(Family.OTHER),
    /** Of a {@link #CONVOLUTION}: the gradient of its weights. */
    CONVOLUTION_WEIGHTS(Family.OTHER),
    /** variance * n / (n - 1), of the variance per channel and the map of which that is, with n numbers each; of 1 number, 0. */
    UNBIASED(Family.OTHER),
    /**
     * Sums along axes of a * b, whose axes of size 1 repeat. Attributes {@code axes} and {@code groups} as those of {@link #MEAN}. A
     * third input is what b is multiplied by in the same pass; {@link #SCALED} is that product.
     */
    DOT(Family.OTHER),
    /** What a {@link #DOT} makes besides. */
    SCALED(Family.OTHER);

    /** Operations that have checks and loops in common. */
    public enum Family {
        /** Without inputs. */
        LEAF,
        /** A function of each number. */
        UNARY,
        /** A function of two numbers, with broadcasting. */
        BINARY,
        /** One number of many. */
        REDUCTION,
        /** Everything else. */
        OTHER
    }

    private final Family family;

    Op(Family family) {
        this.family = family;
    }

    /**
     * The family.
     *
     * @return never null
     */
    public Family family() {
        return family;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
