package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.Bam;
import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.Computation;
import io.github.squeeze4j.blocks.CoordinateAttention;
import io.github.squeeze4j.blocks.Eca;
import io.github.squeeze4j.blocks.EffectiveSe;
import io.github.squeeze4j.blocks.Gate;
import io.github.squeeze4j.blocks.GatedChannel;
import io.github.squeeze4j.blocks.GatherExcite;
import io.github.squeeze4j.blocks.GlobalContext;
import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.ScSe;
import io.github.squeeze4j.blocks.SelectiveKernel;
import io.github.squeeze4j.blocks.SimAm;
import io.github.squeeze4j.blocks.Spse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.layers.ChannelMerge;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.HardSwish;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativeConvolution;
import io.github.squeeze4j.layers.NativePooling;
import io.github.squeeze4j.layers.StochasticDepth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
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
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
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
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.conf.weightnoise.WeightNoise;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
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
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/**
 * A random small network, wholly given by its seed: layers and vertices with random options, in a chain or a graph.
 *
 * <p>It can be made smaller: parts can be left out (what read them reads their first input), options can be muted.
 */
final class RandomNetwork {
    /** What a layer or vertex may follow. */
    private enum On {
        MAP,
        ROW,
        ANY
    }

    private interface Recipe {
        Object make(Draw draw, Place place);
    }

    /** What is known where a layer is put. */
    private static final class Place {
        final CNN2DFormat format;
        final InputType type;

        Place(CNN2DFormat format, InputType type) {
            this.format = format;
            this.type = type;
        }

        boolean isMap() {
            return type instanceof InputType.InputTypeConvolutional;
        }

        int channels() {
            return isMap()
                    ? (int) ((InputType.InputTypeConvolutional) type).getChannels()
                    : (int) ((InputType.InputTypeFeedForward) type).getSize();
        }

        int height() {
            return (int) ((InputType.InputTypeConvolutional) type).getHeight();
        }

        int width() {
            return (int) ((InputType.InputTypeConvolutional) type).getWidth();
        }
    }

    /** Random decisions, each from the seed and its own number, so that one can be muted and the others stay. */
    static final class Draw {
        private final long seed;
        private final TreeSet<Integer> muted;
        /** Whether layers that are SameDiff graphs may come, which take a second each. */
        final boolean sameDiff;

        final TreeSet<Integer> used = new TreeSet<>();
        int options;
        /** Whether what was drawn draws numbers itself. */
        boolean random;

        private int values;

        Draw(long seed, TreeSet<Integer> muted, boolean sameDiff) {
            this.sameDiff = sameDiff;
            this.seed = seed;
            this.muted = muted;
        }

        private Random random(int number) {
            Random random = new Random(seed * 1_000_003 + number * 7919L);
            random.nextInt();
            return random;
        }

        /** Whether an option is used, once in so many. */
        boolean once(int in) {
            int number = options++;
            values = 0;
            boolean once = random(number).nextInt(in) == 0 && !muted.contains(number);
            if (once) {
                used.add(number);
            }
            return once;
        }

        int below(int bound) {
            return random(10_000 + 50 * options + values++).nextInt(bound);
        }

        int from(int low, int high) {
            return low + below(high - low + 1);
        }

        double real(double low, double high) {
            return low + random(10_000 + 50 * options + values++).nextDouble() * (high - low);
        }

        @SafeVarargs
        final <T> T pick(T... of) {
            return of[below(of.length)];
        }
    }

    private static final class Kind {
        final String name;
        final On on;
        final int weight;
        final int inputs;
        final Recipe recipe;

        Kind(String name, On on, int weight, int inputs, Recipe recipe) {
            this.name = name;
            this.on = on;
            this.weight = weight;
            this.inputs = inputs;
            this.recipe = recipe;
        }
    }

    private static final List<Kind> KINDS = new ArrayList<>();

    private static void layer(String name, On on, int weight, Recipe recipe) {
        KINDS.add(new Kind(name, on, weight, 1, recipe));
    }

    private static void vertex(String name, On on, int weight, int inputs, Recipe recipe) {
        KINDS.add(new Kind(name, on, weight, inputs, recipe));
    }

