package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Spatial-pyramid squeeze and excitation: SE whose squeeze is a learned, per-channel sum over a pyramid of average pools.
 *
 * <pre>
 * z[n, c] = sum over levels k: fusionkB[c] + sum over i, j: fusionkW[c, i, j] pool_k(x)[n, c, i, j]
 * s       = sigmoid(expandW' relu(reduceW' relu(BN(z)) + reduceB) + expandB)
 * y       = x * s[n, c]
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W], any H and W (adaptive bins, which overlap where k does not divide the size);
 * {@code fusionkW} [C, k, k] and {@code fusionkB} [C] for each level k; {@code gamma}, {@code beta}, {@code mean},
 * {@code var} [C]; {@code reduceW} [C, C/r], {@code reduceB} [C/r], {@code expandW} [C/r, C], {@code expandB} [C].
 * BatchNorm: epsilon 1e-5, momentum 0.1.
 *
 * <p>Jin et al., Delving Deep into Spatial Pooling for Squeeze-and-Excitation Networks;
 * megvii-research/RG-SENet_SP-SENet, {@code spse_resnet.py}.
 *
 * <pre>{@code
 * .addLayer("spse", Spse.builder().levels(1, 2, 4).reduction(16).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "spse", "shortcut")
 * }</pre>
 */
public final class Spse extends AttentionBlock {
    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 16;

    private static final int[] DEFAULT_LEVELS = {1, 2, 4};

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("levels")
    private int[] levels;

    /** For JSON. */
    private Spse() {}

    private Spse(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        levels = builder.levels;
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

    static String weightName(int level) {
        return "fusion" + level + "W";
    }

    static String biasName(int level) {
        return "fusion" + level + "B";
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        for (int k : levels) {
            spec.weight(weightName(k), (long) k * k, (long) k * k, getChannels(), k, k);
        }
        Excitation.parameters(spec, getChannels(), getChannels() / reduction, true);
        for (int k : levels) {
            spec.bias(biasName(k), getChannels());
        }
        return spec.batchNorm(getChannels(), 1);
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value z = null;
        for (int k : levels) {
            o.show("fusion" + k, BlockGate.Kind.WEIGHTS, o.parameter(weightName(k)));
            Value sum = o.weightedSum(o.exact(o.adaptivePool(x, k)), o.exact(weightName(k)));
            Value level = o.add(sum, o.perChannel(o.exact(biasName(k))));
            z = z == null ? level : o.add(z, level);
        }
        Value scores = Excitation.define(o, o.normalizedRelu(BatchNorm.ONLY, z), Activation.RELU, true);
        return o.multiply(x, o.channelGate(o.sigmoid(scores)));
    }

    @Override
    Kernel kernel() {
        return new SqueezeKernel(new Excitation(Activation.RELU, true), Gate.SIGMOID, new PyramidSqueeze(levels));
    }

    @Override
    void validate(MapSize size) {
        Excitation.validate(describe(), size.channels, reduction);
    }

    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        return Excitation.startAt(gate, Gate.SIGMOID, parameters);
    }

    @Override
    public String blockName() {
        return "spse";
    }

    @Override
    public long mapOperations(InputType inputType) {
        return (levels.length + 1) * inputType.arrayElementsPerExample(); // a pooling per level and the re-weighting
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("levels", Arrays.stream(levels).boxed().collect(Collectors.toList()));
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private int[] levels = DEFAULT_LEVELS;

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
         * The pyramid: level k pools the map to k x k.
         *
         * @param levels distinct positive numbers; default 1, 2, 4
         * @return this
         */
        public Builder levels(int... levels) {
            List<Integer> seen = new ArrayList<>();
            for (int level : levels) {
                Checks.positive("levels", level, "use levels(1, 2, 4)");
                if (seen.contains(level)) {
                    throw new IllegalArgumentException(
                            "levels " + Arrays.toString(levels) + " must be distinct; name " + level + " once");
                }
                seen.add(level);
            }
            if (seen.isEmpty()) {
                throw new IllegalArgumentException("levels [] must name at least one level; use levels(1, 2, 4)");
            }
            this.levels = levels.clone();
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Spse build() {
            return new Spse(this);
        }
    }
}
