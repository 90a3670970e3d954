package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativeConvolution;
import io.github.squeeze4j.layers.NativePooling;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.MinMaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.constraint.UnitNormConstraint;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
import org.deeplearning4j.nn.conf.dropout.AlphaDropout;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.GaussianDropout;
import org.deeplearning4j.nn.conf.dropout.GaussianNoise;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.dropout.SpatialDropout;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PoolHelperVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Convolution2D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.Pooling2D;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.SpaceToBatchLayer;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLambdaLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffLambdaVertex;
import org.deeplearning4j.nn.conf.layers.util.MaskLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.conf.weightnoise.WeightNoise;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationELU;
import org.nd4j.linalg.activations.impl.ActivationGELU;
import org.nd4j.linalg.activations.impl.ActivationHardSigmoid;
import org.nd4j.linalg.activations.impl.ActivationHardTanH;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationMish;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.activations.impl.ActivationRationalTanh;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationRectifiedTanh;
import org.nd4j.linalg.activations.impl.ActivationSELU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftPlus;
import org.nd4j.linalg.activations.impl.ActivationSoftSign;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.activations.impl.ActivationThresholdedReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossL1;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/**
 * DL4J's layers, vertices, activations and settings, option by option, in a network that runs on the engine: by DL4J and
 * accelerated. What is in no row fails the tests of completeness.
 */
@Tag("tiny")
class LayerTableTest {
    private static final int SIZE = 6;
    private static final int CHANNELS = 4;

    /** One row: a class and the options of its builder that the row sets. */
    private static final class Row {
        final Class<?> type;
        final String options;
        final Function<CNN2DFormat, Object> make;

        Row(Class<?> type, String options, Function<CNN2DFormat, Object> make) {
            this.type = type;
            this.options = options;
            this.make = make;
        }

        @Override
        public String toString() {
            return (type.getSimpleName() + " " + options).trim();
        }
    }

    private static final List<Row> ROWS = new ArrayList<>();

    private static void row(Class<?> type, String options, Function<CNN2DFormat, Object> make) {
        ROWS.add(new Row(type, options, make));
    }

    private static ConvolutionLayer.Builder conv(CNN2DFormat f) {
        return new ConvolutionLayer.Builder(3, 3).nOut(5).dataFormat(f);
    }

    private static SubsamplingLayer.Builder pool(CNN2DFormat f, PoolingType type) {
        return new SubsamplingLayer.Builder(type)
                .kernelSize(3, 3)
                .stride(1, 1)
                .padding(1, 1)
                .dataFormat(f);
    }

    private static BatchNormalization.Builder bn(CNN2DFormat f) {
        return new BatchNormalization.Builder().dataFormat(f);
    }

    private static Deconvolution2D.Builder deconv(CNN2DFormat f) {
        return new Deconvolution2D.Builder(3, 3).nOut(5).dataFormat(f);
    }

    private static SeparableConvolution2D.Builder separable(CNN2DFormat f) {
        return new SeparableConvolution2D.Builder(3, 3).nOut(5).dataFormat(f);
    }

    private static DepthwiseConvolution2D.Builder depthwise(CNN2DFormat f) {
        return new DepthwiseConvolution2D.Builder(3, 3).depthMultiplier(1).dataFormat(f);
    }

    private static LocallyConnected2D.Builder locally(CNN2DFormat f) {
        return new LocallyConnected2D.Builder()
                .kernelSize(3, 3)
                .nOut(3)
                .activation(Activation.TANH)
                .setInputSize(SIZE, SIZE)
                .dataFormat(f);
    }