    static {
        layer("conv", On.MAP, 14, (d, p) -> convolution(d, p, new ConvolutionLayer.Builder()));
        layer("conv2d", On.MAP, 2, (d, p) -> {
            Convolution2D.Builder builder = new Convolution2D.Builder();
            return convolution(d, p, builder);
        });
        layer(
                "nativeconv",
                On.MAP,
                5,
                (d, p) -> NativeConvolution.of(convolution(d, p, new ConvolutionLayer.Builder())));
        layer("grouped", On.MAP, 5, RandomNetwork::grouped);
        layer("bn", On.ANY, 8, (d, p) -> normalization(d, p).build());
        layer(
                "nativebn",
                On.ANY,
                4,
                (d, p) -> d.once(2)
                        ? NativeBatchNormalization.standard()
                        : NativeBatchNormalization.of(normalization(d, p).build()));
        layer("activation", On.ANY, 8, (d, p) -> {
            ActivationLayer.Builder builder = new ActivationLayer.Builder().activation(activation(d));
            common(d, builder);
            return builder.build();
        });
        layer("pool", On.MAP, 6, (d, p) -> pooling(d, p).build());
        layer("nativepool", On.MAP, 4, (d, p) -> {
            NativePooling pooling = NativePooling.of(pooling(d, p).build());
            return d.once(2) ? pooling.ceilMode() : pooling;
        });
        layer("globalpool", On.MAP, 3, (d, p) -> {
            GlobalPoolingLayer.Builder builder = new GlobalPoolingLayer.Builder(d.pick(PoolingType.values()));
            if (d.once(4)) {
                builder.pnorm(d.from(1, 4));
            }
            if (d.once(5)) {
                builder.poolingDimensions(p.format == CNN2DFormat.NCHW ? new int[] {2, 3} : new int[] {1, 2});
            }
            if (d.once(5)) {
                builder.collapseDimensions(false);
            }
            common(d, builder);
            return builder.build();
        });
        layer("se", On.MAP, 8, RandomNetwork::squeezeExcitation);
        layer("block", On.MAP, 6, RandomNetwork::block);
        layer("deconv", On.MAP, 1, (d, p) -> {
            Deconvolution2D.Builder builder = new Deconvolution2D.Builder();
            convolution(d, builder);
            return builder.nOut(d.from(1, 6)).dataFormat(p.format).build();
        });
        layer("separable", On.MAP, 1, (d, p) -> {
            SeparableConvolution2D.Builder builder = new SeparableConvolution2D.Builder();
            convolution(d, builder);
            if (d.once(3)) {
                builder.depthMultiplier(2);
            }
            return builder.nOut(d.from(1, 6)).dataFormat(p.format).build();
        });
        layer("depthwise", On.MAP, 1, (d, p) -> {
            DepthwiseConvolution2D.Builder builder = new DepthwiseConvolution2D.Builder();
            convolution(d, builder);
            if (d.once(3)) {
                builder.depthMultiplier(2);
            }
            return builder.dataFormat(p.format).build();
        });
        layer(
                "locally",
                On.MAP,
                1,
                (d, p) -> !d.sameDiff
                        ? null
                        : new LocallyConnected2D.Builder()
                                .kernelSize(d.from(1, 2), d.from(1, 3))
                                .stride(1, 1)
                                .nOut(d.from(1, 4))
                                .activation(d.pick(Activation.RELU, Activation.TANH))
                                .convolutionMode(d.pick(ConvolutionMode.Same, ConvolutionMode.Truncate))
                                .dataFormat(p.format)
                                .setInputSize(p.height(), p.width())
                                .hasBias(!d.once(2))
                                .build());
        layer("zeropad", On.MAP, 2, (d, p) -> {
            ZeroPaddingLayer.Builder builder =
                    new ZeroPaddingLayer.Builder(d.below(3), d.below(2), d.below(2), d.below(3)).dataFormat(p.format);
            common(d, builder);
            return builder.build();
        });
        layer("crop", On.MAP, 2, (d, p) -> {
            Cropping2D.Builder builder =
                    new Cropping2D.Builder(d.below(2), d.below(2), d.below(2), d.below(2)).dataFormat(p.format);
            common(d, builder);
            return builder.build();
        });
        layer("upsample", On.MAP, 2, (d, p) -> {
            Upsampling2D.Builder builder = new Upsampling2D.Builder()
                    .size(new int[] {d.from(1, 2), d.from(1, 2)})
                    .dataFormat(p.format);
            common(d, builder);
            return builder.build();
        });
        layer("depth", On.MAP, 1, (d, p) -> {
            if (p.height() % 2 + p.width() % 2 > 0) {
                throw new IllegalArgumentException("odd");
            }
            SpaceToDepthLayer.Builder<?> builder = new SpaceToDepthLayer.Builder<>(2, p.format);
            common(d, builder);
            return builder.build();
        });
        layer("spacetobatch", On.MAP, 1, (d, p) -> {
            SpaceToBatchLayer.Builder<?> builder = new SpaceToBatchLayer.Builder<>(new int[] {1, 1});
            builder.dataFormat(p.format);
            return builder.build();
        });
        layer(
                "lrn",
                On.MAP,
                2,
                (d, p) -> new LocalResponseNormalization.Builder(
                                d.pick(1.0, 2.0),
                                p.channels() > 2 ? d.pick(3.0, 5.0) : 1,
                                d.pick(1e-4, 0.1),
                                d.pick(0.75, 0.5))
                        .dataFormat(p.format)
                        .build());
        layer("prelu", On.MAP, 1, (d, p) -> {
            PReLULayer.Builder builder = new PReLULayer.Builder()
                    .inputShape(
                            p.format == CNN2DFormat.NCHW
                                    ? new long[] {p.channels(), p.height(), p.width()}
                                    : new long[] {p.height(), p.width(), p.channels()});
            builder.weightInit(new NormalDistribution(0, 0.3));
            return builder.build();
        });
        layer("dropout", On.ANY, 3, (d, p) -> new DropoutLayer.Builder(dropout(d)).build());
        layer("dense", On.ANY, 4, (d, p) -> {
            DenseLayer.Builder builder = new DenseLayer.Builder().nOut(d.from(1, 9));
            if (base(d, builder) && d.once(4)) {
                builder.hasBias(false);
            }
            if (d.once(6)) {
                builder.hasLayerNorm(true);
            }
            return builder.build();
        });
        layer("multiply", On.ROW, 1, (d, p) -> {
            ElementWiseMultiplicationLayer.Builder builder = new ElementWiseMultiplicationLayer.Builder();
            base(d, builder);
            builder.nIn(p.channels()).nOut(p.channels());
            return builder.build();
        });

        vertex(
                "elementwise",
                On.ANY,
                10,
                2,
                (d, p) -> new ElementWiseVertex(
                        d.once(2) ? d.pick(ElementWiseVertex.Op.values()) : ElementWiseVertex.Op.Add));
        vertex(
                "elementwise3",
                On.ANY,
                2,
                3,
                (d, p) -> new ElementWiseVertex(d.pick(
                        ElementWiseVertex.Op.Add,
                        ElementWiseVertex.Op.Average,
                        ElementWiseVertex.Op.Product,
                        ElementWiseVertex.Op.Max)));
        vertex("merge", On.ANY, 5, 2, (d, p) -> new MergeVertex());
        vertex("channelmerge", On.MAP, 2, 2, (d, p) -> {
            ChannelMerge merge = new ChannelMerge();
            merge.setMergeAxis(p.format == CNN2DFormat.NCHW ? 1 : 3);
            return merge;
        });
        vertex("scale", On.ANY, 1, 1, (d, p) -> new ScaleVertex(d.real(-2, 2)));
        vertex("shift", On.ANY, 1, 1, (d, p) -> new ShiftVertex(d.real(-2, 2)));
        vertex("subset", On.ROW, 1, 1, (d, p) -> new SubsetVertex(0, d.below(p.channels())));
        vertex("l2normalize", On.ANY, 1, 1, (d, p) -> new L2NormalizeVertex(new int[] {}, d.pick(1e-8, 0.1)));
        vertex("l2", On.ANY, 1, 2, (d, p) -> {
            if (p.isMap()) {
                throw new IllegalArgumentException("ND4J reads memory that is not the maps'");
            }
            return new L2Vertex(d.pick(1e-8, 0.1));
        });
        vertex("poolhelper", On.MAP, 1, 1, (d, p) -> new PoolHelperVertex());
        vertex(
                "flatten",
                On.MAP,
                1,
                1,
                (d, p) -> new PreprocessorVertex(
                        new CnnToFeedForwardPreProcessor(p.height(), p.width(), p.channels(), p.format)));
        vertex("stack", On.ANY, 2, 2, (d, p) -> new StackVertex());
        vertex("unstack", On.ANY, 2, 1, (d, p) -> new UnstackVertex(d.below(2), 2));
    }

