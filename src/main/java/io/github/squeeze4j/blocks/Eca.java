package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Efficient channel attention: re-weights each channel by a gate computed from the means of its neighbours.
 *
 * <pre>
 * z[n, c] = mean over h, w of x[n, c, h, w]
 * s[n, c] = sigmoid(sum over i &lt; k: convW[i] z[n, c + i - (k - 1) / 2])        z is 0 outside
 * y       = x * s[n, c]
 * k       = t if t is odd, else t + 1, at least 3;  t = floor(|log2(C) + beta| / gamma)
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; {@code convW} [k].
 *
 * <p>Wang et al., ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks, 1910.03151;
 * BangguWu/ECANet. That kernels are at least 3 wide is timm's rule; it matters for 7 channels and fewer. The published networks
 * have kernels by stage rather than by rule: those of {@code io.github.squeeze4j.models.Models} named {@code eca_} follow them.
 *
 * <pre>{@code
 * .addLayer("eca", Eca.builder().build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "eca", "shortcut")
 * }</pre>
 */
public final class Eca extends AttentionBlock {
    /** Default {@link Builder#kernel}: the kernel follows the channels. */
    public static final int ADAPTIVE = 0;

    /** Default {@link Builder#gamma}. */
    public static final double DEFAULT_GAMMA = 2;

    /** Default {@link Builder#beta}. */
    public static final double DEFAULT_BETA = 1;

    static final String WEIGHT = "convW";

    private static final int SMALLEST_KERNEL = 3;

    @JsonProperty("kernel")
    private int kernel;

    @JsonProperty("gamma")
    private double gamma;

    @JsonProperty("beta")
    private double beta;

    /** For JSON. */
    private Eca() {}

    private Eca(Builder builder) {
        super(builder);
        kernel = builder.kernel;
        gamma = builder.gamma;
        beta = builder.beta;
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

    /** The kernel for the channels that are set. */
    int width() {
        if (kernel != ADAPTIVE) {
            return kernel;
        }
        double octaves = Math.log(Math.max(1, getChannels())) / Math.log(2);
        int nearest = (int) (Math.abs(octaves + beta) / gamma);
        return Math.max(SMALLEST_KERNEL, nearest % 2 == 1 ? nearest : nearest + 1);
    }

    @Override
    ParameterSpec parameters() {
        return new ParameterSpec().weight(WEIGHT, width(), width(), width());
    }

    @Override
    Value define(BlockOps o, Value x) {
        long channels = o.size.channels;
        Value means = o.reshape(o.squeeze(x), TensorType.BATCH, 1, 1, channels);
        Value weight = o.reshape(o.parameter(WEIGHT), 1, 1, 1, width());
        int[] ones = {1, 1};
        Value scores = o.convolution(means, weight, null, ones, ones, new int[] {0, (width() - 1) / 2}, 1);
        return o.multiply(x, o.channelGate(o.sigmoid(o.reshape(scores, TensorType.BATCH, channels, 1, 1))));
    }

    @Override
    Kernel kernel() {
        return new SqueezeKernel(new NeighbourScores(width()), Gate.SIGMOID, new MeanSqueeze());
    }

    @Override
    void validate(MapSize size) {}

    @Override
    public String blockName() {
        return "eca";
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

    /** Weights of 0: every gate is 0.5, the only constant that a convolution without bias can give. */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        parameters.get(WEIGHT).assign(0);
        return 0.5;
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("kernel", kernel);
        options.put("gamma", gamma);
        options.put("beta", beta);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int kernel = ADAPTIVE;
        private double gamma = DEFAULT_GAMMA;
        private double beta = DEFAULT_BETA;

        private Builder() {}

        /**
         * How many neighbouring channels a gate sees, its own included.
         *
         * @param kernel positive and odd; default {@link Eca#ADAPTIVE}, which follows the channels
         * @return this
         */
        public Builder kernel(int kernel) {
            Checks.positive("kernel", kernel, "leave it out for one that follows the channels");
            if (kernel % 2 == 0) {
                throw new IllegalArgumentException("kernel (" + kernel
                        + ") must be odd, so that a channel has as many neighbours on either side; use kernel("
                        + (kernel + 1) + ")");
            }
            this.kernel = kernel;
            return this;
        }

        /**
         * The divisor in the rule for adaptive kernels.
         *
         * @param gamma positive; default 2
         * @return this
         */
        public Builder gamma(double gamma) {
            if (!(gamma > 0 && gamma < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("gamma (" + gamma + ") must be positive; use gamma(2)");
            }
            this.gamma = gamma;
            return this;
        }

        /**
         * The summand in the rule for adaptive kernels.
         *
         * @param beta any finite number; default 1
         * @return this
         */
        public Builder beta(double beta) {
            if (!Double.isFinite(beta)) {
                throw new IllegalArgumentException("beta (" + beta + ") must be finite; use beta(1)");
            }
            this.beta = beta;
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Eca build() {
            return new Eca(this);
        }
    }
}
