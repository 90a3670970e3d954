package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Convolutional block attention module: a gate per channel, then a gate per position.
 *
 * <pre>
 * g  = sigmoid(sum over pools p: MLP(p(x)))          MLP(z) = expandW' relu(reduceW' z + reduceB) + expandB
 * x' = x * g[n, c]
 * s  = sigmoid(BN(spatialW * [max over c of x'; mean over c of x']))
 * y  = x' * s[n, h, w]
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; channel part: {@code reduceW} [C, C/r], {@code reduceB} [C/r], {@code expandW}
 * [C/r, C], {@code expandB} [C]; spatial part: {@code spatialW} [1, 2, k, k] (a convolution without bias, zero padding
 * (k - 1) / 2), {@code gamma}, {@code beta}, {@code mean}, {@code var} [1]. BatchNorm: epsilon 1e-5, momentum 0.01; as in
 * the reference networks gamma starts at 0, so that the position gate is 0.5 everywhere at first.
 *
 * <p>Woo et al., CBAM: Convolutional Block Attention Module, 1807.06521; Jongchan/attention-module,
 * {@code MODELS/cbam.py}.
 *
 * <pre>{@code
 * .addLayer("cbam", Cbam.builder().reduction(16).kernel(7).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "cbam", "shortcut")
 * }</pre>
 */
public final class Cbam extends AttentionBlock {
    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 16;

    /** Default {@link Builder#kernel}. */
    public static final int DEFAULT_KERNEL = 7;

    /** Weight of the newest batch in the running statistics of the spatial gate, as in the reference code. */
    static final double SPATIAL_MOMENTUM = 0.01;

    static final String SPATIAL_WEIGHT = "spatialW";

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("kernel")
    private int kernel;

    @JsonProperty("channel")
    private boolean channel;

    @JsonProperty("spatial")
    private boolean spatial;

    @JsonProperty("pools")
    private List<Pool> pools;

    /** For JSON. */
    private Cbam() {}

    private Cbam(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        kernel = builder.kernel;
        channel = builder.channel;
        spatial = builder.spatial;
        pools = builder.pools;
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
        ParameterSpec spec = new ParameterSpec();
        if (channel) {
            Excitation.parameters(spec, getChannels(), getChannels() / reduction, true);
        }
        if (spatial) {
            spec.heNormal(SPATIAL_WEIGHT, (long) kernel * kernel, 1, 2, kernel, kernel);
            spec.batchNorm(1, 0);
        }
        return spec;
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value scaled = channel ? defineChannel(o, x) : x;
        return spatial ? defineSpatial(o, scaled) : scaled;
    }

    private Value defineChannel(BlockOps o, Value x) {
        Value scores = null;
        for (Pool pool : pools) {
            Value score = Excitation.define(o, pool.define(o, x), Activation.RELU, true);
            scores = scores == null ? score : o.add(scores, score);
        }
        return o.multiply(x, o.channelGate(o.sigmoid(scores)));
    }

    private Value defineSpatial(BlockOps o, Value x) {
        Value pooled = o.concat(1, o.max(x, 1), o.mean(x, 1));
        Value scores = o.convolution(pooled, o.parameter(SPATIAL_WEIGHT), null, 1, 1, 1);
        Value gate = o.sigmoid(o.batchNorm(scores));
        return o.multiply(x, o.gate("spatial", BlockGate.Kind.POSITIONS, gate));
    }

    @Override
    Kernel kernel() {
        return new CbamKernel(
                channel ? new ChannelGate(pools) : null, spatial ? new SpatialGate(kernel, SPATIAL_MOMENTUM) : null);
    }

    @Override
    void validate(MapSize size) {
        if (channel) {
            Excitation.validate(describe(), size.channels, reduction);
        }
    }

    @Override
    double momentum() {
        return SPATIAL_MOMENTUM;
    }

    /** Both gates have their part, and the scores of the channel's pools are added. */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        double each = channel && spatial ? Math.sqrt(gate) : gate;
        if (channel) {
            parameters.get(Excitation.EXPAND_WEIGHT).assign(0);
            parameters.get(Excitation.EXPAND_BIAS).assign(Logit.of(each) / pools.size());
        }
        if (spatial) {
            parameters.get(BatchNorm.GAMMA).assign(0);
            parameters.get(BatchNorm.BETA).assign(Logit.of(each));
        }
        return Logit.reachable(each) == each ? gate : 1;
    }

    @Override
    public String blockName() {
        return "cbam";
    }

    @Override
    public long mapOperations(InputType inputType) {
        // A pass per pool of the channels, maxima and means of the positions, and a re-weighting of each part.
        int passes = (channel ? pools.size() + 1 : 0) + (spatial ? 3 : 0);
        return passes * inputType.arrayElementsPerExample();
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("kernel", kernel);
        options.put("channel", channel);
        options.put("spatial", spatial);
        options.put("pools", pools);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private int kernel = DEFAULT_KERNEL;
        private boolean channel = true;
        private boolean spatial = true;
        private List<Pool> pools = Collections.unmodifiableList(Arrays.asList(Pool.AVG, Pool.MAX));

        private Builder() {}

        /**
         * How many channels share one hidden channel of the MLP: hidden channels are C / reduction, rounded down.
         *
         * @param reduction at least 1, at most C; default 16
         * @return this
         */
        public Builder reduction(int reduction) {
            this.reduction = Checks.positive("reduction", reduction, "use reduction(" + DEFAULT_REDUCTION + ")");
            return this;
        }

        /**
         * Height and width of the spatial gate's convolution, in positions.
         *
         * @param kernel positive and odd; default 7
         * @return this
         */
        public Builder kernel(int kernel) {
            Checks.positive("kernel", kernel, "use kernel(" + DEFAULT_KERNEL + ")");
            if (kernel % 2 == 0) {
                throw new IllegalArgumentException("kernel (" + kernel
                        + ") must be odd, so that the gate keeps the map's size; use kernel(" + (kernel + 1) + ")");
            }
            this.kernel = kernel;
            return this;
        }

        /**
         * Whether channels are gated.
         *
         * @param channel default true
         * @return this
         */
        public Builder channel(boolean channel) {
            this.channel = channel;
            return this;
        }

        /**
         * Whether positions are gated, after the channels.
         *
         * @param spatial default true
         * @return this
         */
        public Builder spatial(boolean spatial) {
            this.spatial = spatial;
            return this;
        }

        /**
         * The pools of the channel gate, whose scores are added.
         *
         * @param pools at least one, each once; default AVG and MAX
         * @return this
         */
        public Builder pools(Pool... pools) {
            List<Pool> list = Arrays.asList(pools);
            if (list.isEmpty() || list.contains(null) || EnumSet.copyOf(list).size() != list.size()) {
                throw new IllegalArgumentException(
                        "pools " + list + " must name at least one pool, each once; use pools(Pool.AVG, Pool.MAX)");
            }
            this.pools = Collections.unmodifiableList(list);
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Cbam build() {
            if (!channel && !spatial) {
                throw new IllegalArgumentException("channel (false) and spatial (false) must not both be off;"
                        + " use channel(true), or no block at all");
            }
            return new Cbam(this);
        }
    }
}