    static {
        // ---- convolutions
        row(ConvolutionLayer.class, "nOut", f -> conv(f).build());
        row(ConvolutionLayer.class, "kernelSize", f -> conv(f).kernelSize(1, 2).build());
        row(ConvolutionLayer.class, "stride", f -> conv(f).stride(2, 1).build());
        row(ConvolutionLayer.class, "padding", f -> conv(f).padding(2, 1).build());
        row(ConvolutionLayer.class, "dilation", f -> conv(f).dilation(2, 1).build());
        row(ConvolutionLayer.class, "hasBias", f -> conv(f).hasBias(false).build());
        row(
                ConvolutionLayer.class,
                "convolutionMode Same",
                f -> conv(f).stride(2, 2).convolutionMode(ConvolutionMode.Same).build());
        row(
                ConvolutionLayer.class,
                "convolutionMode Strict",
                f -> conv(f).convolutionMode(ConvolutionMode.Strict).build());
        row(
                ConvolutionLayer.class,
                "convolutionMode Truncate",
                f -> conv(f).stride(2, 2)
                        .convolutionMode(ConvolutionMode.Truncate)
                        .build());
        row(ConvolutionLayer.class, "dataFormat", f -> conv(f).build());
        row(Convolution2D.class, "", f -> {
            Convolution2D.Builder builder = new Convolution2D.Builder();
            return builder.kernelSize(3, 3).nOut(5).dataFormat(f).build();
        });
        row(NativeConvolution.class, "", f -> NativeConvolution.of(conv(f).build()));
        row(
                NativeConvolution.class,
                "padding",
                f -> NativeConvolution.of(conv(f).padding(1, 2).stride(2, 2).build()));
        row(
                GroupedConvolution.class,
                "groups",
                f -> GroupedConvolution.builder()
                        .groups(2)
                        .kernelSize(3, 3)
                        .nOut(6)
                        .dataFormat(f)
                        .build());
        row(
                GroupedConvolution.class,
                "groups depthwise",
                f -> GroupedConvolution.builder()
                        .groups(4)
                        .kernelSize(3, 3)
                        .nOut(8)
                        .hasBias(false)
                        .convolutionMode(ConvolutionMode.Same)
                        .dataFormat(f)
                        .build());
        row(Deconvolution2D.class, "", f -> deconv(f).build());
        row(Deconvolution2D.class, "kernelSize", f -> deconv(f).kernelSize(2, 2).build());
        row(Deconvolution2D.class, "stride", f -> deconv(f).stride(2, 2).build());
        row(Deconvolution2D.class, "padding", f -> deconv(f).padding(1, 1).build());
        row(Deconvolution2D.class, "hasBias", f -> deconv(f).hasBias(false).build());
        row(
                Deconvolution2D.class,
                "convolutionMode",
                f -> deconv(f).convolutionMode(ConvolutionMode.Same).build());
        row(Deconvolution2D.class, "dilation", f -> deconv(f).dilation(1, 1).build()); // DL4J fails with others
        row(Deconvolution2D.class, "dataFormat", f -> deconv(f).build());
        row(SeparableConvolution2D.class, "", f -> separable(f).build());
        row(
                SeparableConvolution2D.class,
                "depthMultiplier",
                f -> separable(f).depthMultiplier(2).build());
        row(
                SeparableConvolution2D.class,
                "constrainPointWise",
                f -> separable(f)
                        .constrainPointWise(new MaxNormConstraint(0.2, 1))
                        .build());
        row(
                SeparableConvolution2D.class,
                "kernelSize stride padding",
                f -> separable(f).kernelSize(2, 2).stride(2, 2).padding(1, 1).build());
        row(
                SeparableConvolution2D.class,
                "convolutionMode",
                f -> separable(f).convolutionMode(ConvolutionMode.Same).build());
        row(
                SeparableConvolution2D.class,
                "hasBias dilation dataFormat",
                f -> separable(f).hasBias(false).dilation(2, 2).build());
        row(DepthwiseConvolution2D.class, "", f -> depthwise(f).build());
        row(
                DepthwiseConvolution2D.class,
                "depthMultiplier",
                f -> depthwise(f).depthMultiplier(2).build());
        row(
                DepthwiseConvolution2D.class,
                "kernelSize stride padding",
                f -> depthwise(f).kernelSize(2, 2).stride(2, 2).padding(1, 1).build());
        row(
                DepthwiseConvolution2D.class,
                "convolutionMode",
                f -> depthwise(f).convolutionMode(ConvolutionMode.Same).build());
        row(
                DepthwiseConvolution2D.class,
                "hasBias dataFormat",
                f -> depthwise(f).hasBias(false).build());
        row(
                DepthwiseConvolution2D.class,
                "dilation",
                f -> depthwise(f) // DL4J fails with others
                        .dilation(1, 1)
                        .build());
        row(
                LocallyConnected2D.class,
                "kernelSize nOut activation dataFormat",
                f -> locally(f).build());
        row(
                LocallyConnected2D.class,
                "stride padding",
                f -> locally(f)
                        .convolutionMode(ConvolutionMode.Truncate)
                        .stride(2, 2)
                        .padding(1, 1)
                        .build());
        row(
                LocallyConnected2D.class,
                "convolutionMode",
                f -> locally(f).convolutionMode(ConvolutionMode.Same).build());
        row(
                LocallyConnected2D.class,
                "dilation hasBias",
                f -> locally(f).dilation(2, 2).hasBias(false).build());
        // ---- normalization
        row(BatchNormalization.class, "dataFormat", f -> bn(f).build());
        row(BatchNormalization.class, "minibatch", f -> bn(f).minibatch(false).build());
        row(
                BatchNormalization.class,
                "gamma beta",
                f -> bn(f).gamma(0.5).beta(0.3).build());
        row(BatchNormalization.class, "eps", f -> bn(f).eps(0.05).build());
        row(BatchNormalization.class, "decay", f -> bn(f).decay(0.3).build());
        row(
                BatchNormalization.class,
                "lockGammaBeta",
                f -> bn(f).lockGammaBeta(true).build());
        row(
                BatchNormalization.class,
                "lockGammaBeta gamma beta",
                f -> bn(f).lockGammaBeta(true).gamma(0.5).beta(0.3).build());
        row(BatchNormalization.class, "useLogStd", f -> bn(f).useLogStd(false).build());
        row(
                BatchNormalization.class,
                "constrainBeta",
                f -> bn(f).constrainBeta(new NonNegativeConstraint()).build());
        row(
                BatchNormalization.class,
                "constrainGamma",
                f -> bn(f).constrainGamma(new NonNegativeConstraint()).build());
        row(
                NativeBatchNormalization.class,
                "",
                f -> NativeBatchNormalization.of(bn(f).useLogStd(false).build()));
        row(
                NativeBatchNormalization.class,
                "eps decay",
                f -> NativeBatchNormalization.of(
                        bn(f).useLogStd(false).eps(0.05).decay(0.3).build()));
        row(
                LocalResponseNormalization.class,
                "k dataFormat",
                f -> new LocalResponseNormalization.Builder().k(1).dataFormat(f).build());
        row(
                LocalResponseNormalization.class,
                "n",
                f -> new LocalResponseNormalization.Builder().n(3).dataFormat(f).build());
        row(
                LocalResponseNormalization.class,
                "alpha",
                f -> new LocalResponseNormalization.Builder()
                        .alpha(0.3)
                        .dataFormat(f)
                        .build());
        row(
                LocalResponseNormalization.class,
                "beta",
                f -> new LocalResponseNormalization.Builder()
                        .beta(0.4)
                        .alpha(0.3)
                        .dataFormat(f)
                        .build());
        // ---- pooling
        for (PoolingType type : PoolingType.values()) {
            if (type != PoolingType.SUM) { // DL4J has none
                row(
                        SubsamplingLayer.class,
                        "poolingType " + type,
                        f -> pool(f, type).pnorm(2).build());
            }
            row(
                    GlobalPoolingLayer.class,
                    "poolingType " + type,
                    f -> new GlobalPoolingLayer.Builder(type).pnorm(2).build());
        }
        row(
                SubsamplingLayer.class,
                "kernelSize",
                f -> pool(f, PoolingType.AVG).kernelSize(2, 3).build());
        row(
                SubsamplingLayer.class,
                "stride",
                f -> pool(f, PoolingType.AVG).stride(2, 1).build());
        row(
                SubsamplingLayer.class,
                "padding",
                f -> pool(f, PoolingType.AVG).padding(0, 1).build());
        row(
                SubsamplingLayer.class,
                "dilation",
                f -> pool(f, PoolingType.MAX).dilation(2, 1).build());
        row(
                SubsamplingLayer.class,
                "dilation average",
                f -> pool(f, PoolingType.AVG).dilation(1, 2).build());
        row(
                SubsamplingLayer.class,
                "convolutionMode",
                f -> pool(f, PoolingType.AVG)
                        .padding(0, 0)
                        .convolutionMode(ConvolutionMode.Same)
                        .stride(2, 2)
                        .build());
        row(
                SubsamplingLayer.class,
                "convolutionMode Strict",
                f -> pool(f, PoolingType.MAX)
                        .convolutionMode(ConvolutionMode.Strict)
                        .build());
        row(
                SubsamplingLayer.class,
                "pnorm",
                f -> pool(f, PoolingType.PNORM).pnorm(3).build());
        row(
                SubsamplingLayer.class,
                "eps",
                f -> pool(f, PoolingType.PNORM).pnorm(2).eps(0.1).build());
        row(
                SubsamplingLayer.class,
                "avgPoolIncludePadInDivisor",
                f -> pool(f, PoolingType.AVG).avgPoolIncludePadInDivisor(true).build());
        row(SubsamplingLayer.class, "dataFormat", f -> pool(f, PoolingType.MAX).build());
        row(Pooling2D.class, "", f -> {
            Pooling2D.Builder builder = new Pooling2D.Builder(PoolingType.MAX);
            return builder.kernelSize(2, 2).dataFormat(f).build();
        });
        row(
                NativePooling.class,
                "",
                f -> NativePooling.of(pool(f, PoolingType.AVG).build()));
        row(
                NativePooling.class,
                "ceilMode",
                f -> NativePooling.of(pool(f, PoolingType.AVG)
                                .stride(2, 2)
                                .padding(0, 0)
                                .build())
                        .ceilMode());
        row(
                GlobalPoolingLayer.class,
                "pnorm",
                f -> new GlobalPoolingLayer.Builder(PoolingType.PNORM).pnorm(3).build());
        row(
                GlobalPoolingLayer.class,
                "poolingDimensions",
                f -> new GlobalPoolingLayer.Builder(PoolingType.AVG)
                        .poolingDimensions(f == CNN2DFormat.NCHW ? new int[] {2, 3} : new int[] {1, 2})
                        .build());
        row(
                GlobalPoolingLayer.class,
                "collapseDimensions",
                f -> new GlobalPoolingLayer.Builder(PoolingType.AVG)
                        .collapseDimensions(false)
                        .build());
        // ---- shapes
        row(
                ZeroPaddingLayer.class,
                "dataFormat",
                f -> new ZeroPaddingLayer.Builder(1, 2, 0, 1).dataFormat(f).build());
        row(
                Cropping2D.class,
                "dataFormat",
                f -> new Cropping2D.Builder(1, 0, 2, 1).dataFormat(f).build());
        row(
                Upsampling2D.class,
                "size dataFormat",
                f -> new Upsampling2D.Builder()
                        .size(new int[] {2, 3})
                        .dataFormat(f)
                        .build());
        row(SpaceToDepthLayer.class, "blocks dataFormat", f -> new SpaceToDepthLayer.Builder<>(2, f).build());
        row(SpaceToBatchLayer.class, "blocks padding dataFormat", f -> {
            SpaceToBatchLayer.Builder<?> builder = new SpaceToBatchLayer.Builder<>();
            builder.blocks(2, 2);
            builder.padding(new int[][] {{0, 0}, {0, 0}});
            builder.dataFormat(f);
            return builder.build();
        });
        // ---- others
        row(
                PReLULayer.class,
                "inputShape",
                f -> new PReLULayer.Builder()
                        .inputShape(f == CNN2DFormat.NCHW ? new long[] {4, 6, 6} : new long[] {6, 6, 4})
                        .build());
        row(
                PReLULayer.class,
                "sharedAxes",
                f -> new PReLULayer.Builder() // DL4J's backward pass fails with others
                        .inputShape(f == CNN2DFormat.NCHW ? new long[] {4, 6, 6} : new long[] {6, 6, 4})
                        .sharedAxes()
                        .build());
        row(
                ActivationLayer.class,
                "activation",
                f -> new ActivationLayer.Builder().activation(Activation.RELU).build());
        row(DropoutLayer.class, "", f -> new DropoutLayer.Builder(0.6).build());
        row(MaskLayer.class, "", f -> new MaskLayer());
        row(
                SqueezeExcitation.class,
                "",
                f -> SqueezeExcitation.builder().reduction(2).build());
        row(SameDiffLambdaLayer.class, "", f -> new Doubled());
        // ---- rows
        row(DenseLayer.class, "nOut", f -> new DenseLayer.Builder().nOut(7).build());
        row(
                DenseLayer.class,
                "hasBias",
                f -> new DenseLayer.Builder().nOut(7).hasBias(false).build());
        row(
                DenseLayer.class,
                "hasLayerNorm",
                f -> new DenseLayer.Builder().nOut(7).hasLayerNorm(true).build());
        row(ElementWiseMultiplicationLayer.class, "", f -> {
            ElementWiseMultiplicationLayer.Builder builder = new ElementWiseMultiplicationLayer.Builder();
            return builder.nIn(144).nOut(144).build();
        });
        // ---- wrappers
        for (Class<?> type : new Class<?>[] {
            ConvolutionLayer.class,
            BatchNormalization.class,
            NativeBatchNormalization.class,
            GroupedConvolution.class,
            ActivationLayer.class,
            SubsamplingLayer.class,
            GlobalPoolingLayer.class,
            SqueezeExcitation.class,
            DenseLayer.class
        }) {
            Row inner =
                    ROWS.stream().filter(row -> row.type == type).findFirst().get();
            if (type != BatchNormalization.class) { // whose backward pass DL4J fails in there
                row(
                        FrozenLayerWithBackprop.class,
                        "around " + type.getSimpleName(),
                        f -> new FrozenLayerWithBackprop((Layer) inner.make.apply(f)));
            }
            row(
                    FrozenLayer.class,
                    "layer around " + type.getSimpleName(),
                    f -> new FrozenLayer.Builder()
                            .layer((Layer) inner.make.apply(f))
                            .build());
        }
        // ---- output layers
        row(
                OutputLayer.class,
                "nOut hasBias lossFunction",
                f -> new OutputLayer.Builder()
                        .lossFunction(new LossMSE())
                        .activation(Activation.TANH)
                        .nOut(3)
                        .hasBias(false)
                        .build());
        row(
                LossLayer.class,
                "lossFunction",
                f -> new LossLayer.Builder()
                        .lossFunction(new LossL1())
                        .activation(Activation.SIGMOID)
                        .build());
        row(LossLayer.class, "hasBias nIn nOut", f -> new LossLayer.Builder(new LossMSE()).build());
        row(
                CnnLossLayer.class,
                "lossFunction format",
                f -> new CnnLossLayer.Builder()
                        .lossFunction(new LossMSE())
                        .format(f)
                        .activation(Activation.TANH)
                        .build());
        row(
                CnnLossLayer.class,
                "hasBias nIn nOut",
                f -> new CnnLossLayer.Builder(new LossMCXENT())
                        .format(f)
                        .activation(Activation.SOFTMAX)
                        .build());
        row(
                CenterLossOutputLayer.class,
                "alpha lambda lossFunction",
                f -> new CenterLossOutputLayer.Builder()
                        .lossFunction(LossFunction.MCXENT)
                        .alpha(0.3)
                        .lambda(0.02)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build());
        row(
                CenterLossOutputLayer.class,
                "gradientCheck hasBias",
                f -> new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
                        .gradientCheck(true)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build());
        row(
                FrozenLayerWithBackprop.class,
                "around OutputLayer",
                f -> new FrozenLayerWithBackprop(new OutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build()));
        // ---- vertices: [one map], [two maps], then what is wanted of their number
        for (ElementWiseVertex.Op op : ElementWiseVertex.Op.values()) {
            row(ElementWiseVertex.class, "2 " + op, f -> new ElementWiseVertex(op));
        }
        row(ElementWiseVertex.class, "3 Add", f -> new ElementWiseVertex(ElementWiseVertex.Op.Add));
        row(ElementWiseVertex.class, "3 Average", f -> new ElementWiseVertex(ElementWiseVertex.Op.Average));
        row(FrozenVertex.class, "0", f -> new FrozenVertex(new ElementWiseVertex(ElementWiseVertex.Op.Add)));
        row(MergeVertex.class, "2", f -> new MergeVertex());
        row(MergeVertex.class, "3", f -> new MergeVertex());
        row(L2NormalizeVertex.class, "1", f -> new L2NormalizeVertex());
        row(L2NormalizeVertex.class, "1 dimension eps", f -> new L2NormalizeVertex(new int[] {1, 2, 3}, 0.1));
        row(L2Vertex.class, "2 eps", f -> new L2Vertex(0.1));
        row(PoolHelperVertex.class, "pooled", f -> new PoolHelperVertex());
        row(
                PreprocessorVertex.class,
                "1",
                f -> new PreprocessorVertex(new CnnToFeedForwardPreProcessor(SIZE, SIZE, CHANNELS, f)));
        row(ReshapeVertex.class, "1", f -> new ReshapeVertex('c', new int[] {-1, 144}, null));
        row(ScaleVertex.class, "1 scaleFactor", f -> new ScaleVertex(-1.7));
        row(ShiftVertex.class, "1 shiftFactor", f -> new ShiftVertex(0.4));
        row(StackVertex.class, "2", f -> new StackVertex());
        row(UnstackVertex.class, "2 from", f -> new UnstackVertex(1, 2));
        row(SubsetVertex.class, "rows", f -> new SubsetVertex(1, 2));
        row(SameDiffLambdaVertex.class, "2", f -> new Summed());
    }