    private static IActivation activation(Draw d) {
        switch (d.below(30)) {
            case 0:
            case 1:
            case 2:
            case 3:
                return new ActivationReLU();
            case 4:
            case 5:
                return new ActivationReLU(d.pick(null, 0.7, 6.0), d.pick(null, 0.2, -0.3), d.pick(null, 0.1, -0.2));
            case 6:
            case 7:
                return new ActivationReLU6();
            case 8:
                return new ActivationLReLU(d.pick(0.01, 0.3));
            case 9:
                return new ActivationELU(d.pick(1.0, 0.4));
            case 10:
                return new ActivationGELU(d.pick(true, false));
            case 11:
                return new ActivationCube();
            case 12:
                return new ActivationHardSigmoid();
            case 13:
                return new ActivationHardTanH();
            case 14:
                return new ActivationMish();
            case 15:
                d.random = true;
                return new ActivationRReLU(0.1, 0.4);
            case 16:
                return new ActivationRationalTanh();
            case 17:
                return new ActivationRectifiedTanh();
            case 18:
                return new ActivationSELU();
            case 19:
            case 20:
                return new ActivationSigmoid();
            case 21:
                return new ActivationSoftPlus();
            case 22:
                return new ActivationSoftSign();
            case 23:
                return new ActivationSoftmax();
            case 24:
            case 25:
                return new ActivationSwish();
            case 26:
                return new ActivationTanH();
            case 27:
                return new ActivationThresholdedReLU(d.pick(1.0, 0.3));
            case 28:
                return new HardSwish();
            default:
                return new ActivationIdentity();
        }
    }

    private static IDropout dropout(Draw d) {
        int kind = d.below(8);
        d.random |= kind > 1;
        switch (kind) {
            case 0:
            case 1:
                return new Dropout(1.0);
            case 2:
                return new Dropout(0.6);
            case 3:
                return new Dropout(new StepSchedule(ScheduleType.ITERATION, 0.9, 0.5, 1));
            case 4:
                return new AlphaDropout(0.7);
            case 5:
                return new GaussianDropout(0.3);
            case 6:
                return new GaussianNoise(0.2);
            default:
                return d.once(2) ? new StochasticDepth(0.4) : new SpatialDropout(0.6);
        }
    }

    private static void common(Draw d, Layer.Builder<?> builder) {
        if (d.once(9)) {
            builder.dropOut(dropout(d));
        }
    }

    /** @return whether the layer may be without a bias, which DL4J's weight noise does not take */
    private static boolean base(Draw d, BaseLayer.Builder<?> builder) {
        common(d, builder);
        if (d.once(9)) {
            switch (d.below(4)) {
                case 0:
                    builder.constrainWeights(new MaxNormConstraint(0.5, 1));
                    break;
                case 1:
                    builder.constrainAllParameters(new NonNegativeConstraint());
                    break;
                case 2:
                    builder.constrainWeights(new MinMaxNormConstraint(0.3, 0.6, 0.7, 1));
                    break;
                default:
                    builder.constrainWeights(new UnitNormConstraint(1));
                    break;
            }
        }
        if (d.once(3)) {
            builder.activation(activation(d));
        }
        if (d.once(9)) {
            builder.l1(0.01).l1Bias(0.02);
        }
        if (d.once(9)) {
            builder.l2(0.01).l2Bias(0.02);
        }
        if (d.once(9)) {
            builder.weightDecay(0.01, d.pick(true, false));
            builder.weightDecayBias(0.02);
        }
        if (d.once(9)) {
            builder.gradientNormalization(d.pick(GradientNormalization.values()))
                    .gradientNormalizationThreshold(0.05);
        }
        boolean noise = d.once(12);
        if (noise) {
            d.random = true;
            builder.weightNoise(
                    d.once(2)
                            ? new DropConnect(0.7, d.pick(true, false))
                            : new WeightNoise(
                                    new NormalDistribution(0, 0.1), d.pick(true, false), d.pick(true, false)));
        }
        if (d.once(9)) {
            builder.biasInit(0.3);
        }
        if (d.once(9)) {
            builder.updater(new Sgd(0.02));
        }
        if (d.once(12)) {
            builder.biasUpdater(new Sgd(0.2));
        }
        return !noise;
    }

    private static void convolution(Draw d, ConvolutionLayer.BaseConvBuilder<?> builder) {
        boolean free = base(d, builder);
        int kernel = d.pick(1, 1, 3, 3, 2, 5);
        builder.kernelSize(kernel, d.once(4) ? d.from(1, 3) : kernel);
        builder.stride(d.once(3) ? 2 : 1, d.once(3) ? 2 : 1);
        builder.padding(d.once(3) ? d.below(3) : 0, d.once(3) ? d.below(3) : 0);
        if (d.once(2)) {
            builder.convolutionMode(d.pick(ConvolutionMode.Same, ConvolutionMode.Truncate, ConvolutionMode.Strict));
        }
        if (d.once(5)) {
            builder.dilation(d.from(1, 2), d.from(1, 2));
        }
        if (free && d.once(3)) {
            builder.hasBias(false);
        }
    }

