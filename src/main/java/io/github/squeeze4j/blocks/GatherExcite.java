package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Gather-Excite: re-weights each position of a channel by what a neighbourhood of some extent, or the whole map, says.
 *
 * <pre>
 * q = gather(x)                                                   [N, C, h, w]
 * s = sigmoid(mlp(q))                                             mlp(q) = expandW' relu(reduceW' q + reduceB) + expandB
 * y = x * nearest(s)                                              s repeated over the positions that it stands for
 * </pre>
 *
 * <p>gather, with {@code extraParameters}: for extent 0 BN(sum over h, w of gather1W * x), else log2(extent) times BN of a
 * 3x3 depthwise convolution of stride 2, with ReLU in between; with {@code mlp} the last BN too is followed by ReLU. Without: means over the map for extent 0, else over windows of
 * 2 extent - 1, extent apart, of what lies inside the map. Without {@code mlp} s = sigmoid(q). The three forms of the paper:
 *
 * <pre>
 * GE-theta-minus   extraParameters(false).mlp(false)     no parameters at all
 * GE-theta         extraParameters(true).mlp(false)
 * GE-theta-plus    extraParameters(true).mlp(true)       the default; extent 0 without parameters and with MLP is SE
 * </pre>
 *
 * <p>Shapes: x and y [N, C, H, W]; h and w are 1 for extent 0, else H / extent and W / extent, rounded up;
 * {@code gather1W} [C, H, W] for extent 0, else {@code gather1W}, {@code gather2W}, ... [C, 1, 3, 3]; BatchNorms
 * {@code gather1}, ... of C channels, each with {@code NAMEGamma}, {@code NAMEBeta}, {@code NAMEMean}, {@code NAMEVar}:
 * epsilon 1e-5, momentum 0.05; {@code reduceW} [C, C/r], {@code reduceB} [C/r], {@code expandW} [C/r, C], {@code expandB}
 * [C]. Convolutions start normal with variance 2 / (kernel area), the MLP's weights normal with deviation 0.01. With {@code extraParameters} and extent 0 the parameters have the map's size, so inputs must have the size that the
 * network was configured for.
 *
 * <p>Hu et al., Gather-Excite: Exploiting Feature Context in CNNs, 1810.12348; hujie-frank/GENet, whose three networks, all of
 * extent 0, this equals: {@code RN50-GEPF} (theta-minus), {@code RN50-GEP} (theta), {@code RN50-GEPP} (theta-plus). For other
 * extents the authors published no code: windows, nearest positions and the order of BatchNorm and ReLU between convolutions
 * are those of timm's {@code GatherExcite}, which lacks the ReLU before the MLP ({@code gatherRelu(false)}), pads the
 * convolution over the whole map and has momentum 0.1. timm's {@code add_maxpool} is left out.
 *
 * <pre>{@code
 * .addLayer("ge", GatherExcite.builder().extent(8).reduction(16).build(), "bn3")
 * .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "ge", "shortcut")
 * }</pre>
 */
public final class GatherExcite extends AttentionBlock {
    /** Default {@link Builder#extent}: the whole map. */
    public static final int DEFAULT_EXTENT = 0;

    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 16;

    /** Default {@link Builder#momentum}. */
    public static final double DEFAULT_MOMENTUM = 0.05;

    static final int KERNEL = 3;

    /** Of the MLP's initial weights. */
    private static final double DEVIATION = 0.01;

    @JsonProperty("extent")
    private int extent;

    @JsonProperty("extraParameters")
    private boolean extraParameters;

    @JsonProperty("mlp")
    private boolean mlp;

    @JsonProperty("reduction")
    private int reduction;

    /** Not there before there was this option, for files of that time. */
    @JsonProperty("gatherRelu")
    private boolean gatherRelu;

    /** As before there was this option, for files of that time. */
    @JsonProperty("momentum")
    private double momentum = BatchNorm.MOMENTUM;

    /** For JSON. */
    private GatherExcite() {}

