package io.github.squeeze4j.layers;

import io.github.squeeze4j.internal.OpenMp;
import java.util.Collection;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.LayerValidation;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.util.ConvolutionUtils;
import org.deeplearning4j.util.ValidationUtils;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A two-dimensional convolution in groups: each group of output channels sees its own group of input channels alone.
 *
 * <pre>
 * y[n, o] = activation(b[o] + sum over i in the group of o of (W[o, i] * x[n, i]))
 * </pre>
 *
 * <p>Input [N, in, H, W] or [N, H, W, in], output [N, out, H', W'] or [N, H', W', out]; the first of {@code groups} equal
 * parts of the input channels gives the first part of the output channels, and so on. One group is a plain convolution;
 * as many groups as input and output channels are a depthwise one. Parameters: {@code W} [out, in / groups, kernelH,
 * kernelW], in PyTorch's order; {@code b} [out], unless {@code hasBias(false)}. Fan-in and fan-out, for weight
 * initialization, are those of one group. Options are {@link ConvolutionLayer}'s: kernel 5x5, stride 1, padding 0, dilation
 * 1, bias, {@code Truncate}, NCHW by default; {@code Causal} is refused. FLOAT and DOUBLE.
 *
 * <p>Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, section 3.5; Xie et al., Aggregated
 * Residual Transformations for Deep Neural Networks, 1611.05431, section 3.3.
 *
 * <pre>{@code
 * .addLayer("conv2", GroupedConvolution.builder()
 *         .groups(32).kernelSize(3, 3).padding(1, 1).nOut(128).hasBias(false).build(), "relu1")
 * }</pre>
 */
public final class GroupedConvolution extends ConvolutionLayer {
    static {
        OpenMp.spinBriefly();
    }

    /** Default {@link Builder#groups}: a plain convolution. */
    public static final int DEFAULT_GROUPS = 1;

    private int groups = DEFAULT_GROUPS;

    /** For JSON. */
    private GroupedConvolution() {}

    private GroupedConvolution(Builder builder) {
        super(builder);
        groups = builder.groups;
        cnn2dDataFormat = builder.dataFormat;
        requireDivisible();
    }

    /**
     * Starts a description.
     *
     * @return a builder that still needs {@code nOut}
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Into how many groups both channels are divided.
     *
     * @return the number of groups
     */
    public int getGroups() {
        return groups;
    }

    @Override
    public void setNIn(InputType inputType, boolean override) {
        super.setNIn(inputType, override);
        requireDivisible();
    }

    /** Channels that are not yet known (0) divide. */
    private void requireDivisible() {
        requireDivisible("nIn", getNIn());
        requireDivisible("nOut", getNOut());
    }

    private void requireDivisible(String option, long channels) {
        if (channels % groups != 0) {
            throw new IllegalArgumentException(
                    (getLayerName() == null ? "" : "layer " + getLayerName() + ": ") + option + " (" + channels
                            + ") must be a multiple of groups (" + groups
                            + "); change one of them, for example to groups(" + divisor(channels, groups) + ")");
        }
    }

    private static long divisor(long a, long b) {
        return b == 0 ? a : divisor(b, a % b);
    }

    @Override
    public ParamInitializer initializer() {
        return GroupedConvolutionParamInitializer.INSTANCE;
    }

    @Override
    public org.deeplearning4j.nn.api.Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> trainingListeners,
            int layerIndex,
            INDArray layerParamsView,
            boolean initializeParams,
            DataType networkDataType) {
        LayerValidation.assertNInNOutSet("GroupedConvolution", getLayerName(), layerIndex, getNIn(), getNOut());
        requireDivisible();
        KernelConvolutionRuntime runtime = new KernelConvolutionRuntime(
                conf, networkDataType, NativeHelpers.groupedConvolution(networkDataType, this));
        runtime.setListeners(trainingListeners);
        runtime.setIndex(layerIndex);
        runtime.setParamsViewArray(layerParamsView);
        Map<String, INDArray> parameters = initializer().init(conf, layerParamsView, initializeParams);
        runtime.setParamTable(parameters);
        runtime.setConf(conf);
        return runtime;
    }

    @Override
    public GroupedConvolution clone() {
        GroupedConvolution clone = (GroupedConvolution) super.clone();
        // DL4J's convolution shares it.
        clone.dilation = dilation.clone();
        return clone;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof GroupedConvolution
                && groups == ((GroupedConvolution) other).groups
                && super.equals(other);
    }

    @Override
    public int hashCode() {
        return 31 * super.hashCode() + groups;
    }

    /** Keeps a stock layer from being equal to this one. */
    @Override
    protected boolean canEqual(Object other) {
        return other instanceof GroupedConvolution;
    }

    @Override
    public String toString() {
        return "GroupedConvolution(groups=" + groups + ", " + super.toString() + ")";
    }

    /** Options of the layer: {@link ConvolutionLayer}'s and the number of groups. */
    public static final class Builder extends BaseConvBuilder<Builder> {
        private int groups = DEFAULT_GROUPS;
        private CNN2DFormat dataFormat = CNN2DFormat.NCHW;

        private Builder() {}

        /**
         * Into how many groups both channels are divided.
         *
         * @param groups a divisor of nIn and nOut; default 1
         * @return this
         */
        public Builder groups(int groups) {
            if (groups <= 0) {
                throw new IllegalArgumentException(
                        "groups (" + groups + ") must be positive; use groups(1) for a plain convolution");
            }
            this.groups = groups;
            return this;
        }

        /**
         * Layout of input and output; networks with an {@link InputType} set it themselves.
         *
         * @param dataFormat NCHW (default) or NHWC
         * @return this
         */
        public Builder dataFormat(CNN2DFormat dataFormat) {
            if (dataFormat == null) {
                throw new IllegalArgumentException("dataFormat (null) must be set; use CNN2DFormat.NCHW");
            }
            this.dataFormat = dataFormat;
            return this;
        }

        @Override
        protected boolean allowCausal() {
            return false;
        }

        /**
         * Size of the kernel.
         *
         * @param kernelSize height and width, or one number for both; default 5
         */
        @Override
        public void setKernelSize(int[] kernelSize) {
            this.kernelSize = ValidationUtils.validate2NonNegative(kernelSize, false, "kernelSize");
        }

        /**
         * Distance of the kernel's steps.
         *
         * @param stride vertical and horizontal, or one number for both; default 1
         */
        @Override
        public void setStride(int[] stride) {
            this.stride = ValidationUtils.validate2NonNegative(stride, false, "stride");
        }

        /**
         * Zeros on every side; the mode {@code Same} chooses them itself.
         *
         * @param padding above and below, left and right, or one number for both; default 0
         */
        @Override
        public void setPadding(int[] padding) {
            this.padding = ValidationUtils.validate2NonNegative(padding, false, "padding");
        }

        /**
         * Distance of the kernel's elements.
         *
         * @param dilation vertical and horizontal, or one number for both; default 1
         */
        @Override
        public void setDilation(int[] dilation) {
            this.dilation = ValidationUtils.validate2NonNegative(dilation, false, "dilation");
        }

        /**
         * The layer's configuration.
         *
         * @return a new configuration
         * @throws IllegalArgumentException if nIn or nOut is known and no multiple of groups
         */
        @Override
        @SuppressWarnings("unchecked") // DL4J's signature lets the caller choose the type.
        public GroupedConvolution build() {
            ConvolutionUtils.validateConvolutionModePadding(convolutionMode, padding);
            ConvolutionUtils.validateCnnKernelStridePadding(kernelSize, stride, padding);
            return new GroupedConvolution(this);
        }
    }
}
