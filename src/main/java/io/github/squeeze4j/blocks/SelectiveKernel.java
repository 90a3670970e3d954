package io.github.squeeze4j.blocks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Selective kernel convolution: two convolutions of different reach, and per channel a choice between them.
 *
 * <pre>
 * u1      = relu(BN(branch1W * x))                       3x3
 * u2      = relu(BN(branch2W * x))                       3x3, dilation 2: a reach of 5x5
 * z       = relu(BN(reduceW' (mean over h, w of u1 + u2)))
 * [a1 a2] = softmax over the branches of selectW' z
 * y       = u1 * a1[n, c] + u2 * a2[n, c]
 * </pre>
 *
 * <p>Shapes, with d = max(minimumHidden, C/r): x and y [N, C, H, W]; {@code branch1W} and {@code branch2W}
 * [C, C/groups, 3, 3], {@code reduceW} [C, d], {@code selectW} [d, 2 C], none with a bias. BatchNorms {@code branch1} and
 * {@code branch2} of C and {@code reduce} of d channels, each with {@code NAMEGamma}, {@code NAMEBeta}, {@code NAMEMean},
 * {@code NAMEVar}: epsilon 1e-5, momentum 0.05. Convolutions start normal with variance 2 / inputs, {@code reduceW} and
 * {@code selectW} normal with deviation 0.01.
 *
 * <p>Li et al., Selective Kernel Networks, 1903.06586; implus/SKNet, {@code sknet50.prototxt}; timm's {@code SelectiveKernel}
 * with {@code split_input=False}, whose momentum is 0.1. The authors' networks have 32 groups, which do not divide every number
 * of channels: the default here is timm's. It replaces a convolution rather than re-weighting what it is given.
 *
 * <pre>{@code
 * .addLayer("sk", SelectiveKernel.builder().groups(32).reduction(16).build(), "relu1")
 * .addLayer("conv3", new ConvolutionLayer.Builder(1, 1).nOut(256).build(), "sk")
 * }</pre>
 */
public final class SelectiveKernel extends AttentionBlock {
    /** Default {@link Builder#reduction}. */
    public static final int DEFAULT_REDUCTION = 16;

    /** Default {@link Builder#minimumHidden}. */
    public static final int DEFAULT_MINIMUM_HIDDEN = 32;

    /** Default {@link Builder#groups}. */
    public static final int DEFAULT_GROUPS = 1;

    /** Default {@link Builder#momentum}. */
    public static final double DEFAULT_MOMENTUM = 0.05;

    static final int KERNEL = 3;

    /** Of the linear layers' initial weights. */
    private static final double DEVIATION = 0.01;

    static final String REDUCE = "reduce";
    static final String REDUCE_WEIGHT = "reduceW";
    static final String SELECT_WEIGHT = "selectW";

    /** The branches; the dilation of each is its place, from 1. */
    static final String[] BRANCHES = {"branch1", "branch2"};

    @JsonProperty("reduction")
    private int reduction;

    @JsonProperty("minimumHidden")
    private int minimumHidden;

    @JsonProperty("groups")
    private int groups;

    /** As before there was this option, for files of that time. */
    @JsonProperty("momentum")
    private double momentum = BatchNorm.MOMENTUM;

    /** For JSON. */
    private SelectiveKernel() {}

    private SelectiveKernel(Builder builder) {
        super(builder);
        reduction = builder.reduction;
        minimumHidden = builder.minimumHidden;
        groups = builder.groups;
        momentum = builder.momentum;
        constrain(builder);
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with the paper's defaults, but one group
     */
    public static Builder builder() {
        return new Builder();
    }

    static String weightName(String branch) {
        return branch + "W";
    }

    private long hidden() {
        return Math.max(minimumHidden, getChannels() / reduction);
    }

    private long[] shape() {
        return new long[] {getChannels(), getChannels() / groups, KERNEL, KERNEL};
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        long channels = getChannels();
        long hidden = hidden();
        long fan = shape()[1] * KERNEL * KERNEL;
        for (String branch : BRANCHES) {
            spec.heNormalFanIn(weightName(branch), fan, fan, shape());
        }
        spec.normal(REDUCE_WEIGHT, DEVIATION, channels, hidden, channels, hidden);
        spec.normal(SELECT_WEIGHT, DEVIATION, hidden, 2 * channels, hidden, 2 * channels);
        for (String branch : BRANCHES) {
            spec.batchNorm(branch, channels, 1);
        }
        return spec.batchNorm(REDUCE, hidden, 1);
    }

    @Override
    SDVariable define(BlockGraph graph, SDVariable x) {
        long channels = graph.size.channels;
        long hidden = hidden();
        SDVariable first = defineBranch(graph, x, 0);
        SDVariable second = defineBranch(graph, x, 1);
        SDVariable reduced = first.add(second)
                .mean(2, 3)
                .mmul(graph.parameter(REDUCE_WEIGHT))
                .castTo(DataType.DOUBLE);
        SDVariable normalized = graph.batchNorm(REDUCE, graph.sd.reshape(reduced, -1, hidden, 1), hidden);
        SDVariable z =
                graph.sd.nn().relu(graph.sd.reshape(normalized, -1, hidden), 0).castTo(x.dataType());
        SDVariable scores = graph.sd.reshape(z.mmul(graph.parameter(SELECT_WEIGHT)), -1, 2, channels);
        // the softmax of two is a sigmoid of their difference
        SDVariable ones = graph.sd.constant(difference(x.dataType()));
        SDVariable chosen =
                Gate.SIGMOID.define(graph.sd.reshape(scores.mul(ones).sum(1), -1, channels));
        graph.channelGate(chosen);
        return graph.scaleChannels(first, chosen).add(graph.scaleChannels(second, chosen.rsub(1)));
    }

    private static INDArray difference(DataType type) {
        return Nd4j.createFromArray(1.0, -1.0).castTo(type).reshape('c', 1, 2, 1);
    }

    private SDVariable defineBranch(BlockGraph graph, SDVariable x, int branch) {
        SDVariable convolved = graph.convolution(
                x, graph.parameter(weightName(BRANCHES[branch])), shape(), 1, branch + 1, groups, null);
        return graph.normalizeMap(
                BRANCHES[branch], convolved, graph.size.channels, graph.size.height, graph.size.width, true);
    }

    @Override
    Kernel kernel() {
        return new SelectionKernel(groups, momentum);
    }

    @Override
    void validate(MapSize size) {
        if (size.channels % groups != 0) {
            throw new IllegalArgumentException(describe() + ": groups (" + groups + ") must divide channels ("
                    + size.channels + "); use a divisor, or leave it out for one group");
        }
    }

    @Override
    long valuesPerStatistic(String norm, INDArray x) {
        return norm.equals(REDUCE) ? x.size(0) : x.size(0) * x.size(2) * x.size(3);
    }

    @Override
    double momentum() {
        return momentum;
    }

    @Override
    public String blockName() {
        return "sk";
    }

    @Override
    public long macs(InputType inputType) {
        InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) inputType;
        long channels = getChannels();
        long convolution = map.getHeight() * map.getWidth() * channels * (channels / groups) * KERNEL * KERNEL;
        return 2 * convolution + 3 * channels * hidden();
    }

    /**
     * Elements read by the passes over the map: the pooling of the sum, and a re-weighting of each branch.
     *
     * @param inputType the block's input
     * @return 3 C H W
     */
    @Override
    public long mapOperations(InputType inputType) {
        return 3 * inputType.arrayElementsPerExample();
    }

    /**
     * Changes nothing and returns NaN: the output is one of convolutions behind BatchNorm and ReLU, which remove a channel's
     * mean and scale and what is negative. No parameters make it a multiple of every map.
     */
    @Override
    double startAt(double gate, Map<String, INDArray> parameters) {
        return Double.NaN;
    }

    @Override
    Map<String, Object> options() {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("reduction", reduction);
        options.put("minimumHidden", minimumHidden);
        options.put("groups", groups);
        options.put("momentum", momentum);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private int minimumHidden = DEFAULT_MINIMUM_HIDDEN;
        private int groups = DEFAULT_GROUPS;
        private double momentum = DEFAULT_MOMENTUM;

        private Builder() {}

        /**
         * How many channels share one hidden channel: hidden channels are C / reduction, rounded down, but at least {@link
         * #minimumHidden}.
         *
         * @param reduction at least 1; default 16
         * @return this
         */
        public Builder reduction(int reduction) {
            this.reduction = Checks.positive("reduction", reduction, "use reduction(" + DEFAULT_REDUCTION + ")");
            return this;
        }

        /**
         * The fewest hidden channels, L in the paper.
         *
         * @param minimumHidden at least 1; default 32
         * @return this
         */
        public Builder minimumHidden(int minimumHidden) {
            this.minimumHidden = Checks.positive(
                    "minimumHidden", minimumHidden, "use minimumHidden(" + DEFAULT_MINIMUM_HIDDEN + ")");
            return this;
        }

        /**
         * Groups of both convolutions.
         *
         * @param groups a divisor of C; default 1
         * @return this
         */
        public Builder groups(int groups) {
            this.groups = Checks.positive("groups", groups, "use groups(" + DEFAULT_GROUPS + ")");
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
        public SelectiveKernel build() {
            return new SelectiveKernel(this);
        }
    }
}
