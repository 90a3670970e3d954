package io.github.squeeze4j.weights;

import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import java.util.Collection;
import java.util.function.Function;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;

/** Where weights come from: how a library names the tensors of a family, what its networks do that no tensor shows, and its images. */
public enum WeightSource {
    /** torchvision and timm: ResNet, ResNeXt; timm with SE or ECA. */
    TIMM_RESNET(TimmNames::resNet, InputSettings.imagenet("bicubic"), Bottleneck.MIDDLE, Pooling.PADDED),
    /** timm: ResNet with selective kernels. */
    TIMM_SKRESNET(TimmNames::skResNet, InputSettings.imagenet("bicubic"), Bottleneck.MIDDLE, Pooling.PADDED),
    /** Cadene/pretrained-models.pytorch and timm's {@code legacy_se*}: SE-ResNet, SE-ResNeXt, SENet-154. */
    CADENE(AuthorsNames::cadene, InputSettings.imagenet("bilinear"), Bottleneck.FIRST, Pooling.CEIL),
    /** moskomule/senet.pytorch: SE-ResNet for ImageNet and CIFAR. */
    MOSKOMULE(AuthorsNames::moskomule, InputSettings.imagenet("bilinear"), Bottleneck.MIDDLE, Pooling.PADDED),
    /** Jongchan/attention-module: ResNet with CBAM. */
    JONGCHAN(AuthorsNames::jongchan, InputSettings.imagenet("bilinear"), Bottleneck.MIDDLE, Pooling.PADDED),
    /** AmigoCDT/Salient-Net. */
    AMIGO(AuthorsNames::amigo, InputSettings.imagenet("bilinear"), Bottleneck.MIDDLE, Pooling.PADDED),
    /** megvii-research/RG-SENet_SP-SENet: SPSE-ResNet and SPSE-ResNeXt. */
    MEGVII_SPSE(AuthorsNames::megviiSpse, InputSettings.imagenet("bilinear"), Bottleneck.MIDDLE, Pooling.PADDED),
    /** megvii-research/RG-SENet_SP-SENet: RGSE-ResNet and RGSE-ResNeXt. */
    MEGVII_RGSE(AuthorsNames::megviiRgse, InputSettings.imagenet("bilinear"), Bottleneck.MIDDLE, Pooling.PADDED),
    /** timm: MobileNetV1. */
    TIMM_MOBILENET_V1(TimmNames::mobileNetV1, InputSettings.imagenet("bicubic")),
    /** timm: EfficientNet and MobileNetV2. */
    TIMM_EFFICIENTNET(TimmNames::efficientNet, InputSettings.imagenet("bicubic")),
    /** timm: {@code tf_efficientnet_lite0} to {@code 4}, with the names of its other networks and TensorFlow's padding. */
    TIMM_TF_EFFICIENTNET_LITE(parameters -> TimmNames.efficientNet(), InputSettings.lite(0.5, 0.5)),
    /** efficientnet_lite_pytorch: EfficientNet-Lite 0 to 4. */
    EFFICIENTNET_LITE_PYTORCH(AuthorsNames::efficientNetLite, InputSettings.lite(127 / 255.0, 128 / 255.0)),
    /** timm: MobileNetV3 large. */
    TIMM_MOBILENET_V3_LARGE(() -> TimmNames.mobileNetV3(6), InputSettings.imagenet("bicubic")),
    /** timm: MobileNetV3 small. */
    TIMM_MOBILENET_V3_SMALL(() -> TimmNames.mobileNetV3(5), InputSettings.imagenet("bicubic")),
    /** timm: RegNetY. */
    TIMM_REGNET(TimmNames::regNet, InputSettings.imagenet("bicubic")),
    /** timm: VoVNet. */
    TIMM_VOVNET(TimmNames::voVNet, InputSettings.imagenet("bicubic")),
    /** torchvision: MobileNetV2. */
    TORCHVISION_MOBILENET_V2(TorchvisionNames::mobileNetV2, InputSettings.imagenet("bilinear")),
    /** torchvision: MobileNetV3 large. */
    TORCHVISION_MOBILENET_V3_LARGE(TorchvisionNames::mobileNetV3Large, InputSettings.imagenet("bilinear")),
    /** torchvision: MobileNetV3 small. */
    TORCHVISION_MOBILENET_V3_SMALL(TorchvisionNames::mobileNetV3Small, InputSettings.imagenet("bilinear")),
    /** torchvision: EfficientNet-B0 to B3. */
    TORCHVISION_EFFICIENTNET(TorchvisionNames::efficientNet, InputSettings.imagenet("bicubic")),
    /** torchvision: RegNetY. */
    TORCHVISION_REGNET(TorchvisionNames::regNetY, InputSettings.imagenet("bilinear")),
    /** torchvision: Inception-v3, without its auxiliary classifier. */
    TORCHVISION_INCEPTION_V3(TorchvisionNames::inceptionV3, InputSettings.inception()),
    /** hujie-frank/SENet: SE-BN-Inception in Caffe, which takes blue first. */
    CAFFE_BN_INCEPTION(AuthorsNames::caffeBnInception, InputSettings.caffe());

    /** What BatchNorm adds to the variance in networks from TensorFlow. */
    private static final double LARGE_EPSILON = 1e-3;

    private enum Bottleneck {
        ANY,
        FIRST,
        MIDDLE
    }

    private enum Pooling {
        ANY,
        CEIL,
        PADDED
    }

    private final Function<Collection<String>, TensorNames> names;

    private final InputSettings input;
    private final Bottleneck stride;
    private final Pooling pooling;
    /** Whether convolutions are padded as in TensorFlow. */
    private final boolean same;