    /** Twice its input. */
    public static final class Doubled extends SameDiffLambdaLayer {
        private static final long serialVersionUID = 1L;

        @Override
        public SDVariable defineLayer(SameDiff sd, SDVariable in) {
            return in.mul(2);
        }

        @Override
        public InputType getOutputType(int layerIndex, InputType inputType) {
            return inputType;
        }
    }

    /** The sum of its inputs. */
    public static final class Summed extends SameDiffLambdaVertex {
        private static final long serialVersionUID = 1L;

        @Override
        public SDVariable defineVertex(SameDiff sd, VertexInputs in) {
            return in.getInput(0).add(in.getInput(1));
        }

        @Override
        public InputType getOutputType(int layerIndex, InputType... inputTypes) {
            return inputTypes[0];
        }
    }

    // ---- activations -----------------------------------------------------------------------------------------------

    /** Each with its parameters other than by default; new ones, since some keep numbers of the forward pass. */
    private static List<Supplier<IActivation>> activations() {
        return List.of(
                () -> new ActivationReLU(),
                () -> new ActivationReLU(1.5, null, null),
                () -> new ActivationReLU(null, 0.4, null),
                () -> new ActivationReLU(null, null, 0.2),
                () -> new ActivationReLU(0.9, -0.3, 0.1),
                () -> new ActivationReLU6(),
                () -> new ActivationLReLU(0.3),
                () -> new ActivationELU(0.4),
                () -> new ActivationGELU(false),
                () -> new ActivationGELU(true),
                () -> new ActivationCube(),
                () -> new ActivationHardSigmoid(),
                () -> new ActivationHardTanH(),
                () -> new ActivationIdentity(),
                () -> new ActivationMish(),
                () -> new ActivationRReLU(0.1, 0.4),
                () -> new ActivationRationalTanh(),
                () -> new ActivationRectifiedTanh(),
                () -> new ActivationSELU(),
                () -> new ActivationSigmoid(),
                () -> new ActivationSoftPlus(),
                () -> new ActivationSoftSign(),
                () -> new ActivationSoftmax(),
                () -> new ActivationSwish(),
                () -> new ActivationTanH(),
                () -> new ActivationThresholdedReLU(0.3));
    }