    private static ConvolutionLayer convolution(Draw d, Place p, ConvolutionLayer.Builder builder) {
        convolution(d, builder);
        builder.nOut(d.pick(1, 3, 4, 6, 8, 16, 17)).dataFormat(p.format);
        return builder.build();
    }

    private static Layer grouped(Draw d, Place p) {
        GroupedConvolution.Builder builder = GroupedConvolution.builder();
        convolution(d, builder);
        int channels = p.channels();
        int groups = 1;
        for (int i = 2; i <= channels; i++) {
            groups = channels % i == 0 && d.below(2) == 0 ? i : groups;
        }
        builder.groups(groups);
        builder.nOut(groups * d.from(1, 3));
        return builder.dataFormat(p.format).build();
    }

    private static BatchNormalization.Builder normalization(Draw d, Place p) {
        BatchNormalization.Builder builder = new BatchNormalization.Builder();
        base(d, builder);
        builder.dataFormat(p.format);
        if (d.once(4)) {
            builder.eps(1e-2);
        }
        if (d.once(4)) {
            builder.decay(0.6);
        }
        if (d.once(4)) {
            builder.gamma(0.7).beta(0.2);
        }
        if (d.once(6)) {
            builder.lockGammaBeta(true);
        }
        if (d.once(4)) {
            builder.useLogStd(d.pick(true, false));
        }
        if (d.once(9)) {
            builder.constrainGamma(new NonNegativeConstraint());
            builder.constrainBeta(new NonNegativeConstraint());
        }
        if (d.once(6)) {
            builder.minibatch(false);
        }
        return builder;
    }

    private static SubsamplingLayer.Builder pooling(Draw d, Place p) {
        SubsamplingLayer.Builder builder = new SubsamplingLayer.Builder(
                d.pick(PoolingType.MAX, PoolingType.MAX, PoolingType.AVG, PoolingType.AVG, PoolingType.PNORM));
        common(d, builder);
        builder.kernelSize(d.from(1, 3), d.from(1, 3)).stride(d.from(1, 2), d.from(1, 2));
        if (d.once(3)) {
            builder.padding(d.below(2), d.below(2));
        }
        if (d.once(2)) {
            builder.convolutionMode(d.pick(ConvolutionMode.Same, ConvolutionMode.Truncate, ConvolutionMode.Strict));
        }
        if (d.once(8)) {
            builder.dilation(d.from(1, 2), d.from(1, 2));
        }
        if (d.once(3)) {
            builder.avgPoolIncludePadInDivisor(true);
        }
        if (d.once(4)) {
            builder.pnorm(d.from(1, 3));
        } else {
            builder.pnorm(2);
        }
        if (d.once(8)) {
            builder.eps(1e-3);
        }
        return builder.dataFormat(p.format);
    }

    private static int divisor(Draw d, int of) {
        List<Integer> divisors = new ArrayList<>();
        for (int i = 1; i <= of; i++) {
            if (of % i == 0) {
                divisors.add(i);
            }
        }
        return divisors.get(d.below(divisors.size()));
    }

    private static void block(Draw d, AttentionBlock.Builder<?> builder) {
        common(d, builder);
        if (d.once(6)) {
            builder.computation(d.sameDiff ? Computation.SAMEDIFF : Computation.FUSED);
        }
    }

    private static Layer squeezeExcitation(Draw d, Place p) {
        SqueezeExcitation.Builder builder = SqueezeExcitation.builder().reduction(divisor(d, p.channels()));
        block(d, builder);
        if (d.once(4)) {
            builder.biases(false);
        }
        if (d.once(3)) {
            builder.gate(d.pick(Gate.values()));
        }
        if (d.once(3)) {
            builder.activation(d.pick(Activation.SWISH, Activation.RELU, Activation.GELU, Activation.TANH));
        }
        if (d.once(5)) {
            builder.hidden(d.from(1, 9));
        }
        return builder.build();
    }

    private static Layer block(Draw d, Place p) {
        int c = p.channels();
        AttentionBlock.Builder<?> builder;
        switch (d.below(14)) {
            case 0:
                builder = Salient.builder().channelsPerMap(divisor(d, c));
                break;
            case 1:
                builder = Spse.builder().reduction(divisor(d, c));
                break;
            case 2:
                builder = Rgse.builder().reduction(divisor(d, c)).window(d.from(2, 3));
                break;
            case 3:
                builder = Cbam.builder().reduction(divisor(d, c)).kernel(3).channel(d.below(3) > 0);
                break;
            case 4:
                builder = Eca.builder();
                break;
            case 5:
                builder = GatedChannel.builder().norm(d.pick(GatedChannel.Norm.values()));
                break;
            case 6:
                builder = EffectiveSe.builder().gate(d.pick(Gate.values()));
                break;
            case 7:
                builder = SimAm.builder().lambda(d.pick(1e-4, 0.1));
                break;
            case 8:
                builder = GlobalContext.builder()
                        .reduction(divisor(d, c))
                        .pooling(d.pick(GlobalContext.Pooling.values()))
                        .multiply(d.below(2) == 0);
                break;
            case 9:
                builder = ScSe.builder().reduction(divisor(d, c)).combination(d.pick(ScSe.Combination.values()));
                break;
            case 10:
                builder = CoordinateAttention.builder().reduction(divisor(d, c)).minimumHidden(d.from(1, 4));
                break;
            case 11:
                builder = Bam.builder().reduction(divisor(d, c)).dilation(d.from(1, 2));
                break;
            case 12:
                builder = GatherExcite.builder()
                        .extent(d.pick(0, 2, 4))
                        .extraParameters(d.below(2) == 0)
                        .reduction(divisor(d, c));
                break;
            default:
                builder = SelectiveKernel.builder()
                        .reduction(divisor(d, c))
                        .minimumHidden(d.from(1, 3))
                        .groups(divisor(d, c));
                break;
        }
        block(d, builder);
        return (Layer) builder.build();
    }

