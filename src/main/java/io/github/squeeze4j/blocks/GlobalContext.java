package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Global context: adds to every position one vector that is computed from an attention-weighted mean of the map.
 *
 * <pre>
 * a[n, h, w] = softmax over h, w of (sum over c of attentionW[c] x[n, c, h, w] + attentionB)
 * z[n, c]    = sum over h, w of a[n, h, w] x[n, c, h, w]
 * t(z)       = ExpandW' relu(LN(ReduceW' z + ReduceB)) + ExpandB
 * y          = x + t_add(z)
 *
 * with multiply:          y = x * sigmoid(t_multiply(z)), plus t_add(z) if both are on
 * with Pooling.AVERAGE:   z[n, c] = mean over h, w of x[n, c, h, w]
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; {@code attentionW} [C], {@code attentionB} [1]; of each transform, behind {@code add} or
 * {@code multiply}: {@code ReduceW} [C, C/r], {@code ReduceB} [C/r], {@code Gamma}, {@code Beta} [C/r] of the layer
 * normalisation (epsilon 1e-5), {@code ExpandW} [C/r, C], {@code ExpandB} [C]. {@code ReduceB} starts uniform within
 * 1 / sqrt(C), as PyTorch's layers do, {@code attentionW} normal with variance 2 / C; {@code ExpandW} and {@code ExpandB} start at
 * 0, so that adding is the identity at first. {@code attentionB} changes nothing, as softmax does not see it; it is here
 * because the reference code has it.
 *
 * <p>Cao et al., GCNet: Non-local Networks Meet Squeeze-Excitation Networks and Beyond, 1904.11492;
 * xvjiarui/GCNet, {@code ContextBlock}. timm's {@code GlobalContext} has another epsilon, 1e-6, and other defaults: C / 8,
 * multiply.
 *
 * <pre>{@code
 * .addLayer("gc", GlobalContext.builder().reduction(16).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "gc", "shortcut")
 * }</pre>
 */
public final class GlobalContext extends AttentionBlock {
    /** How the map becomes one vector. */
    public enum Pooling {
        /** A mean with learned weights per position. */
        ATTENTION,
        /** The plain mean. */
        AVERAGE
    }

    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 16;

    static final String ATTENTION_WEIGHT = "attentionW";
    static final String ATTENTION_BIAS = "attentionB";
    static final String ADD = "add";
    static final String MULTIPLY = "multiply";

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("pooling")
    private Pooling pooling;

    @JsonProperty("add")
    private boolean add;

    @JsonProperty("multiply")
    private boolean multiply;

    /** For JSON. */
    private GlobalContext() {}

    private GlobalContext(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        pooling = builder.pooling;
        add = builder.add;
        multiply = builder.multiply;
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
        if (pooling == Pooling.ATTENTION) {
            spec.heNormal(ATTENTION_WEIGHT, getChannels(), getChannels());
            spec.bias(ATTENTION_BIAS, 1);
        }
        if (multiply) {
            ContextTransform.parameters(spec, MULTIPLY, getChannels(), hidden());
        }
        if (add) {
            ContextTransform.parameters(spec, ADD, getChannels(), hidden());
        }
        return spec;
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value context;
        if (pooling == Pooling.ATTENTION) {
            Value weights = o.softmax(PositionScores.define(o, x, ATTENTION_WEIGHT, ATTENTION_BIAS));
            o.show("context", BlockGate.Kind.SCORES, weights);
            context = o.sum(o.multiply(x, weights), 2, 3);
        } else {
            context = o.squeeze(x);
        }
        Value fused = x;
        if (multiply) {
            Value gate = o.sigmoid(ContextTransform.define(o, context, MULTIPLY));
            fused = o.multiply(x, o.channelGate(gate));
        }
        return add ? o.add(fused, ContextTransform.define(o, context, ADD)) : fused;
    }

    @Override
    Kernel kernel() {
        return new GlobalContextKernel(
                pooling, multiply ? new ContextTransform(MULTIPLY) : null, add ? new ContextTransform(ADD) : null);
    }

    @Override
    void validate(MapSize size) {
        Excitation.validate(describe(), size.channels, reduction);
    }

    @Override
    public String blockName() {
        return "gc";
    }

    /**
     * Operations on whole maps, counted as published tables count them: one per element for each pooling and each
     * re-weighting or addition.
     *
     * @param inputType the block's input
     * @return 2 C H W, or 3 C H W where the block multiplies and adds, for one example
     */
    @Override
    public long mapOperations(InputType inputType) {
        return (1 + (add ? 1 : 0) + (multiply ? 1 : 0)) * Passes.elements(inputType);
    }

    /** A last layer of 0: nothing is added, and the multiplying gate is its bias. Adding alone is always the identity. */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        if (add) {
            parameters.get(ADD + "ExpandW").assign(0);
            parameters.get(ADD + "ExpandB").assign(0);
        }
        if (!multiply) {
            return 1;
        }
        double factor = Logit.reachable(gate);
        parameters.get(MULTIPLY + "ExpandW").assign(0);
        parameters.get(MULTIPLY + "ExpandB").assign(Logit.of(factor));
        return factor;
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("pooling", pooling);
        options.put("add", add);
        options.put("multiply", multiply);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private Pooling pooling = Pooling.ATTENTION;
        private boolean add = true;
        private boolean multiply;

        private Builder() {}

        /**
         * How many channels share one hidden channel: hidden channels are C / reduction, rounded down.
         *
         * @param reduction at least 1, at most C; default 16
         * @return this
         */
        public Builder reduction(int reduction) {
            this.reduction = Checks.positive("reduction", reduction, "use reduction(" + DEFAULT_REDUCTION + ")");
            return this;
        }

        /**
         * How the map becomes one vector.
         *
         * @param pooling default {@link Pooling#ATTENTION}
         * @return this
         */
        public Builder pooling(Pooling pooling) {
            this.pooling = Checks.notNull("pooling", pooling, "use GlobalContext.Pooling.ATTENTION");
            return this;
        }

        /**
         * Whether a transform of the context is added to the map.
         *
         * @param add default true
         * @return this
         */
        public Builder add(boolean add) {
            this.add = add;
            return this;
        }

        /**
         * Whether the map is multiplied by the sigmoid of a transform of the context, before the addition.
         *
         * @param multiply default false
         * @return this
         */
        public Builder multiply(boolean multiply) {
            this.multiply = multiply;
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public GlobalContext build() {
            if (!add && !multiply) {
                throw new IllegalArgumentException("add (false) and multiply (false) must not both be off;"
                        + " use add(true), or no block at all");
            }
            return new GlobalContext(this);
        }
    }
}
