package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Effective Squeeze-and-Excitation: SE with one linear layer that keeps all channels.
 *
 * <pre>
 * z[n, c] = mean over h, w of x[n, c, h, w]
 * s       = gate(fcW' z + fcB)
 * y       = x * s[n, c]
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; {@code fcW} [C, C], {@code fcB} [C]. As in the authors' code, {@code fcW} starts normal with variance
 * 2 / C and {@code fcB} uniform within 1 / sqrt(C).
 *
 * <p>Lee and Park, CenterMask: Real-Time Anchor-Free Instance Segmentation, 1911.06667; youngwanLEE/vovnet-detectron2,
 * {@code eSEModule}; timm, {@code EffectiveSEModule}. The paper's formula has a sigmoid; its code and timm have the hard sigmoid, which is the default
 * here.
 *
 * <pre>{@code
 * .addLayer("ese", EffectiveSe.builder().build(), "relu")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "ese", "shortcut")
 * }</pre>
 */
public final class EffectiveSe extends AttentionBlock {
    static final String WEIGHT = "fcW";
    static final String BIAS = "fcB";

    @JsonProperty("gate")
    private Gate gate;

    /** For JSON. */
    private EffectiveSe() {}

    private EffectiveSe(Builder builder) {
        super(builder);
        gate = builder.gate;
        constrain(builder);
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with the reference code's defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    ParameterSpec parameters() {
        return new ParameterSpec()
                .heNormalFanIn(WEIGHT, getChannels(), getChannels(), getChannels(), getChannels())
                .uniformBias(BIAS, getChannels(), getChannels());
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value scores = o.dense(o.squeeze(x), o.parameter(WEIGHT), o.parameter(BIAS));
        return o.multiply(x, o.channelGate(gate.define(o, scores)));
    }

    @Override
    Kernel kernel() {
        return new SqueezeKernel(new LinearScores(), gate, new MeanSqueeze());
    }

    @Override
    void validate(MapSize size) {}

    @Override
    public String blockName() {
        return "ese";
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

    /** Weights of 0 leave the bias: any factor from 0 to 1 with the hard sigmoid, near them with the sigmoid. */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        parameters.get(WEIGHT).assign(0);
        parameters.get(BIAS).assign(this.gate.score(gate));
        return this.gate.reachable(gate);
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("gate", gate);
        return options;
    }

    /** scores = fcW' z + fcB. */
    private static final class LinearScores implements ChannelScores {
        private INDArray squeezed;

        @Override
        public INDArray forward(INDArray z, Map<String, INDArray> parameters, boolean training, Memory memory) {
            squeezed = z;
            INDArray scores = memory.keep(z.shape());
            MapOps.linear(z, false, parameters.get(WEIGHT), false, parameters.get(BIAS), scores);
            return scores;
        }

        @Override
        public INDArray backward(
                INDArray gradScores, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory) {
            MapOps.matmul(squeezed, true, gradScores, false, gradients.get(WEIGHT));
            MapOps.sumRows(gradScores, gradients.get(BIAS));
            INDArray gradSqueezed = memory.temporary(squeezed.shape());
            MapOps.matmul(gradScores, false, parameters.get(WEIGHT), true, gradSqueezed);
            return gradSqueezed;
        }
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private Gate gate = Gate.HARD_SIGMOID;

        private Builder() {}

        /**
         * The function that turns scores into gates.
         *
         * @param gate default {@link Gate#HARD_SIGMOID}
         * @return this
         */
        public Builder gate(Gate gate) {
            this.gate = Checks.notNull("gate", gate, "use Gate.HARD_SIGMOID");
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public EffectiveSe build() {
            return new EffectiveSe(this);
        }
    }
}