    // ---- the description -------------------------------------------------------------------------------------------

    private static final class Part {
        Kind kind;
        long seed;
        /** Positions of parts; -1 and below the network's inputs. */
        int[] from;

        boolean frozen;
        TreeSet<Integer> muted = new TreeSet<>();
        TreeSet<Integer> used = new TreeSet<>();

        Part copy() {
            Part copy = new Part();
            copy.kind = kind;
            copy.seed = seed;
            copy.from = from.clone();
            copy.muted.addAll(muted);
            return copy;
        }
    }

    private static final int HEAD_KINDS = 6;
    /** Seeds from which layers come that take long. */
    static final long THOROUGH = 100_000;

    final long seed;
    private boolean chain;
    private CNN2DFormat format;
    private int inputs;
    private int channels;
    private int height;
    private int width;
    private int[] batches;
    private boolean resized;
    private int special;
    private boolean rows;
    private List<Part> parts = new ArrayList<>();
    /** Output layers. */
    private List<Part> heads = new ArrayList<>();

    private TreeSet<Integer> muted = new TreeSet<>();
    private TreeSet<Integer> used = new TreeSet<>();
    private boolean random;

    private RandomNetwork(long seed) {
        this.seed = seed;
    }

    static RandomNetwork of(long seed) {
        RandomNetwork network = new RandomNetwork(seed);
        Random random = new Random(seed * 31 + 7);
        network.chain = random.nextInt(4) == 0;
        network.format = random.nextInt(4) == 0 ? CNN2DFormat.NHWC : CNN2DFormat.NCHW;
        network.rows = random.nextInt(25) == 0;
        network.inputs = !network.chain && random.nextInt(5) == 0 ? 2 : 1;
        network.channels = 1 + random.nextInt(4);
        network.height = 5 + random.nextInt(5);
        network.width = random.nextInt(3) == 0 ? 5 + random.nextInt(5) : network.height;
        network.batches = new int[] {1 + random.nextInt(5), 1 + random.nextInt(5)};
        network.resized = random.nextInt(3) == 0;
        network.special = random.nextInt(10) == 0 ? 1 + random.nextInt(5) : 0;
        int length = 1 + random.nextInt(8);
        for (int attempt = 0; network.parts.size() < length && attempt < 40; attempt++) {
            network.extend(random);
        }
        int count = !network.chain && random.nextInt(4) == 0 ? 2 : 1;
        for (int i = 0; i < count; i++) {
            Part head = new Part();
            head.seed = random.nextLong();
            int last = network.parts.size() - 1;
            head.from = new int[] {i == 0 ? last : Math.max(-1, last - 1 - random.nextInt(3))};
            network.heads.add(head);
        }
        return network.pruned();
    }

    /** Without what nobody reads, which DL4J cannot train. */
    private RandomNetwork pruned() {
        RandomNetwork pruned = this;
        for (int i = parts.size() - 1; i >= 0; i--) {
            int part = i;
            List<Part> all = new ArrayList<>(pruned.parts);
            all.addAll(pruned.heads);
            if (all.stream().noneMatch(reader -> Arrays.stream(reader.from).anyMatch(from -> from == part))) {
                pruned = pruned.without(i);
            }
        }
        return pruned;
    }

    /** Adds a part, if it fits. */
    private void extend(Random random) {
        Map<Integer, InputType> types = types();
        int last = parts.size() - 1;
        int from = chain || random.nextInt(3) > 0 || last < 1 ? last : random.nextInt(parts.size() + inputs) - inputs;
        InputType type = types.get(from);
        Part part = new Part();
        part.kind = isStacked(from) && random.nextInt(2) == 0 ? byName("unstack") : kind(random, type);
        part.seed = random.nextLong();
        part.from = new int[part.kind.inputs];
        part.from[0] = from;
        if (chain && !isLayer(part.kind)) {
            return;
        }
        for (int i = 1; i < part.from.length; i++) {
            List<Integer> alike = new ArrayList<>();
            boolean merge = part.kind.name.contains("merge");
            for (Map.Entry<Integer, InputType> entry : types.entrySet()) {
                boolean fits = merge
                        ? isMergeable(entry.getValue(), type)
                        : entry.getValue().equals(type);
                boolean used = Arrays.stream(part.from, 0, i).anyMatch(entry.getKey()::equals);
                if (fits && (!used || random.nextInt(4) == 0)) {
                    alike.add(entry.getKey());
                }
            }
            if (alike.isEmpty()) {
                return;
            }
            part.from[i] = alike.get(random.nextInt(alike.size()));
        }
        if (part.kind.name.equals("unstack") && !isStacked(from)) {
            return;
        }
        parts.add(part);
        try {
            Map<Integer, InputType> now = types();
            InputType own = now.get(parts.size() - 1);
            boolean small = own instanceof InputType.InputTypeFeedForward
                            && ((InputType.InputTypeFeedForward) own).getSize() <= 2000
                    || own instanceof InputType.InputTypeConvolutional
                            && ((InputType.InputTypeConvolutional) own).getChannels() <= 48
                            && ((InputType.InputTypeConvolutional) own).getHeight() <= 20
                            && ((InputType.InputTypeConvolutional) own).getWidth() <= 20
                            && ((InputType.InputTypeConvolutional) own).getHeight() >= 1
                            && ((InputType.InputTypeConvolutional) own).getWidth() >= 1;
            if (!small) {
                parts.remove(part);
            }
        } catch (RuntimeException e) {
            parts.remove(part); // DL4J does not take it here
        }
    }

    /** Whether a part reads a stack of examples. */
    private boolean isStacked(int part) {
        if (part < 0 || parts.get(part).kind.name.equals("unstack")) {
            return false;
        }
        return parts.get(part).kind.name.equals("stack")
                || Arrays.stream(parts.get(part).from).anyMatch(this::isStacked);
    }

