package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Concurrent spatial and channel Squeeze-and-Excitation: a gate per channel and a gate per position, side by side.
 *
 * <pre>
 * g[n, c]    = sigmoid(expandW' relu(reduceW' z + reduceB) + expandB)        z = mean over h, w of x
 * s[n, h, w] = sigmoid(sum over c of spatialW[c] x[n, c, h, w] + spatialB)
 * y          = x * g + x * s
 * y          = max(x * g, x * s)        with Combination.MAX
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; {@code reduceW} [C, C/r], {@code reduceB} [C/r], {@code expandW} [C/r, C], {@code expandB}
 * [C]; {@code spatialW} [C], {@code spatialB} [1]. Weights and biases start as those of PyTorch's layers do, uniform within
 * 1 / sqrt(inputs), as in ai-med/squeeze_and_excitation.
 *
 * <p>Roy et al., Concurrent Spatial and Channel Squeeze and Excitation in Fully Convolutional Networks, 1803.02579,
 * which adds, as most public code does; the authors' later code, ai-med/squeeze_and_excitation, takes the maximum. Where
 * the two are equal, as for 0, the maximum's gradient goes to both in halves, as PyTorch's does.
 *
 * <pre>{@code
 * .addLayer("scse", ScSe.builder().reduction(2).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "scse", "shortcut")
 * }</pre>
 */
public final class ScSe extends AttentionBlock {
    /** How the two re-weighted maps become one. */
    public enum Combination {
        /** Their sum: factors between 0 and 2. */
        ADD,
        /** The larger of the two, value by value. */
        MAX
    }

    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 2;

    static final String SPATIAL_WEIGHT = "spatialW";
    static final String SPATIAL_BIAS = "spatialB";

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("combination")
    private Combination combination;

    /** For JSON. */
    private ScSe() {}

    private ScSe(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        combination = builder.combination;
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

    private long hidden() {
        return getChannels() / reduction;
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        Excitation.uniformBiases(spec, getChannels(), hidden());
        spec.weight(SPATIAL_WEIGHT, getChannels(), 1, getChannels());
        return spec.uniformBias(SPATIAL_BIAS, getChannels(), 1);
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value channel = o.sigmoid(Excitation.define(o, o.squeeze(x), Activation.RELU, true));
        Value spatial = o.sigmoid(PositionScores.define(o, x, SPATIAL_WEIGHT, SPATIAL_BIAS));
        o.channelGate(channel);
        o.gate("spatial", BlockGate.Kind.POSITIONS, spatial);
        Value byChannel = o.multiply(x, channel);
        Value byPosition = o.multiply(x, spatial);
        return combination == Combination.ADD ? o.add(byChannel, byPosition) : o.maximum(byChannel, byPosition);
    }

    @Override
    Kernel kernel() {
        return new ScSeKernel(combination);
    }

    @Override
    void validate(MapSize size) {
        Excitation.validate(describe(), size.channels, reduction);
    }

    @Override
    public String blockName() {
        return "scse";
    }

    /**
     * Operations on whole maps, counted as published tables count them: one per element for the pooling and each of the two
     * re-weightings.
     *
     * @param inputType the block's input
     * @return 3 C H W, for one example
     */
    @Override
    public long mapOperations(InputType inputType) {
        return 3 * Passes.elements(inputType);
    }

    /** Last weights of 0: both gates are their biases, half of the factor each where they are added. */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        int parts = combination == Combination.ADD ? 2 : 1;
        double factor = Logit.reachable(gate / parts);
        parameters.get(Excitation.EXPAND_WEIGHT).assign(0);
        parameters.get(Excitation.EXPAND_BIAS).assign(Logit.of(factor));
        parameters.get(SPATIAL_WEIGHT).assign(0);
        parameters.get(SPATIAL_BIAS).assign(Logit.of(factor));
        return parts * factor;
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("combination", combination);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private Combination combination = Combination.ADD;

        private Builder() {}

        /**
         * How many channels share one hidden channel: hidden channels are C / reduction, rounded down.
         *
         * @param reduction at least 1, at most C; default 2
         * @return this
         */
        public Builder reduction(int reduction) {
            this.reduction = Checks.positive("reduction", reduction, "use reduction(" + DEFAULT_REDUCTION + ")");
            return this;
        }

        /**
         * How the two re-weighted maps become one.
         *
         * @param combination default {@link Combination#ADD}
         * @return this
         */
        public Builder combination(Combination combination) {
            this.combination = Checks.notNull("combination", combination, "use ScSe.Combination.ADD");
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public ScSe build() {
            return new ScSe(this);
        }
    }
}