    private GatherExcite(Builder builder) {
        super(builder);
        extent = builder.extent;
        extraParameters = builder.extraParameters;
        mlp = builder.mlp;
        reduction = builder.reduction;
        gatherRelu = builder.gatherRelu == null ? extraParameters && mlp : builder.gatherRelu;
        momentum = builder.momentum;
        constrain(builder);
    }

    /**
     * Starts a configuration.
     *
     * @return a builder of GE-theta-plus over the whole map
     */
    public static Builder builder() {
        return new Builder();
    }

    /** The name of one convolution's BatchNorm, from 1. */
    static String norm(int step) {
        return "gather" + step;
    }

    static String weightName(int step) {
        return norm(step) + "W";
    }

    /** How many convolutions gather. */
    private int steps() {
        if (!extraParameters) {
            return 0;
        }
        return extent == 0 ? 1 : Integer.numberOfTrailingZeros(extent);
    }

    private boolean sizedByTheMap() {
        return extraParameters && extent == 0;
    }

    private long hidden() {
        return getChannels() / reduction;
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        MapSize size = size();
        for (int step = 1; step <= steps(); step++) {
            long area = extent == 0 ? size.height * size.width : KERNEL * KERNEL;
            long[] shape = extent == 0
                    ? new long[] {size.channels, size.height, size.width}
                    : new long[] {size.channels, 1, KERNEL, KERNEL};
            spec.heNormalFanIn(weightName(step), area, area, shape);
        }
        if (mlp) {
            Excitation.normalWeights(spec, DEVIATION, size.channels, hidden());
        }
        for (int step = 1; step <= steps(); step++) {
            spec.batchNorm(norm(step), size.channels, 1);
        }
        return spec;
    }

    @Override
    Value define(BlockOps o, Value x) {
        Value gathered = defineGather(o, x);
        Value scores = mlp ? Excitation.define(o, gathered, Activation.RELU, true) : gathered;
        Value gates = o.sigmoid(scores);
        if (extent == 0) {
            return o.multiply(x, o.channelGate(gates));
        }
        o.gate("positions", BlockGate.Kind.POSITIONS, gates);
        return o.multiply(x, o.resize(gates, o.size.height, o.size.width));
    }

    /** [N, C, h, w]. */
    private Value defineGather(BlockOps o, Value x) {
        if (!extraParameters) {
            return extent == 0
                    ? o.squeeze(x)
                    : o.averagePool(x, 2 * extent - 1, extent, extent - 1, cells(o.size.height), cells(o.size.width));
        }
        if (extent == 0) {
            Value sum = o.weightedSum(o.exact(x), o.exact(weightName(1)));
            return gatherRelu ? o.normalizedRelu(norm(1), sum) : o.batchNorm(norm(1), sum);
        }
        Value map = x;
        for (int step = 1; step <= steps(); step++) {
            Value weight = o.parameter(weightName(step));
            Value convolved = o.convolution(map, weight, null, 2, 1, Math.toIntExact(o.size.channels));
            boolean relu = gatherRelu || step < steps();
            map = relu ? o.normalizedRelu(norm(step), convolved) : o.batchNorm(norm(step), convolved);
        }
        return map;
    }

    /** Height or width of what is gathered. */
    private long cells(long size) {
        return extent == 0 ? 1 : Cells.count(size, extent);
    }

    @Override
    Kernel kernel() {
        return new GatherKernel(extent, steps(), mlp, gatherRelu, momentum);
    }

    @Override
    void validate(MapSize size) {
        if (mlp) {
            Excitation.validate(describe(), size.channels, reduction);
        }
    }

    @Override
    public void validateInput(INDArray input) {
        super.validateInput(input);
        boolean first = getFormat() == CNN2DFormat.NCHW;
        long height = input.size(first ? 2 : 1);
        long width = input.size(first ? 3 : 2);
        MapSize size = size();
        if (sizedByTheMap() && (height != size.height || width != size.width)) {
            throw new IllegalArgumentException(describe() + ": input map (" + height + " x " + width + ") must be "
                    + size.height + " x " + size.width
                    + ", as the network was configured for, since with extent(0) extraParameters(true) has a weight per"
                    + " position; resize the images, configure the network for this size, or use extent(2)");
        }
    }

    @Override
    double momentum() {
        return momentum;
    }