    private static boolean isLayer(Kind kind) {
        return KINDS.indexOf(kind) < KINDS.indexOf(byName("elementwise"));
    }

    private static Kind byName(String name) {
        return KINDS.stream().filter(kind -> kind.name.equals(name)).findFirst().get();
    }

    private static boolean isMergeable(InputType a, InputType b) {
        if (a instanceof InputType.InputTypeConvolutional && b instanceof InputType.InputTypeConvolutional) {
            InputType.InputTypeConvolutional one = (InputType.InputTypeConvolutional) a;
            InputType.InputTypeConvolutional two = (InputType.InputTypeConvolutional) b;
            return one.getHeight() == two.getHeight() && one.getWidth() == two.getWidth();
        }
        return a.getClass() == b.getClass();
    }

    private static Kind kind(Random random, InputType type) {
        boolean map = type instanceof InputType.InputTypeConvolutional;
        int sum = 0;
        for (Kind kind : KINDS) {
            sum += fits(kind, map) ? kind.weight : 0;
        }
        int at = random.nextInt(sum);
        for (Kind kind : KINDS) {
            at -= fits(kind, map) ? kind.weight : 0;
            if (at < 0) {
                return kind;
            }
        }
        throw new IllegalStateException();
    }

    private static boolean fits(Kind kind, boolean map) {
        return kind.on == On.ANY || (kind.on == On.MAP) == map;
    }

    private InputType inputType() {
        return rows ? InputType.feedForward(channels * 3L) : InputType.convolutional(height, width, channels, format);
    }

    private static String name(int part) {
        return part < 0 ? "input" + (-part) : "v" + part;
    }

    /** The type of each part's result. */
    /** DL4J leaves out that the vertex crops; of a map that it empties ND4J reads memory that is not its own. */
    private static InputType cropped(InputType.InputTypeConvolutional map) {
        boolean square = map.getFormat() == CNN2DFormat.NCHW && map.getHeight() == map.getWidth();
        if (!square) { // it crops the last two axes, and takes both for as long as the first of them
            throw new IllegalStateException(
                    "DL4J's PoolHelperVertex writes beyond its gradient, which ends the process");
        }
        return InputType.convolutional(map.getHeight() - 1, map.getWidth() - 1, map.getChannels(), map.getFormat());
    }

    private Map<Integer, InputType> types() {
        Map<Integer, InputType> types = new HashMap<>();
        for (int i = 1; i <= inputs; i++) {
            types.put(-i, inputType());
        }
        if (parts.isEmpty()) {
            return types;
        }
        GraphBuilder builder = global(DataType.FLOAT);
        addParts(builder, types);
        return types;
    }

    private GraphBuilder global(DataType type) {
        return settings(type).graphBuilder();
    }

    private NeuralNetConfiguration.Builder settings(DataType type) {
        Draw d = new Draw(seed, muted, isThorough());
        NeuralNetConfiguration.Builder builder = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(type)
                .updater(new Sgd(0.05))
                .activation(d.once(2) ? activation(d) : new ActivationTanH());
        if (d.once(8)) {
            builder.l2(0.01);
        }
        if (d.once(8)) {
            builder.l1(0.01);
        }
        if (d.once(8)) {
            builder.weightDecay(0.01);
        }
        if (d.once(8)) {
            builder.gradientNormalization(d.pick(GradientNormalization.values()))
                    .gradientNormalizationThreshold(0.05);
        }
        if (d.once(8)) {
            builder.miniBatch(false);
        }
        if (d.once(12)) {
            builder.minimize(false);
        }
        if (d.once(10)) {
            builder.dropOut(d.once(2) ? new Dropout(1.0) : new Dropout(0.8));
            d.random = true;
        }
        if (d.once(8)) {
            builder.convolutionMode(d.pick(ConvolutionMode.Same, ConvolutionMode.Strict));
        }
        if (d.once(12)) {
            builder.trainingWorkspaceMode(WorkspaceMode.NONE);
        }
        if (d.once(12)) {
            builder.inferenceWorkspaceMode(WorkspaceMode.NONE);
        }
        if (d.once(12)) {
            builder.constrainWeights(new MaxNormConstraint(0.4, 1));
        }
        used = d.used;
        random |= d.random;
        return builder;
    }

    /** DL4J trains nothing before a frozen layer, and fails where something there is not frozen as well. */
    private boolean isAllFrozen(int[] parts) {
        return Arrays.stream(parts).allMatch(part -> part < 0 || this.parts.get(part).frozen);
    }

    /** Those of the default tests have no layers that take a second. */
    private boolean isThorough() {
        return seed >= THOROUGH;
    }

    private Object made(Part part, InputType type) {
        Draw d = new Draw(part.seed, part.muted, isThorough());
        Object made = part.kind.recipe.make(d, new Place(format, type));
        if (made == null) {
            throw new IllegalArgumentException("not in a quick network");
        }
        part.frozen = isAllFrozen(part.from) && d.once(6);
        if (part.frozen) {
            made = made instanceof Layer
                    ? new FrozenLayer.Builder().layer((Layer) made).build()
                    : new FrozenVertex((GraphVertex) made);
        } else if (made instanceof Layer && d.once(14)) {
            made = new FrozenLayerWithBackprop((Layer) made);
        }
        part.used = d.used;
        random |= d.random;
        return made;
    }