    // ---- options of every layer ------------------------------------------------------------------------------------

    /** Options that all layers have, on those that the engine computes. */
    private static Map<String, Consumer<Layer.Builder<?>>> common() {
        Map<String, Consumer<Layer.Builder<?>>> options = new LinkedHashMap<>();
        options.put("dropOut number", builder -> builder.dropOut(0.7));
        options.put("dropOut Dropout(1.0)", builder -> builder.dropOut(new Dropout(1.0)));
        options.put(
                "dropOut schedule",
                builder -> builder.dropOut(new Dropout(new StepSchedule(ScheduleType.ITERATION, 0.9, 0.5, 1))));
        options.put("dropOut AlphaDropout", builder -> builder.dropOut(new AlphaDropout(0.7)));
        options.put("dropOut GaussianDropout", builder -> builder.dropOut(new GaussianDropout(0.3)));
        options.put("dropOut GaussianNoise", builder -> builder.dropOut(new GaussianNoise(0.2)));
        options.put("dropOut SpatialDropout", builder -> builder.dropOut(new SpatialDropout(0.7)));
        options.put("constrainAllParameters", builder -> builder.constrainAllParameters(new NonNegativeConstraint()));
        options.put("constrainBias", builder -> builder.constrainBias(new NonNegativeConstraint()));
        options.put("constrainWeights MaxNorm", builder -> builder.constrainWeights(new MaxNormConstraint(0.3, 1)));
        options.put(
                "constrainWeights MinMaxNorm",
                builder -> builder.constrainWeights(new MinMaxNormConstraint(0.3, 0.6, 0.7, 1)));
        options.put("constrainWeights UnitNorm", builder -> builder.constrainWeights(new UnitNormConstraint(1)));
        return options;
    }

