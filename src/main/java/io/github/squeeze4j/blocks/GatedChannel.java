package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Gated channel transformation: re-weights each channel by how its norm compares with those of all channels.
 *
 * <pre>
 * e[n, c] = alpha[c] sqrt(sum over h, w of x[n, c, h, w]^2 + epsilon)
 * z[n, c] = e[n, c] / sqrt(mean over channels of e^2 + epsilon)
 * y       = x * (1 + tanh(gamma[c] z[n, c] + beta[c]))
 *
 * with Norm.L1:
 * e[n, c] = alpha[c] sum over h, w of |x[n, c, h, w]|
 * z[n, c] = e[n, c] / (mean over channels of |e| + epsilon)
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; {@code alpha}, {@code gamma}, {@code beta} [C]. Epsilon is 1e-5; alpha starts at 1, gamma
 * and beta at 0, so that the block is the identity at first. Weight decay (L1, L2) falls on alpha and gamma as on weights, not on
 * beta, as in the authors' {@code PyTorch/main.py}.
 *
 * <p>Yang et al., Gated Channel Transformation for Visual Recognition, 1909.11519; z-x-yang/GCT.
 *
 * <pre>{@code
 * .addLayer("gct", GatedChannel.builder().build(), "relu2")
 * .addLayer("conv3", new ConvolutionLayer.Builder(1, 1).nOut(256).build(), "gct")
 * }</pre>
 */
public final class GatedChannel extends AttentionBlock {
    /** How channels are measured. */
    public enum Norm {
        /** The Euclidean norm. */
        L2,
        /** The sum of magnitudes. */
        L1
    }

    static final double EPSILON = 1e-5;
    static final String ALPHA = "alpha";
    static final String GAMMA = "gamma";
    static final String BETA = "beta";

    @JsonProperty("norm")
    private Norm norm;

    /** For JSON. */
    private GatedChannel() {}

    private GatedChannel(Builder builder) {
        super(builder);
        norm = builder.norm;
        constrain(builder);
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with the paper's defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    ParameterSpec parameters() {
        return new ParameterSpec()
                .factor(ALPHA, 1, getChannels())
                .factor(GAMMA, 0, getChannels())
                .shift(BETA, getChannels());
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value alpha = o.perChannel(o.exact(ALPHA));
        Value embedding;
        Value scale;
        if (norm == Norm.L2) {
            Value squares = o.exact(o.sum(o.multiply(x, x), 2, 3));
            embedding = o.multiply(o.sqrt(o.affine(squares, 1, EPSILON)), alpha);
            scale = o.sqrt(o.affine(o.mean(o.multiply(embedding, embedding), 1), 1, EPSILON));
        } else {
            embedding = o.multiply(o.exact(o.sum(o.unary(Op.ABS, x), 2, 3)), alpha);
            scale = o.affine(o.mean(o.unary(Op.ABS, embedding), 1), 1, EPSILON);
        }
        Value normalized = o.multiply(o.divide(embedding, scale), o.perChannel(o.exact(GAMMA)));
        Value score = o.add(normalized, o.perChannel(o.exact(BETA)));
        Value gate = o.rounded(o.affine(o.unary(Op.TANH, score), 1, 1));
        return o.multiply(x, o.show("channel", BlockGate.Kind.CHANNELS, 0, 2, gate));
    }

    @Override
    Kernel kernel() {
        return new GatedChannelKernel(norm);
    }

    @Override
    void validate(MapSize size) {}

    @Override
    public String blockName() {
        return "gct";
    }

    /**
     * Operations on whole maps, counted as published tables count them: one per element for each pooling and each
     * re-weighting.
     *
     * @param inputType the block's input
     * @return 2 C H W, for one example
     */
    @Override
    public long mapOperations(InputType inputType) {
        return 2 * Passes.elements(inputType);
    }

    /** A gamma of 0 leaves 1 + tanh(beta), between 0 and 2: 1 is reached exactly. */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        double factor = 2 * Logit.reachable(gate / 2);
        parameters.get(GAMMA).assign(0);
        // 1 + tanh(b) = 2 sigmoid(2 b)
        parameters.get(BETA).assign(Logit.of(factor / 2) / 2);
        return factor;
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("norm", norm);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private Norm norm = Norm.L2;

        private Builder() {}

        /**
         * How channels are measured.
         *
         * @param norm default {@link Norm#L2}
         * @return this
         */
        public Builder norm(Norm norm) {
            this.norm = Checks.notNull("norm", norm, "use GatedChannel.Norm.L2");
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public GatedChannel build() {
            return new GatedChannel(this);
        }
    }
}
