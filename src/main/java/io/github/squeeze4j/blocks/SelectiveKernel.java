package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Selective kernel convolution: two convolutions of different reach, and per channel a choice between them.
 *
 * <pre>
 * u1      = relu(BN(branch1W * x1))                      3x3
 * u2      = relu(BN(branch2W * x2))                      3x3, dilation 2: a reach of 5x5
 * z       = relu(BN(reduceW' (mean over h, w of u1 + u2)))
 * [a1 a2] = softmax over the branches of selectW' z
 * y       = u1 * a1[n, c] + u2 * a2[n, c]
 * </pre>
 *
 * <p>x1 and x2 are x, or with {@code splitInput} its first and its second half of channels.
 *
 * <p>Shapes, with O outputs, which are C unless set otherwise, and d = max(minimumHidden, O/r): x [N, C, H, W], y [N, O, H, W], with a
 * stride s of H/s and W/s, rounded up; {@code branch1W} and {@code branch2W} [O, C/groups, 3, 3], half of that with {@code splitInput};
 * {@code reduceW} [O, d], {@code selectW} [d, 2 O], none with a bias. BatchNorms {@code branch1} and
 * {@code branch2} of O and {@code reduce} of d channels, each with {@code NAMEGamma}, {@code NAMEBeta}, {@code NAMEMean},
 * {@code NAMEVar}: epsilon 1e-5, momentum 0.05. Convolutions start normal with variance 2 / inputs, {@code reduceW} and
 * {@code selectW} normal with deviation 0.01.
 *
 * <p>Li et al., Selective Kernel Networks, 1903.06586; implus/SKNet, {@code sknet50.prototxt}; timm's {@code SelectiveKernel}
 * whose momentum is 0.1. The authors' networks have 32 groups, which do not divide every number
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

    /** Default {@link Builder#stride}. */
    public static final int DEFAULT_STRIDE = 1;

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

    /** 0 for as many as channels come in. */
    @JsonProperty("outputs")
    private int outputs;

    @JsonProperty("stride")
    private int stride = 1;

    @JsonProperty("splitInput")
    private boolean splitInput;

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
        outputs = builder.outputs;
        stride = builder.stride;
        splitInput = builder.splitInput;
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

    /**
     * Stride of both convolutions.
     *
     * @return positions of the input per position of the output along each side
     */
    public int stride() {
        return stride;
    }

    static String weightName(String branch) {
        return branch + "W";
    }

    private long outputs() {
        return outputs == 0 ? getChannels() : outputs;
    }

    /** Channels that each branch takes. */
    private long taken() {
        return splitInput ? getChannels() / BRANCHES.length : getChannels();
    }

    private long hidden() {
        return Math.max(minimumHidden, outputs() / reduction);
    }

    private long[] shape() {
        return new long[] {outputs(), taken() / groups, KERNEL, KERNEL};
    }

    @Override
    long[] outputShape(long... input) {
        return new long[] {
            input[0],
            outputs == 0 ? input[1] : outputs,
            MapConvolution.outputSize(input[2], stride),
            MapConvolution.outputSize(input[3], stride)
        };
    }

    @Override
    ParameterSpec parameters() {
        ParameterSpec spec = new ParameterSpec();
        long channels = outputs();
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
    Value define(BlockOps o, Value x) {
        long channels = outputs();
        Value first = defineBranch(o, x, 0);
        Value second = defineBranch(o, x, 1);
        Value reduced = o.dense(o.squeeze(o.add(first, second)), o.parameter(REDUCE_WEIGHT), null);
        Value scores = o.dense(o.normalizedRelu(REDUCE, reduced), o.parameter(SELECT_WEIGHT), null);
        // the softmax of two is a sigmoid of their difference
        Value difference = o.subtract(o.slice(scores, 1, 0, channels), o.slice(scores, 1, channels, channels));
        Value chosen = o.channelGate(o.sigmoid(difference));
        return o.add(o.multiply(first, chosen), o.multiply(second, o.affine(chosen, -1, 1)));
    }

    private Value defineBranch(BlockOps o, Value x, int branch) {
        Value taken = splitInput ? o.slice(x, 1, branch * taken(), taken()) : x;
        Value weight = o.parameter(weightName(BRANCHES[branch]));
        Value convolved = o.convolution(taken, weight, null, stride, branch + 1, groups);
        return o.normalizedRelu(BRANCHES[branch], convolved);
    }

    private static INDArray difference(DataType type) {
        return Nd4j.createFromArray(1.0, -1.0).castTo(type).reshape('c', 1, 2, 1);
    }

    @Override
    Kernel kernel() {
        return new SelectionKernel(groups, stride, splitInput, momentum);
    }

    @Override
    void validate(MapSize size) {
        if (splitInput && size.channels % BRANCHES.length != 0) {
            throw new IllegalArgumentException(describe() + ": channels (" + size.channels
                    + ") must be even to be split between two convolutions; leave splitInput out");
        }
        if ((splitInput || outputs != 0) && (taken() % groups != 0 || outputs() % groups != 0)) {
            throw new IllegalArgumentException(describe() + ": groups (" + groups
                    + ") must divide what a convolution takes (" + taken() + ") and gives (" + outputs()
                    + "); use a divisor, or leave it out for one group");
        }
        if (size.channels % groups != 0) {
            throw new IllegalArgumentException(describe() + ": groups (" + groups + ") must divide channels ("
                    + size.channels + "); use a divisor, or leave it out for one group");
        }
    }

    @Override
    double momentum() {
        return momentum;
    }

    @Override
    public String blockName() {
        return "sk";
    }

    /**
     * Elements read by the passes over the map: the pooling of the sum, and a re-weighting of each branch.
     *
     * @param inputType the block's input
     * @return 3 C H W of the output
     */
    @Override
    public long mapOperations(InputType inputType) {
        return 3 * getOutputType(0, inputType).arrayElementsPerExample();
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
        options.put("outputs", outputs);
        options.put("stride", stride);
        options.put("splitInput", splitInput);
        options.put("momentum", momentum);
        return options;
    }

    /** Options of the block. */
    public static final class Builder extends AttentionBlock.Builder<Builder> {
        private int reduction = DEFAULT_REDUCTION;
        private int minimumHidden = DEFAULT_MINIMUM_HIDDEN;
        private int groups = DEFAULT_GROUPS;
        private int outputs;
        private int stride = DEFAULT_STRIDE;
        private boolean splitInput;
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
         * Channels of the output.
         *
         * @param outputs at least 1; default as many as the input has
         * @return this
         */
        public Builder outputs(int outputs) {
            this.outputs = Checks.positive("outputs", outputs, "leave it out for as many as come in");
            return this;
        }

        /**
         * Stride of both convolutions.
         *
         * @param stride at least 1; default 1
         * @return this
         */
        public Builder stride(int stride) {
            this.stride = Checks.positive("stride", stride, "use stride(" + DEFAULT_STRIDE + ")");
            return this;
        }

        /**
         * Whether the first convolution takes the first half of the channels and the second the other, rather than both all: timm's
         * {@code split_input}, of half the weights.
         *
         * @param splitInput default false
         * @return this
         */
        public Builder splitInput(boolean splitInput) {
            this.splitInput = splitInput;
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