    @Override
    public String blockName() {
        return "ge";
    }

    /**
     * Elements read by the passes over the map: one re-weighting, and one pooling without {@code extraParameters}, whose
     * convolutions are in {@link #macs}.
     *
     * @param inputType the block's input
     * @return C H W or 2 C H W
     */
    @Override
    public long mapOperations(InputType inputType) {
        return (extraParameters ? 1 : 2) * inputType.arrayElementsPerExample();
    }

    /**
     * Zero last weights, or gamma, and equal biases, or beta. GE-theta-minus has no parameters: nothing is changed and NaN
     * returned. Returns the factor reached.
     */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        if (!mlp && !extraParameters) {
            return Double.NaN;
        }
        String scale = mlp ? Excitation.EXPAND_WEIGHT : BatchNorm.name(norm(steps()), BatchNorm.GAMMA);
        String shift = mlp ? Excitation.EXPAND_BIAS : BatchNorm.name(norm(steps()), BatchNorm.BETA);
        parameters.get(scale).assign(0);
        parameters.get(shift).assign(Logit.of(gate));
        return Logit.reachable(gate);
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("extent", extent);
        options.put("extraParameters", extraParameters);
        options.put("mlp", mlp);
        options.put("reduction", reduction);
        options.put("gatherRelu", gatherRelu);
        options.put("momentum", momentum);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int extent = DEFAULT_EXTENT;
        private boolean extraParameters = true;
        private boolean mlp = true;
        private int reduction = DEFAULT_REDUCTION;
        private Boolean gatherRelu;
        private double momentum = DEFAULT_MOMENTUM;

        private Builder() {}

        /**
         * How far a gate looks, in positions.
         *
         * @param extent 0 (default) for the whole map, or an even number; with {@link #extraParameters} a power of two
         * @return this
         */
        public Builder extent(int extent) {
            if (extent < 0 || extent % 2 != 0) {
                throw new IllegalArgumentException(
                        "extent (" + extent + ") must be 0, for the whole map, or even; use extent(8)");
            }
            this.extent = extent;
            return this;
        }

        /**
         * Whether convolutions gather, or means do.
         *
         * @param extraParameters default true
         * @return this
         */
        public Builder extraParameters(boolean extraParameters) {
            this.extraParameters = extraParameters;
            return this;
        }

        /**
         * Whether two linear layers stand before the sigmoid.
         *
         * @param mlp default true
         * @return this
         */
        public Builder mlp(boolean mlp) {
            this.mlp = mlp;
            return this;
        }

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
         * Whether a ReLU stands between the last BatchNorm of the gathering convolutions and the MLP.
         *
         * @param gatherRelu true (default) as in the authors' {@code RN50-GEPP.prototxt}, false as in timm; not to be set
         *     without {@link #mlp} or without {@link #extraParameters}, where neither has one
         * @return this
         */
        public Builder gatherRelu(boolean gatherRelu) {
            this.gatherRelu = gatherRelu;
            return this;
        }

        /**
         * The weight of the newest batch in the running statistics of every BatchNorm.
         *
         * @param momentum above 0, at most 1; default 0.05, the authors' (0.95 as Caffe counts); PyTorch's and timm's is 0.1
         * @return this
         */
        public Builder momentum(double momentum) {
            this.momentum = Checks.momentum(momentum, DEFAULT_MOMENTUM);
            return this;
        }

        @Override
        @SuppressWarnings("unchecked")
        public GatherExcite build() {
            if (gatherRelu != null && !(mlp && extraParameters)) {
                throw new IllegalArgumentException("gatherRelu (" + gatherRelu + ") must not be set with mlp (" + mlp
                        + ") and extraParameters (" + extraParameters
                        + "), since it stands between gathering convolutions and the MLP; leave it out");
            }
            if (extraParameters && Integer.bitCount(extent) > 1) {
                throw new IllegalArgumentException("extent (" + extent
                        + ") must be a power of two with extraParameters (true), whose convolutions halve the map; use"
                        + " extent(" + Integer.highestOneBit(extent) + ") or extraParameters(false)");
            }
            return new GatherExcite(this);
        }
    }
}