    WeightSource(Supplier<TensorNames> names, InputSettings input) {
        this(names, input, Bottleneck.ANY, Pooling.ANY);
    }

    WeightSource(Supplier<TensorNames> names, InputSettings input, Bottleneck stride, Pooling pooling) {
        this(parameters -> names.get(), input, stride, pooling, false);
    }

    /** Of networks from TensorFlow, whose names may depend on the parameters. */
    WeightSource(Function<Collection<String>, TensorNames> names, InputSettings input) {
        this(names, input, Bottleneck.ANY, Pooling.ANY, true);
    }

    WeightSource(
            Function<Collection<String>, TensorNames> names,
            InputSettings input,
            Bottleneck stride,
            Pooling pooling,
            boolean same) {
        this.names = names;
        this.input = input;
        this.stride = stride;
        this.pooling = pooling;
        this.same = same;
    }

    /**
     * How the source prepares images.
     *
     * @return the settings of most of its checkpoints
     */
    public InputSettings input() {
        return input;
    }

    /** The names for a network with these parameters, each {@code vertex/parameter}. */
    TensorNames names(Collection<String> parameters) {
        return names.apply(parameters);
    }

    /** Of two sources with the same names the one whose networks pad as this one does. */
    WeightSource ofForm(ComputationGraphConfiguration network) {
        return this == TIMM_EFFICIENTNET && padsAsTensorFlow(network) ? TIMM_TF_EFFICIENTNET_LITE : this;
    }

    boolean takesBlueFirst() {
        return this == CAFFE_BN_INCEPTION;
    }

    /** What the source's networks add to the variance. */
    private double epsilon() {
        return same
                        || this == TORCHVISION_MOBILENET_V3_LARGE
                        || this == TORCHVISION_MOBILENET_V3_SMALL
                        || this == TORCHVISION_INCEPTION_V3
                ? LARGE_EPSILON
                : NativeBatchNormalization.EPSILON;
    }

    /** What no tensor shows must be the network's, too: which convolution halves the map, how the stem pools, epsilons. */
    void requireForm(ComputationGraphConfiguration network) {
        requirePadding(network);
        requireEpsilon(network);
        Layer first = layer(network, "stage2.block1.conv1");
        boolean bottleneck = layer(network, "stage2.block1.conv3") != null;
        // The source's networks with groups have the stride in their 3x3 convolution.
        boolean grouped = layer(network, "stage2.block1.conv2") instanceof GroupedConvolution;
        boolean rectified = layer(network, "stage1.block1.relu2") != null;
        if (stride != Bottleneck.ANY && first != null && !bottleneck && rectified != (this == CADENE)) {
            throw new WeightsException("the network's blocks (two 3x3 convolutions, " + (rectified ? "a" : "no")
                    + " ReLU before the attention) must have " + (rectified ? "none" : "one") + " as those of " + this
                    + "; use ResNet.builder().reluBeforeAttention(" + !rectified + ")");
        }
        if (stride != Bottleneck.ANY && bottleneck && !grouped) {
            boolean atFirst = ((ConvolutionLayer) first).getStride()[0] == 2;
            if (atFirst != (stride == Bottleneck.FIRST)) {
                throw new WeightsException("the network's bottlenecks (stride in the " + (atFirst ? "first 1x1" : "3x3")
                        + " convolution) must have it in the " + (atFirst ? "3x3" : "first 1x1") + " as those of "
                        + this
                        + "; use bottleneckStride(BottleneckStride." + (atFirst ? "MIDDLE_3X3" : "FIRST_1X1") + ")");
            }
        }
        Layer pool = layer(network, "stem.pool");
        if (pooling != Pooling.ANY && pool instanceof SubsamplingLayer) {
            boolean padded = ((SubsamplingLayer) pool).getPadding()[0] > 0;
            if (padded != (pooling == Pooling.PADDED)) {
                throw new WeightsException("the network's stem pooling (" + (padded ? "padded" : "in ceil mode")
                        + ") must be " + (padded ? "in ceil mode" : "padded") + " as that of " + this
                        + "; use stemPooling(StemPooling." + (padded ? "CEIL_MODE" : "PADDED") + ")");
            }
        }
    }

    private void requirePadding(ComputationGraphConfiguration network) {
        if (same != padsAsTensorFlow(network)) {
            throw new WeightsException("the network's convolutions (padded " + (same ? "evenly" : "as by TensorFlow")
                    + ") must be padded " + (same ? "as by TensorFlow" : "evenly") + " as those of " + this
                    + (same ? "; build an EfficientNetLite" : "; build the network that the weights are of"));
        }
    }

    private static boolean padsAsTensorFlow(ComputationGraphConfiguration network) {
        Layer stem = layer(network, "stem.conv");
        return stem instanceof ConvolutionLayer
                && ((ConvolutionLayer) stem).getConvolutionMode() == ConvolutionMode.Same;
    }

    private void requireEpsilon(ComputationGraphConfiguration network) {
        for (String name : network.getVertices().keySet()) {
            Layer layer = layer(network, name);
            if (layer instanceof BatchNormalization && ((BatchNormalization) layer).getEps() != epsilon()) {
                throw new WeightsException("epsilon (" + ((BatchNormalization) layer).getEps() + ") of layer " + name
                        + " must be " + epsilon() + " as in the networks of " + this
                        + ", whose weights answer otherwise with another; "
                        + (same
                                ? "build an EfficientNetLite"
                                : "set it, as by MobileNetV3.large().epsilon(" + epsilon() + ")"));
            }
        }
    }

    private static Layer layer(ComputationGraphConfiguration network, String name) {
        GraphVertex vertex = network.getVertices().get(name);
        return vertex instanceof LayerVertex ? OnnxFolding.inside((LayerVertex) vertex) : null;
    }
}