    private void addParts(GraphBuilder builder, Map<Integer, InputType> types) {
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            Object made = made(part, types.get(part.from[0]));
            String[] from =
                    Arrays.stream(part.from).mapToObj(RandomNetwork::name).toArray(String[]::new);
            GraphVertex vertex;
            InputType[] in = Arrays.stream(part.from).mapToObj(types::get).toArray(InputType[]::new);
            if (made instanceof Layer) {
                Layer layer = (Layer) made;
                builder.addLayer(name(i), layer, from);
                Layer copy = layer.clone();
                InputType to = in[0];
                if (copy.getPreProcessorForInputType(to) != null) {
                    to = copy.getPreProcessorForInputType(to).getOutputType(to);
                }
                copy.setNIn(to, true);
                types.put(i, copy.getOutputType(i, to));
            } else {
                vertex = (GraphVertex) made;
                builder.addVertex(name(i), vertex, from);
                InputType to = vertex.clone().getOutputType(i, in);
                types.put(i, vertex instanceof PoolHelperVertex ? cropped((InputType.InputTypeConvolutional) to) : to);
            }
        }
    }

    private Layer head(Part head, InputType type) {
        Draw d = new Draw(head.seed, head.muted, isThorough());
        Place place = new Place(format, type);
        Layer layer;
        int kind = d.below(HEAD_KINDS);
        if (kind == 0 && place.isMap()) {
            CnnLossLayer.Builder builder = new CnnLossLayer.Builder(LossFunction.MSE)
                    .format(format)
                    .activation(d.pick(Activation.IDENTITY, Activation.SIGMOID, Activation.SOFTMAX));
            common(d, builder);
            layer = builder.build();
        } else if (kind == 1 && !place.isMap()) {
            layer = new LossLayer.Builder(LossFunction.MSE)
                    .activation(d.pick(Activation.IDENTITY, Activation.TANH))
                    .build();
        } else if (kind == 2) {
            layer = new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
                    .alpha(0.1)
                    .lambda(0.01)
                    .activation(Activation.SOFTMAX)
                    .nOut(3)
                    .build();
        } else {
            boolean softmax = d.below(2) == 0;
            OutputLayer.Builder builder = new OutputLayer.Builder(
                            softmax
                                    ? LossFunction.MCXENT
                                    : d.pick(LossFunction.MSE, LossFunction.L1, LossFunction.XENT))
                    .nOut(3);
            boolean free = base(d, builder);
            builder.activation(softmax ? Activation.SOFTMAX : Activation.SIGMOID);
            if (free && d.once(4)) {
                builder.hasBias(false);
            }
            layer = builder.build();
        }
        if (!(layer instanceof CenterLossOutputLayer) && d.once(20)) {
            layer = new FrozenLayerWithBackprop(layer);
        }
        head.used = d.used;
        random |= d.random;
        return layer;
    }

    private Model configured(DataType type) {
        Map<Integer, InputType> types = new HashMap<>();
        for (int i = 1; i <= inputs; i++) {
            types.put(-i, inputType());
        }
        if (chain) {
            NeuralNetConfiguration.ListBuilder list = settings(type).list();
            addParts(global(type), types);
            for (int i = 0; i < parts.size(); i++) {
                list.layer((Layer) made(parts.get(i), types.get(parts.get(i).from[0])));
            }
            list.layer(head(heads.get(0), types.get(heads.get(0).from[0])));
            list.validateOutputLayerConfig(false);
            MultiLayerNetwork network =
                    new MultiLayerNetwork(list.setInputType(inputType()).build());
            network.init();
            return network;
        }
        GraphBuilder builder = global(type).validateOutputLayerConfig(false).allowDisconnected(true);
        InputType[] in = new InputType[inputs];
        Arrays.fill(in, inputType());
        for (int i = 1; i <= inputs; i++) {
            builder.addInputs(name(-i));
        }
        addParts(builder, types);
        List<String> outputs = new ArrayList<>();
        for (int i = 0; i < heads.size(); i++) {
            int from = heads.get(i).from[0];
            builder.addLayer("out" + i, head(heads.get(i), types.get(from)), name(from));
            outputs.add("out" + i);
        }
        ComputationGraphConfiguration conf = builder.setInputTypes(in)
                .setOutputs(outputs.toArray(new String[0]))
                .build();
        ComputationGraph network = new ComputationGraph(conf);
        network.init();
        Draw d = new Draw(~seed, muted, isThorough());
        d.options = 5000; // not those of settings()
        if (parts.size() > 1 && d.once(10)) {
            used.add(5000);
            ComputationGraphConfiguration tuned = new TransferLearning.GraphBuilder(network)
                    .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                            .updater(new Sgd(0.05))
                            .build())
                    .setFeatureExtractor(name(d.below(parts.size())))
                    .build()
                    .getConfiguration();
            tuned.setDataType(type); // which DL4J sets to FLOAT
            network = new ComputationGraph(tuned);
            network.init();
        }
        return network;
    }

    /** The network in a type, with the same parameters in each, as after a training: no bias at 0, no statistic at 1. */
    Model build(DataType type) {
        return Twins.randomised(configured(type), seed);
    }

    boolean isResized() {
        return resized;
    }

    void keepSize() {
        resized = false;
    }

    /** Whether it draws random numbers in training; known once it was built. */
    boolean isRandom() {
        return random;
    }

    /** Two passes that fit the network, of two sizes. */
    List<Twins.Pass> passes(Model network, long dataSeed) {
        List<Twins.Pass> passes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Random random = new Random(dataSeed * 2 + i);
            int more = resized && i == 1 ? 1 : 0;
            INDArray[] x = new INDArray[inputs];
            for (int j = 0; j < inputs; j++) {
                long[] shape = rows
                        ? new long[] {batches[i], channels * 3L}
                        : format == CNN2DFormat.NCHW
                                ? new long[] {batches[i], channels, height + more, width + 2 * more}
                                : new long[] {batches[i], height + more, width + 2 * more, channels};
                x[j] = Twins.normal(random, shape);
            }
            if (special > 0 && i == (seed & 1)) {
                float value = new float[] {0, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e25f, -1e30f
                        }
                        [special];
                x[0].data().put(random.nextInt((int) x[0].length()), value);
            }
            passes.add(Twins.pass(network, random, x));
        }
        return passes;
    }

    // ---- smaller ones ----------------------------------------------------------------------------------------------

    private RandomNetwork copy() {
        RandomNetwork copy = new RandomNetwork(seed);
        copy.chain = chain;
        copy.format = format;
        copy.inputs = inputs;
        copy.channels = channels;
        copy.height = height;
        copy.width = width;
        copy.batches = batches.clone();
        copy.resized = resized;
        copy.special = special;
        copy.rows = rows;
        parts.forEach(part -> copy.parts.add(part.copy()));
        heads.forEach(head -> copy.heads.add(head.copy()));
        copy.muted.addAll(muted);
        return copy;
    }

    private RandomNetwork without(int dropped) {
        RandomNetwork copy = copy();
        int instead = copy.parts.remove(dropped).from[0];
        List<Part> all = new ArrayList<>(copy.parts);
        all.addAll(copy.heads);
        for (Part part : all) {
            for (int i = 0; i < part.from.length; i++) {
                int from = part.from[i];
                part.from[i] = from == dropped ? instead : from > dropped ? from - 1 : from;
            }
        }
        return copy;
    }

    /** Networks with one thing less, those with most less first. */
    List<RandomNetwork> smaller() {
        List<RandomNetwork> smaller = new ArrayList<>();
        for (int i = parts.size() - 1; i >= 0; i--) {
            smaller.add(without(i).pruned());
        }
        for (int i = 0; i < heads.size() && heads.size() > 1; i++) {
            RandomNetwork copy = copy();
            copy.heads.remove(i);
            smaller.add(copy.pruned());
        }
        if (special > 0) {
            RandomNetwork copy = copy();
            copy.special = 0;
            smaller.add(copy);
        }
        if (resized) {
            RandomNetwork copy = copy();
            copy.resized = false;
            smaller.add(copy);
        }
        if (format == CNN2DFormat.NHWC) {
            RandomNetwork copy = copy();
            copy.format = CNN2DFormat.NCHW;
            smaller.add(copy);
        }
        for (int i = 0; i < 2; i++) {
            if (batches[i] > 1) {
                RandomNetwork copy = copy();
                copy.batches[i] = 1;
                smaller.add(copy);
            }
        }
        List<Part> all = new ArrayList<>(parts);
        all.addAll(heads);
        for (int i = 0; i < all.size(); i++) {
            for (int option : all.get(i).used) {
                RandomNetwork copy = copy();
                (i < parts.size() ? copy.parts.get(i) : copy.heads.get(i - parts.size())).muted.add(option);
                smaller.add(copy);
            }
        }
        for (int option : used) {
            RandomNetwork copy = copy();
            copy.muted.add(option);
            smaller.add(copy);
        }
        return smaller;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("seed " + seed + (chain ? " chain " : " graph ")
                + (rows ? "rows " + channels * 3 : format + " " + channels + "x" + height + "x" + width) + " inputs "
                + inputs + " batches " + Arrays.toString(batches) + (resized ? " resized" : "")
                + (special > 0 ? " special " + special : ""));
        for (int i = 0; i < parts.size(); i++) {
            text.append("\n  ").append(name(i)).append(' ').append(parts.get(i).kind.name);
            text.append(Arrays.toString(parts.get(i).from));
        }
        for (Part head : heads) {
            text.append("\n  head").append(Arrays.toString(head.from));
        }
        try {
            Model network = configured(DataType.FLOAT);
            if (network instanceof ComputationGraph) {
                ((ComputationGraph) network)
                        .getConfiguration()
                        .getVertices()
                        .forEach((name, vertex) -> text.append("\n  ")
                                .append(name)
                                .append(": ")
                                .append(
                                        vertex instanceof org.deeplearning4j.nn.conf.graph.LayerVertex
                                                ? shortened(((org.deeplearning4j.nn.conf.graph.LayerVertex) vertex)
                                                        .getLayerConf()
                                                        .getLayer())
                                                : vertex.toString()));
            } else {
                for (org.deeplearning4j.nn.api.Layer layer : ((MultiLayerNetwork) network).getLayers()) {
                    text.append("\n  ").append(shortened(layer.conf().getLayer()));
                }
            }
        } catch (RuntimeException e) {
            text.append("\n  ").append(e);
        }
        return text.toString();
    }

    /** A layer without what is not set. */
    private static String shortened(Layer layer) {
        Layer inner = layer instanceof FrozenLayerWithBackprop
                ? ((FrozenLayerWithBackprop) layer).getUnderlying()
                : layer instanceof FrozenLayer ? ((FrozenLayer) layer).getLayer() : null;
        return (layer.getClass().getSimpleName() + " " + (inner == null ? layer : inner))
                .replaceAll("activationFn=relu\\b", "activationFn=" + bounds(inner == null ? layer : inner))
                .replaceAll("super=(FeedForwardLayer|BaseLayer|BaseOutputLayer|Layer)\\(", "")
                .replaceAll("[A-Za-z0-9]+=(null|NaN|false|\\[\\])(, )?", "")
                .replaceAll(
                        "(gradientNormalization=None|gradientNormalizationThreshold=1.0|biasInit=0.0|cudnn|weightInit|gainInit|layerName|hasBias=true|timeDistri|iUpdater=Sgd.learningRate=0.05)[^,)]*\\)?(, )?",
                        "");
    }

    private static String bounds(Layer layer) {
        IActivation activation = layer instanceof BaseLayer
                ? ((BaseLayer) layer).getActivationFn()
                : layer instanceof ActivationLayer ? ((ActivationLayer) layer).getActivationFn() : null;
        if (!(activation instanceof ActivationReLU)) {
            return "relu";
        }
        ActivationReLU relu = (ActivationReLU) activation;
        return "relu(" + relu.getMax() + ", " + relu.getThreshold() + ", " + relu.getNegativeSlope() + ")";
    }

    /** What the network is, in DL4J's words. */
    String described() {
        try {
            Model network = configured(DataType.FLOAT);
            return network instanceof ComputationGraph
                    ? ((ComputationGraph) network).getConfiguration().toJson()
                    : ((MultiLayerNetwork) network).getLayerWiseConfigurations().toJson();
        } catch (RuntimeException e) {
            return "no JSON: " + e;
        }
    }
}