    /** Options of layers with parameters. */
    private static Map<String, Consumer<BaseLayer.Builder<?>>> base() {
        Map<String, Consumer<BaseLayer.Builder<?>>> options = new LinkedHashMap<>();
        options.put("activation", builder -> builder.activation(Activation.SWISH));
        options.put("weightInit", builder -> builder.weightInit(WeightInit.RELU));
        options.put("dist", builder -> builder.dist(new UniformDistribution(-0.5, 0.5)));
        options.put("biasInit gainInit", builder -> builder.biasInit(0.4).gainInit(0.6));
        options.put("l1 l1Bias", builder -> builder.l1(0.05).l1Bias(0.06));
        options.put("l2 l2Bias", builder -> builder.l2(0.05).l2Bias(0.06));
        options.put("weightDecay weightDecayBias", builder -> {
            builder.weightDecay(0.05, false);
            builder.weightDecayBias(0.06, true);
        });
        options.put("regularization regularizationBias", builder -> {
            builder.regularization(new ArrayList<>(List.of(new L2Regularization(0.07))));
            builder.regularizationBias(new ArrayList<>(List.of(new L2Regularization(0.03))));
        });
        options.put(
                "updater biasUpdater", builder -> builder.updater(new Sgd(0.3)).biasUpdater(new Sgd(0.01)));
        for (GradientNormalization normalization : GradientNormalization.values()) {
            options.put(
                    "gradientNormalization gradientNormalizationThreshold " + normalization,
                    builder -> builder.gradientNormalization(normalization).gradientNormalizationThreshold(0.02));
        }
        options.put("weightNoise DropConnect", builder -> builder.weightNoise(new DropConnect(0.7)));
        options.put("weightNoise DropConnect biases", builder -> builder.weightNoise(new DropConnect(0.7, true)));
        options.put(
                "weightNoise WeightNoise",
                builder -> builder.weightNoise(new WeightNoise(new NormalDistribution(0, 0.2))));
        options.put(
                "weightNoise WeightNoise factor",
                builder -> builder.weightNoise(new WeightNoise(new NormalDistribution(1, 0.2), true, false)));
        return options;
    }

    /** Settings of a whole network. */
    private static Map<String, Consumer<NeuralNetConfiguration.Builder>> settings() {
        Map<String, Consumer<NeuralNetConfiguration.Builder>> settings = new LinkedHashMap<>();
        settings.put("miniBatch", builder -> builder.miniBatch(false));
        settings.put("minimize", builder -> builder.minimize(false));
        settings.put("trainingWorkspaceMode", builder -> builder.trainingWorkspaceMode(WorkspaceMode.NONE));
        settings.put("inferenceWorkspaceMode", builder -> builder.inferenceWorkspaceMode(WorkspaceMode.NONE));
        settings.put("cacheMode", builder -> builder.cacheMode(CacheMode.HOST));
        settings.put("convolutionMode", builder -> builder.convolutionMode(ConvolutionMode.Same));
        settings.put("activation", builder -> builder.activation(new ActivationReLU(0.8, 0.1, 0.2)));
        settings.put("dropOut", builder -> builder.dropOut(0.8));
        settings.put("dropOut 1.0", builder -> builder.dropOut(new Dropout(1.0)));
        settings.put("weightNoise", builder -> builder.weightNoise(new DropConnect(0.7)));
        settings.put("l1 l1Bias", builder -> builder.l1(0.05).l1Bias(0.06));
        settings.put("l2 l2Bias", builder -> builder.l2(0.05).l2Bias(0.06));
        settings.put(
                "weightDecay weightDecayBias",
                builder -> builder.weightDecay(0.05).weightDecayBias(0.06));
        settings.put(
                "regularization regularizationBias",
                builder -> builder.regularization(new ArrayList<>(List.of(new L2Regularization(0.07))))
                        .regularizationBias(new ArrayList<>(List.of(new L2Regularization(0.03)))));
        settings.put(
                "updater biasUpdater", builder -> builder.updater(new Sgd(0.3)).biasUpdater(new Sgd(0.01)));
        settings.put(
                "gradientNormalization gradientNormalizationThreshold",
                builder -> builder.gradientNormalization(GradientNormalization.ClipL2PerLayer)
                        .gradientNormalizationThreshold(0.02));
        settings.put("constrainAllParameters", builder -> builder.constrainAllParameters(new NonNegativeConstraint()));
        settings.put("constrainBias", builder -> builder.constrainBias(new NonNegativeConstraint()));
        settings.put("constrainWeights", builder -> builder.constrainWeights(new MaxNormConstraint(0.3, 1)));
        settings.put("weightInit", builder -> builder.weightInit(WeightInit.RELU));
        settings.put("dist", builder -> builder.dist(new UniformDistribution(-0.5, 0.5)));
        settings.put("biasInit", builder -> builder.biasInit(0.4));
        settings.put("seed", builder -> builder.seed(99));
        return settings;
    }

    // ---- networks --------------------------------------------------------------------------------------------------

    private static NeuralNetConfiguration.Builder start(DataType type) {
        return new NeuralNetConfiguration.Builder()
                .seed(3)
                .dataType(type)
                .updater(new Sgd(0.05))
                .activation(Activation.TANH);
    }

    private static ConvolutionLayer before(CNN2DFormat format) {
        return new ConvolutionLayer.Builder(3, 3)
                .nOut(CHANNELS)
                .padding(1, 1)
                .dataFormat(format)
                .build();
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build();
    }

