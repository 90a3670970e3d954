package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Squeeze-and-Excitation: re-weights each channel by a gate computed from the means of all channels.
 *
 * <pre>
 * z[n, c] = mean over h, w of x[n, c, h, w]
 * s       = gate(expandW' activation(reduceW' z + reduceB) + expandB)
 * y       = x * s[n, c]
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; {@code reduceW} [C, C/r], {@code reduceB} [C/r], {@code expandW} [C/r, C],
 * {@code expandB} [C].
 *
 * <p>Hu et al., Squeeze-and-Excitation Networks, 1709.01507; hujie-frank/SENet. With
 * {@code biases(false)} it is the module of moskomule/senet.pytorch.
 *
 * <pre>{@code
 * .addLayer("bn3", new BatchNormalization.Builder().build(), "conv3")
 * .addLayer("se", SqueezeExcitation.builder().reduction(16).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "se", "shortcut")
 * }</pre>
 */
public final class SqueezeExcitation extends AttentionBlock {
    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 16;

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("hidden")
    private long hidden;

    @JsonProperty("biases")
    private boolean biases;

    @JsonProperty("gate")
    private Gate gate;

    @JsonProperty("activation")
    private Activation activation;

    @JsonProperty("rounding")
    private Rounding rounding;

    /** For JSON. */
    private SqueezeExcitation() {}

    private SqueezeExcitation(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        hidden = builder.hidden;
        biases = builder.biases;
        gate = builder.gate;
        activation = builder.activation;
        rounding = builder.rounding;
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

    /**
     * The function that turns scores into weights.
     *
     * @return the gate
     */
    public Gate getGate() {
        return gate;
    }

    /**
     * The activation between the two linear layers.
     *
     * @return the activation
     */
    public Activation getActivation() {
        return activation;
    }

    private long hidden() {
        return hidden > 0 ? hidden : rounding.hidden(getChannels(), reduction);
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        Excitation.parameters(spec, getChannels(), hidden(), biases);
        return spec;
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value scores = Excitation.define(o, o.squeeze(x), activation, biases);
        return o.multiply(x, o.channelGate(gate.define(o, scores)));
    }

    @Override
    Kernel kernel() {
        return new SqueezeKernel(new Excitation(activation, biases), gate, new MeanSqueeze());
    }

    @Override
    void validate(MapSize size) {
        if (hidden == 0) {
            Excitation.validate(describe(), size.channels, reduction);
        }
    }

    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        return Excitation.startAt(gate, this.gate, parameters);
    }

    @Override
    public String blockName() {
        return "se";
    }

    @Override
    public long mapOperations(InputType inputType) {
        return 2 * inputType.arrayElementsPerExample(); // the squeeze and the re-weighting
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("hidden", hidden);
        options.put("biases", biases);
        options.put("gate", gate);
        options.put("activation", activation);
        options.put("rounding", rounding);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private long hidden;
        private boolean biases = true;
        private Gate gate = Gate.SIGMOID;
        private Activation activation = Activation.RELU;
        private Rounding rounding = Rounding.DOWN;

        private Builder() {}

        /**
         * How many channels share one hidden channel: hidden channels are C / reduction.
         *
         * @param reduction at least 1, at most C; default 16
         * @return this
         */
        public Builder reduction(int reduction) {
            this.reduction = Checks.positive("reduction", reduction, "use reduction(" + DEFAULT_REDUCTION + ")");
            return this;
        }

        /**
         * The number of hidden channels itself, instead of what {@link #reduction} and {@link #rounding} make of C: for
         * networks that count it from another map, as EfficientNet and RegNet do.
         *
         * @param hidden at least 1; by default not set
         * @return this
         */
        public Builder hidden(int hidden) {
            this.hidden = Checks.positive("hidden", hidden, "use reduction(" + DEFAULT_REDUCTION + ") instead");
            return this;
        }

        /**
         * Whether the two linear layers have biases.
         *
         * @param biases true (default) as in the authors' Caffe networks and timm, false as in moskomule/senet.pytorch
         * @return this
         */
        public Builder biases(boolean biases) {
            this.biases = biases;
            return this;
        }

        /**
         * The function that turns scores into gates.
         *
         * @param gate default {@link Gate#SIGMOID}
         * @return this
         */
        public Builder gate(Gate gate) {
            this.gate = Checks.notNull("gate", gate, "use Gate.SIGMOID");
            return this;
        }

        /**
         * The activation between the two linear layers.
         *
         * @param activation default RELU; one of RELU, RELU6, LEAKYRELU, ELU, SELU, SWISH, MISH, TANH, SIGMOID, IDENTITY
         * @return this
         */
        public Builder activation(Activation activation) {
            this.activation = InnerActivation.check(activation);
            return this;
        }

        /**
         * How C / reduction becomes a whole number.
         *
         * @param rounding default {@link Rounding#DOWN}
         * @return this
         */
        public Builder rounding(Rounding rounding) {
            this.rounding = Checks.notNull("rounding", rounding, "use Rounding.DOWN");
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public SqueezeExcitation build() {
            return new SqueezeExcitation(this);
        }
    }
}
