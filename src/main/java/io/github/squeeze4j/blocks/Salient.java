package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Salient attention: re-weights each position by how the channels there agree with their global means.
 *
 * <pre>
 * z[n, c]       = mean over h, w of x[n, c, h, w]
 * m[n, j, h, w] = mean over the channels c of group j of z[n, c] x[n, c, h, w]
 * s             = sigmoid(BN(m))
 * y             = x * s[n, j, h, w]
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; {@code gamma}, {@code beta}, {@code mean}, {@code var} [G], one per group; G is 1 by
 * default, or C / channelsPerMap. BatchNorm: epsilon 1e-5, momentum 0.1. Nothing else is learned.
 *
 * <p>AmigoCDT/Salient-Net, {@code models/SSABlock.py}: {@code SalientBlock}, and with {@code channelsPerMap}
 * {@code GroupSalientBlock}. It differs from the latter in that a number that does not divide the channels is an error,
 * where the reference takes one group if it exceeds them.
 *
 * <pre>{@code
 * .addLayer("salient", Salient.builder().build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "salient", "shortcut")
 * }</pre>
 */
public final class Salient extends AttentionBlock {
    /** Default {@link Builder#channelsPerMap}: one map for all channels. */
    public static final int ALL_CHANNELS = Integer.MAX_VALUE;

    @JsonProperty("channelsPerMap")
    private int channelsPerMap;

    /** For JSON. */
    private Salient() {}

    private Salient(Builder builder) {
        super(builder);
        channelsPerMap = builder.channelsPerMap;
        constrain(builder);
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with the reference's defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    private long groups(long channels) {
        return channelsPerMap == ALL_CHANNELS ? 1 : channels / channelsPerMap;
    }

    @Override
    ParameterSpec parameters() {
        return new ParameterSpec().batchNorm(groups(getChannels()), 1);
    }

    @Override
    Value define(BlockOps o, Value x) {
        long groups = groups(o.size.channels);
        Value agreement = o.groupMean(o.multiply(x, o.squeeze(x)), groups);
        Value gate = o.sigmoid(o.batchNorm(agreement));
        o.gate("spatial", BlockGate.Kind.POSITIONS, gate);
        return o.multiply(x, groups == 1 ? gate : o.repeat(gate, o.size.channels / groups));
    }

    @Override
    Kernel kernel() {
        return new SalientKernel(groups(getChannels()));
    }

    @Override
    void validate(MapSize size) {
        if (channelsPerMap != ALL_CHANNELS && size.channels % channelsPerMap != 0) {
            throw new IllegalArgumentException(describe() + ": channelsPerMap (" + channelsPerMap
                    + ") must divide channels (" + size.channels + "); use a divisor, or leave it out for one map");
        }
    }

    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        parameters.get(BatchNorm.GAMMA).assign(0);
        parameters.get(BatchNorm.BETA).assign(Logit.of(gate));
        return Logit.reachable(gate);
    }

    @Override
    public String blockName() {
        return "salient";
    }

    @Override
    public long mapOperations(InputType inputType) {
        // The means, the agreement with them and the re-weighting.
        return 3 * inputType.arrayElementsPerExample();
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("channelsPerMap", channelsPerMap);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int channelsPerMap = ALL_CHANNELS;

        private Builder() {}

        /**
         * How many channels share one attention map.
         *
         * @param channelsPerMap a divisor of C; default {@link Salient#ALL_CHANNELS}
         * @return this
         */
        public Builder channelsPerMap(int channelsPerMap) {
            this.channelsPerMap =
                    Checks.positive("channelsPerMap", channelsPerMap, "leave it out for one map over all channels");
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Salient build() {
            return new Salient(this);
        }
    }
}