    private static boolean isOutput(Object made) {
        Object inner =
                made instanceof FrozenLayerWithBackprop ? ((FrozenLayerWithBackprop) made).getUnderlying() : made;
        return inner instanceof OutputLayer
                || inner instanceof LossLayer
                || inner instanceof CnnLossLayer
                || inner instanceof CenterLossOutputLayer;
    }

    private static InputType input(CNN2DFormat format) {
        return InputType.convolutional(SIZE, SIZE, 2, format);
    }

    private static long[] shape(CNN2DFormat format) {
        return format == CNN2DFormat.NCHW ? new long[] {1, 2, SIZE, SIZE} : new long[] {1, SIZE, SIZE, 2};
    }

    /** input, convolutions, what is tested, output. A frozen layer stands first, since DL4J trains nothing before it. */
    private static ComputationGraph graph(DataType type, CNN2DFormat format, Row row) {
        Object made = row.make.apply(format);
        GraphBuilder builder = start(type).graphBuilder().addInputs("in").setInputTypes(input(format));
        builder.validateOutputLayerConfig(false);
        boolean frozen = made instanceof FrozenLayer;
        Layer first = before(format);
        if (made instanceof FrozenVertex) {
            return frozenVertex(builder, (FrozenVertex) made, format);
        }
        builder.addLayer("a", frozen ? new FrozenLayer.Builder().layer(first).build() : first, "in");
        if (made instanceof Layer) {
            builder.addLayer("x", (Layer) made, "a");
        } else {
            boolean rows = row.options.startsWith("rows");
            boolean pooled = row.options.startsWith("pooled");
            int inputs = rows || pooled ? 1 : row.options.charAt(0) - '0';
            for (int i = 1; i < inputs; i++) {
                builder.addLayer("a" + i, before(format), "in");
            }
            if (made instanceof UnstackVertex) {
                builder.addVertex("stack", new StackVertex(), "a", "a1");
                builder.addLayer("shared", before(format), "stack");
                builder.addVertex("other", new UnstackVertex(0, 2), "shared");
                builder.addVertex("one", (GraphVertex) made, "shared");
                builder.addVertex("x", new MergeVertex(), "one", "other");
            } else if (pooled) { // whose type DL4J says wrong
                builder.addVertex("strip", (GraphVertex) made, "a");
                builder.addLayer("x", new GlobalPoolingLayer(PoolingType.AVG), "strip");
            } else if (rows) {
                builder.addLayer("means", new GlobalPoolingLayer(PoolingType.AVG), "a");
                builder.addVertex("x", (GraphVertex) made, "means");
            } else {
                String[] names = {"a", "a1", "a2"};
                builder.addVertex("x", (GraphVertex) made, Arrays.copyOf(names, inputs));
            }
        }
        if (isOutput(made)) {
            builder.setOutputs("x");
        } else {
            builder.addLayer("out", output(), "x").setOutputs("out");
        }
        ComputationGraph network = new ComputationGraph(builder.build());
        network.init();
        return network;
    }

    /** First, since DL4J trains nothing before it. */
    private static ComputationGraph frozenVertex(GraphBuilder builder, FrozenVertex vertex, CNN2DFormat format) {
        ComputationGraph network = new ComputationGraph(builder.addVertex("x", vertex, "in", "in")
                .addLayer("a", before(format), "x")
                .addLayer("out", output(), "a")
                .setOutputs("out")
                .build());
        network.init();
        return network;
    }

    private static MultiLayerNetwork chain(DataType type, CNN2DFormat format, Row row) {
        Object made = row.make.apply(format);
        NeuralNetConfiguration.ListBuilder list = start(type).list();
        boolean frozen = made instanceof FrozenLayer;
        Layer first = before(format);
        list.layer(frozen ? new FrozenLayer.Builder().layer(first).build() : first);
        list.layer((Layer) made);
        if (!isOutput(made)) {
            list.layer(output());
        }
        list.validateOutputLayerConfig(false);
        MultiLayerNetwork network =
                new MultiLayerNetwork(list.setInputType(input(format)).build());
        network.init();
        return network;
    }

    /** Null where nothing differs, in the first form that DL4J itself runs. */
    private static String compared(Row row, boolean inChain) {
        RuntimeException failure = null;
        for (CNN2DFormat format : new CNN2DFormat[] {CNN2DFormat.NHWC, CNN2DFormat.NCHW}) {
            for (boolean chain : new boolean[] {true, false}) {
                if (chain && !inChain || !inChain && format == CNN2DFormat.NHWC) {
                    continue;
                }
                try {
                    return Rows.difference(
                            type -> chain ? chain(type, format, row) : graph(type, format, row), shape(format));
                } catch (RuntimeException e) {
                    failure = e;
                }
            }
        }
        throw failure;
    }

    /** What is no different in a chain, since DL4J computes it in both. */
    private static final Set<Class<?>> DL4J_COMPUTES = Set.of(
            Deconvolution2D.class,
            SeparableConvolution2D.class,
            DepthwiseConvolution2D.class,
            LocallyConnected2D.class,
            LocalResponseNormalization.class,
            PReLULayer.class,
            Upsampling2D.class,
            Cropping2D.class,
            SpaceToDepthLayer.class,
            ElementWiseMultiplicationLayer.class);

