package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Bottleneck attention module: a score per channel times a score per position raises what matters, between once and twice.
 *
 * <pre>
 * c[n, c]    = expandW' relu(BN(reduceW' (mean over h, w of x) + reduceB)) + expandB
 * f0         = relu(BN(spatialReduceW * x + spatialReduceB))                      1x1, C to C/r
 * f1         = relu(BN(dilated1W * f0 + dilated1B))                               3x3, dilated
 * f2         = relu(BN(dilated2W * f1 + dilated2B))                               3x3, dilated
 * s[n, h, w] = spatialW * f2 + spatialB                                           1x1, C/r to 1
 * y          = x * (1 + sigmoid(c * s))
 * </pre>
 *
 * <p>Shapes, with m = C/r: x and y [N, C, H, W]; channel part: {@code reduceW} [C, m], {@code reduceB} [m],
 * {@code expandW} [m, C], {@code expandB} [C]; spatial part: {@code spatialReduceW} [m, C, 1, 1], {@code dilated1W} and
 * {@code dilated2W} [m, m, 3, 3], {@code spatialW} [1, m, 1, 1], {@code spatialReduceB}, {@code dilated1B},
 * {@code dilated2B} [m], {@code spatialB} [1]. Four BatchNorms of m channels, named {@code reduce},
 * {@code spatialReduce}, {@code dilated1} and {@code dilated2}, each with {@code NAMEGamma}, {@code NAMEBeta},
 * {@code NAMEMean}, {@code NAMEVar}: epsilon 1e-5, momentum 0.1. As in the authors' networks the convolutions start normal with variance 2 over
 * outputs times kernel area, biases at 0.
 *
 * <p>Park et al., BAM: Bottleneck Attention Module, 1807.06514; Jongchan/attention-module,
 * {@code MODELS/bam.py}. The scores are multiplied and only their hidden layers normalised, as in that code; the paper adds
 * them, with a BatchNorm at the end of each branch. Its code pools the channels' means
 * over a square of the map's height, here they are over the whole map, as in the paper.
 *
 * <pre>{@code
 * .addLayer("bam", Bam.builder().reduction(16).dilation(4).build(), "stage2")
 * .addLayer("stage3", new ConvolutionLayer.Builder(3, 3).nOut(256).build(), "bam")
 * }</pre>
 */
public final class Bam extends AttentionBlock {
    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 16;

    /** Default {@link Builder#dilation}. */
    public static final int DEFAULT_DILATION = 4;

    static final int KERNEL = 3;
    static final String REDUCE = "reduce";
    static final String SPATIAL = "spatial";
    static final String[] STAGES = {"spatialReduce", "dilated1", "dilated2"};

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("dilation")
    private int dilation;

    /** For JSON. */
    private Bam() {}

    private Bam(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        dilation = builder.dilation;
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

    static String weightName(String stage) {
        return stage + "W";
    }

    static String biasName(String stage) {
        return stage + "B";
    }

    private long hidden() {
        return getChannels() / reduction;
    }

    /** Of the stage's convolution. */
    private long[] shape(int stage) {
        return stage == 0
                ? new long[] {hidden(), getChannels(), 1, 1}
                : new long[] {hidden(), hidden(), KERNEL, KERNEL};
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        long hidden = hidden();
        Excitation.parameters(spec, getChannels(), hidden, true);
        for (int i = 0; i < STAGES.length; i++) {
            long[] shape = shape(i);
            spec.heNormal(weightName(STAGES[i]), shape[0] * shape[2] * shape[3], shape);
        }
        spec.heNormal(weightName(SPATIAL), 1, 1, hidden, 1, 1);
        for (String stage : STAGES) {
            spec.bias(biasName(stage), hidden);
        }
        spec.bias(biasName(SPATIAL), 1);
        spec.batchNorm(REDUCE, hidden, 1);
        for (String stage : STAGES) {
            spec.batchNorm(stage, hidden, 1);
        }
        return spec;
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value perChannel = defineChannel(o, x);
        Value perPosition = defineSpatial(o, x);
        Value factor = o.affine(o.sigmoid(o.multiply(perChannel, perPosition)), 1, 1);
        o.show("positions", BlockGate.Kind.POSITIONS, 1, 2, factor);
        o.show("channelScores", BlockGate.Kind.SCORES, perChannel);
        o.show("spatialScores", BlockGate.Kind.SCORES, perPosition);
        return o.multiply(x, factor);
    }

    private static Value defineChannel(BlockOps o, Value x) {
        Value reduced =
                o.dense(o.squeeze(x), o.parameter(Excitation.REDUCE_WEIGHT), o.parameter(Excitation.REDUCE_BIAS));
        Value active = o.normalizedRelu(REDUCE, reduced);
        return o.dense(active, o.parameter(Excitation.EXPAND_WEIGHT), o.parameter(Excitation.EXPAND_BIAS));
    }

    private Value defineSpatial(BlockOps o, Value x) {
        Value features = x;
        for (int i = 0; i < STAGES.length; i++) {
            Value weight = o.parameter(weightName(STAGES[i]));
            Value bias = o.parameter(biasName(STAGES[i]));
            Value convolved = o.convolution(features, weight, bias, 1, i == 0 ? 1 : dilation, 1);
            features = o.normalizedRelu(STAGES[i], convolved);
        }
        return o.convolution(features, o.parameter(weightName(SPATIAL)), o.parameter(biasName(SPATIAL)), 1, 1, 1);
    }

    @Override
    Kernel kernel() {
        return new BamKernel(dilation);
    }

    @Override
    void validate(MapSize size) {
        Excitation.validate(describe(), size.channels, reduction);
    }

    @Override
    public String blockName() {
        return "bam";
    }

    /**
     * Elements read by the passes over the map: one pooling and one re-weighting.
     *
     * @param inputType the block's input
     * @return 2 C H W
     */
    @Override
    public long mapOperations(InputType inputType) {
        return 2 * inputType.arrayElementsPerExample();
    }

    /**
     * Zero last weights, a channel score of 1 and the position score that gives the factor. Factors lie between 1 and 2: for
     * others the nearest is taken. Returns the factor reached.
     */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        parameters.get(Excitation.EXPAND_WEIGHT).assign(0);
        parameters.get(Excitation.EXPAND_BIAS).assign(1);
        parameters.get(weightName(SPATIAL)).assign(0);
        parameters.get(biasName(SPATIAL)).assign(Logit.of(Math.abs(gate - 1)));
        return 1 + Logit.reachable(Math.abs(gate - 1));
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("dilation", dilation);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private int dilation = DEFAULT_DILATION;

        private Builder() {}

        /**
         * How many channels share one hidden channel of either part: hidden channels are C / reduction, rounded down.
         *
         * @param reduction at least 1, at most C; default 16
         * @return this
         */
        public Builder reduction(int reduction) {
            this.reduction = Checks.positive("reduction", reduction, "use reduction(" + DEFAULT_REDUCTION + ")");
            return this;
        }

        /**
         * Distance between the elements of the two 3x3 convolutions, in positions.
         *
         * @param dilation at least 1; default 4
         * @return this
         */
        public Builder dilation(int dilation) {
            this.dilation = Checks.positive("dilation", dilation, "use dilation(" + DEFAULT_DILATION + ")");
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Bam build() {
            return new Bam(this);
        }
    }
}
