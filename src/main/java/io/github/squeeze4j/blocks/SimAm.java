package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * SimAM: re-weights each value by how far it is from its channel's mean, without parameters.
 *
 * <pre>
 * d = (x - mean over h, w of x)^2
 * v = sum over h, w of d / max(H W - 1, 1)
 * y = x * sigmoid(d / (4 (v + lambda)) + 0.5)
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; no parameters.
 *
 * <p>Yang et al., SimAM: A Simple, Parameter-Free Attention Module for Convolutional Neural Networks, ICML 2021;
 * ZjjConan/SimAM. As in that code v divides by H W - 1; the paper divides by H W. For maps of one position the reference divides by 0; here d and v are 0 there.
 *
 * <pre>{@code
 * .addLayer("simam", SimAm.builder().build(), "conv2")
 * .addLayer("bn2", new BatchNormalization.Builder().build(), "simam")
 * }</pre>
 */
public final class SimAm extends AttentionBlock {
    /** Default {@link Builder#lambda}. */
    public static final double DEFAULT_LAMBDA = 1e-4;

    @JsonProperty("lambda")
    private double lambda;

    /** For JSON. */
    private SimAm() {}

    private SimAm(Builder builder) {
        super(builder);
        lambda = builder.lambda;
        constrain(builder);
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with the defaults of the authors' module
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    ParameterSpec parameters() {
        return new ParameterSpec();
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value centered = o.subtract(x, o.squeeze(x));
        Value squares = o.multiply(centered, centered);
        Value variance = o.affine(o.sum(squares, 2, 3), 1.0 / others(o.size.height * o.size.width), 0);
        Value energy = o.affine(o.divide(squares, o.affine(variance, 4, 4 * lambda)), 1, 0.5);
        return o.multiply(x, o.gate("positions", BlockGate.Kind.POSITIONS, o.sigmoid(energy)));
    }

    /** What the variance divides by. */
    static long others(long positions) {
        return Math.max(1, positions - 1);
    }

    @Override
    Kernel kernel() {
        return new SimAmKernel(lambda);
    }

    @Override
    void validate(MapSize size) {}

    @Override
    public String blockName() {
        return "simam";
    }

    /**
     * Operations on whole maps, counted as published tables count them: one per element for each pooling (mean and variance)
     * and each re-weighting.
     *
     * @param inputType the block's input
     * @return 3 C H W, for one example
     */
    @Override
    public long mapOperations(InputType inputType) {
        return 3 * Passes.elements(inputType);
    }

    /**
     * There is nothing to set. The factor is that of an average value, whose squared distance is the variance; it is at least
     * sigmoid(0.5) = 0.62 everywhere.
     */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        return 1 / (1 + Math.exp(-0.75));
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("lambda", lambda);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private double lambda = DEFAULT_LAMBDA;

        private Builder() {}

        /**
         * What is added to the variance.
         *
         * @param lambda positive; default 1e-4, as in the authors' module, with which they train on CIFAR; on ImageNet and COCO
         *     they take 0.1
         * @return this
         */
        public Builder lambda(double lambda) {
            if (!(lambda > 0 && lambda < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("lambda (" + lambda
                        + ") must be positive, so that constant maps do not divide by 0; use lambda(" + DEFAULT_LAMBDA
                        + ")");
            }
            this.lambda = lambda;
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public SimAm build() {
            return new SimAm(this);
        }
    }
}