    @TestFactory
    List<DynamicTest> rows() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Row row : ROWS) {
            tests.add(DynamicTest.dynamicTest(row + " in a graph", () -> assertSame(row, false)));
            if (Layer.class.isAssignableFrom(row.type) && !DL4J_COMPUTES.contains(row.type)) {
                tests.add(DynamicTest.dynamicTest(row + " in a chain, NHWC", () -> assertSame(row, true)));
            }
        }
        return tests;
    }

    private static void assertSame(Row row, boolean chain) {
        assertThat(compared(row, chain)).as(row.toString()).isNull();
    }

    /** Rows whose last pass is DL4J's own, as counted when this was written; more would be a loss. */
    private static final int BY_DL4J = 13;

    /** DL4J against DL4J would never differ. */
    @AfterAll
    static void nearlyAllRunOnTheEngine() {
        System.out.println(Rows.ran + " of " + Rows.compared + " networks on the engine; " + Rows.REFUSALS);
        assertThat(Rows.ran)
                .as("networks on the engine, but " + Rows.REFUSALS)
                .isGreaterThanOrEqualTo(Rows.compared - BY_DL4J);
    }

    @TestFactory
    List<DynamicTest> activationsEverywhere() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Supplier<IActivation> activation : activations()) {
            tests.add(DynamicTest.dynamicTest(
                    activation.get().getClass().getSimpleName() + " " + activation.get(),
                    () -> assertThat(Rows.difference(type -> everywhere(type, activation), shape(CNN2DFormat.NCHW)))
                            .isNull()));
        }
        return tests;
    }

    /** In convolutions, in and behind batch normalization, alone, behind an addition, on rows. */
    private static ComputationGraph everywhere(DataType type, Supplier<IActivation> activation) {
        CNN2DFormat f = CNN2DFormat.NCHW;
        ComputationGraph network = new ComputationGraph(start(type)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(input(f))
                .addLayer(
                        "conv",
                        conv(f).nOut(CHANNELS)
                                .padding(1, 1)
                                .activation(activation.get())
                                .build(),
                        "in")
                .addLayer(
                        "plain",
                        conv(f).activation(Activation.IDENTITY)
                                .nOut(CHANNELS)
                                .padding(1, 1)
                                .build(),
                        "conv")
                .addLayer("bn", bn(f).activation(activation.get()).build(), "plain")
                .addLayer("activation", new ActivationLayer(activation.get()), "bn")
                .addLayer(
                        "grouped",
                        GroupedConvolution.builder()
                                .groups(2)
                                .kernelSize(1, 1)
                                .activation(activation.get())
                                .nOut(CHANNELS)
                                .build(),
                        "activation")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "grouped", "conv")
                .addLayer("alone", new ActivationLayer(activation.get()), "add")
                .addLayer("means", new GlobalPoolingLayer(PoolingType.AVG), "alone")
                .addLayer(
                        "dense",
                        new DenseLayer.Builder()
                                .nOut(5)
                                .activation(activation.get())
                                .build(),
                        "means")
                .addLayer("out", output(), "dense")
                .setOutputs("out")
                .build());
        network.init();
        return network;
    }

    /** Layers that the engine computes, each with all that every layer has. */
    @TestFactory
    List<DynamicTest> commonOptions() {
        Map<String, Supplier<Layer.Builder<?>>> layers = new LinkedHashMap<>();
        CNN2DFormat f = CNN2DFormat.NCHW;
        layers.put("convolution", () -> conv(f));
        layers.put("normalization", () -> bn(f));
        layers.put(
                "grouped",
                () -> GroupedConvolution.builder().groups(2).kernelSize(3, 3).nOut(6));
        layers.put("activation", () -> new ActivationLayer.Builder().activation(Activation.RELU));
        layers.put("pooling", () -> pool(f, PoolingType.MAX));
        layers.put("globalPooling", () -> new GlobalPoolingLayer.Builder(PoolingType.AVG));
        layers.put("se", () -> SqueezeExcitation.builder().reduction(2));
        List<DynamicTest> tests = new ArrayList<>();
        layers.forEach((name, layer) -> {
            common().forEach((option, set) -> {
                boolean learns = layer.get() instanceof BaseLayer.Builder || name.equals("se");
                if (learns || option.startsWith("dropOut")) {
                    tests.add(optionTest(name, option, () -> {
                        Layer.Builder<?> builder = layer.get();
                        set.accept(builder);
                        return builder;
                    }));
                }
            });
            if (layer.get() instanceof BaseLayer.Builder) {
                base().forEach((option, set) -> tests.add(optionTest(name, option, () -> {
                    BaseLayer.Builder<?> builder = (BaseLayer.Builder<?>) layer.get();
                    set.accept(builder);
                    return builder;
                })));
            }
        });
        return tests;
    }

    private static DynamicTest optionTest(String name, String option, Supplier<Layer.Builder<?>> builder) {
        Row row = new Row(Layer.class, option, f -> builder.get().build());
        return DynamicTest.dynamicTest(name + " " + option, () -> assertSame(row, option.length() % 2 == 1));
    }

    @TestFactory
    List<DynamicTest> settingsOfNetworks() {
        List<DynamicTest> tests = new ArrayList<>();
        settings()
                .forEach((name, set) -> tests.add(DynamicTest.dynamicTest(
                        name,
                        () -> assertThat(Rows.difference(type -> set(type, set), shape(CNN2DFormat.NCHW)))
                                .isNull())));
        return tests;
    }

    private static ComputationGraph set(DataType type, Consumer<NeuralNetConfiguration.Builder> set) {
        CNN2DFormat f = CNN2DFormat.NCHW;
        NeuralNetConfiguration.Builder builder = start(type);
        set.accept(builder);
        ComputationGraph network = new ComputationGraph(builder.graphBuilder()
                .addInputs("in")
                .setInputTypes(input(f))
                .addLayer("conv", conv(f).build(), "in")
                .addLayer("bn", bn(f).build(), "conv")
                .addLayer("relu", new ActivationLayer(Activation.RELU), "bn")
                .addLayer("se", SqueezeExcitation.builder().reduction(5).build(), "relu")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "se")
                .addLayer("out", output(), "pool")
                .setOutputs("out")
                .build());
        network.init();
        return network;
    }

    // ---- completeness ----------------------------------------------------------------------------------------------

    private static final String LAYERS = "org.deeplearning4j.nn.conf.layers";

    /** Layers in no row, each with the reason. */
    private static final Map<String, String> NO_ROW = new LinkedHashMap<>();

    static {
        String sequences = "takes sequences";
        for (String name : List.of(
                "Convolution1D",
                "Convolution1DLayer",
                "EmbeddingSequenceLayer",
                "GravesBidirectionalLSTM",
                "GravesLSTM",
                "LSTM",
                "LearnedSelfAttentionLayer",
                "LocallyConnected1D",
                "Pooling1D",
                "RecurrentAttentionLayer",
                "RnnLossLayer",
                "RnnOutputLayer",
                "SelfAttentionLayer",
                "Subsampling1DLayer",
                "Upsampling1D",
                "ZeroPadding1DLayer",
                "convolutional.Cropping1D",
                "misc.RepeatVector",
                "recurrent.Bidirectional",
                "recurrent.LastTimeStep",
                "recurrent.SimpleRnn",
                "recurrent.TimeDistributed",
                "util.MaskZeroLayer")) {
            NO_ROW.put(name, sequences);
        }
        String volumes = "takes volumes";
        for (String name : List.of(
                "Cnn3DLossLayer",
                "Convolution3D",
                "Deconvolution3D",
                "Subsampling3DLayer",
                "Upsampling3D",
                "ZeroPadding3DLayer",
                "convolutional.Cropping3D")) {
            NO_ROW.put(name, volumes);
        }
        String capsules = "DL4J's backward pass fails";
        NO_ROW.put("PrimaryCapsules", capsules);
        NO_ROW.put("CapsuleLayer", capsules);
        NO_ROW.put("CapsuleStrengthLayer", capsules);
        String pretrained = "is pretrained without labels: the whole network stays DL4J's";
        NO_ROW.put("AutoEncoder", pretrained);
        NO_ROW.put("variational.VariationalAutoencoder", pretrained);
        NO_ROW.put("EmbeddingLayer", "takes indices");
        NO_ROW.put("objdetect.Yolo2OutputLayer", "an output layer with labels of its own form, always DL4J's");
    }

    @Test
    void everyLayerOfDl4jIsInTheTable() {
        TreeSet<String> classes = Rows.classes(Layer.class, LAYERS, Layer.class);
        classes.removeIf(name -> isAbstract(LAYERS + "." + name));
        classes.removeAll(NO_ROW.keySet());
        ROWS.forEach(row -> classes.remove(row.type.getName().replace(LAYERS + ".", "")));
        assertThat(classes).as("layers of DL4J in no row").isEmpty();
    }

    @Test
    void everyVertexOfDl4jIsInTheTable() {
        String vertices = "org.deeplearning4j.nn.conf.graph";
        TreeSet<String> classes = Rows.classes(GraphVertex.class, vertices, GraphVertex.class);
        classes.removeIf(name -> isAbstract(vertices + "." + name) || name.startsWith("rnn."));
        classes.remove("LayerVertex"); // every row of a layer
        classes.remove("AttentionVertex"); // takes sequences
        ROWS.forEach(row -> classes.remove(row.type.getSimpleName()));
        assertThat(classes).as("vertices of DL4J in no row").isEmpty();
    }

    @Test
    void everyActivationOfNd4jIsInTheTable() {
        String impl = "org.nd4j.linalg.activations.impl";
        TreeSet<String> classes = Rows.classes(IActivation.class, impl, IActivation.class);
        classes.remove("ActivationPReLU"); // that of PReLULayer
        activations()
                .forEach(
                        activation -> classes.remove(activation.get().getClass().getSimpleName()));
        assertThat(classes).as("activations of ND4J in no row").isEmpty();
    }

    /** Dropout, noise and constraints, by the same text as in the options. */
    @Test
    void everyDropoutNoiseAndConstraintIsInTheTable() {
        TreeSet<String> classes = new TreeSet<>();
        String conf = "org.deeplearning4j.nn.conf.";
        classes.addAll(Rows.classes(Layer.class, conf + "dropout", IDropout.class));
        classes.addAll(Rows.classes(Layer.class, conf + "weightnoise", IWeightNoise.class));
        classes.addAll(Rows.classes(Layer.class, conf + "constraint", LayerConstraint.class));
        classes.remove("BaseConstraint");
        assertThat(classes)
                .containsExactlyInAnyOrder(
                        "AlphaDropout",
                        "Dropout",
                        "DropConnect",
                        "GaussianDropout",
                        "GaussianNoise",
                        "MaxNormConstraint",
                        "MinMaxNormConstraint",
                        "NonNegativeConstraint",
                        "SpatialDropout",
                        "UnitNormConstraint",
                        "WeightNoise");
    }

    /** What changes no result: how cuDNN searches, what stands in place of what fails. */
    private static final List<String> NO_RESULT = List.of(
            "cudnnAlgoMode",
            "cudnnAllowFallback",
            "cudnnBwdDataMode",
            "cudnnBwdFilterMode",
            "cudnnFwdMode",
            "helperAllowFallback",
            "name");

    @Test
    void everyOptionOfABuilderIsInARow() throws Exception {
        TreeSet<String> missing = new TreeSet<>();
        int options = 0;
        for (Class<?> type :
                new LinkedHashSet<>(ROWS.stream().map(row -> row.type).collect(Collectors.toList()))) {
            Class<?> builder = builder(type);
            if (builder == null || !type.getName().startsWith(LAYERS)) {
                continue;
            }
            TreeSet<String> names = Rows.options(builder, FeedForwardLayer.Builder.class);
            names.removeAll(NO_RESULT);
            options += names.size();
            for (Row row : ROWS) {
                // wrappers of others and subclasses without options of their own stand for the class above
                if (row.type == type || row.type == type.getSuperclass()) {
                    names.removeAll(Arrays.asList(row.options.split(" ")));
                }
            }
            names.forEach(name -> missing.add(type.getSimpleName() + "." + name));
        }
        TreeSet<String> common = Rows.options(BaseLayer.Builder.class, null);
        common.removeAll(NO_RESULT);
        options += common.size();
        common().keySet().forEach(option -> common.removeAll(Arrays.asList(option.split(" "))));
        base().keySet().forEach(option -> common.removeAll(Arrays.asList(option.split(" "))));
        common.forEach(name -> missing.add("any layer." + name));
        TreeSet<String> settings = Rows.options(NeuralNetConfiguration.Builder.class, null);
        settings.removeAll(NO_RESULT);
        // the type and the layers are every row's; nothing is searched along a line
        settings.removeAll(List.of(
                "dataType",
                "layer",
                "list",
                "graphBuilder",
                "optimizationAlgo",
                "stepFunction",
                "maxNumLineSearchIterations"));
        settings.remove("equals");
        options += settings.size();
        settings().keySet().forEach(option -> settings.removeAll(Arrays.asList(option.split(" "))));
        settings.forEach(name -> missing.add("network." + name));
        System.out.println(options + " options, " + ROWS.size() + " rows of layers and vertices");
        assertThat(missing).as("options in no row").isEmpty();
    }

    private static Class<?> builder(Class<?> type) {
        return Arrays.stream(type.getDeclaredClasses())
                .filter(nested -> nested.getSimpleName().equals("Builder"))
                .findFirst()
                .orElse(null);
    }

    private static boolean isAbstract(String name) {
        try {
            return Modifier.isAbstract(Class.forName(name).getModifiers()) && !name.contains("Lambda");
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
