package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.blocks.SelectiveKernel;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.layers.NativePooling;
import io.github.squeeze4j.layers.StochasticDepth;
import io.github.squeeze4j.models.families.EfficientNet;
import io.github.squeeze4j.models.families.EfficientNetLite;
import io.github.squeeze4j.models.families.InceptionV3;
import io.github.squeeze4j.models.families.MobileNetV1;
import io.github.squeeze4j.models.families.MobileNetV3;
import io.github.squeeze4j.models.families.ResNeXt;
import io.github.squeeze4j.models.families.ResNet;
import io.github.squeeze4j.models.families.StemPooling;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** The options that networks share: features, dropout, stochastic depth, first gammas, and what is refused. */
@Tag("tiny")
class NetworkOptionsTest {
    private static Layer layer(ComputationGraphConfiguration configuration, String name) {
        return ((LayerVertex) configuration.getVertices().get(name))
                .getLayerConf()
                .getLayer();
    }

    // ---- features --------------------------------------------------------------------------------------------------

    @Test
    void featuresAreTheLastMapsOfEachSize() {
        assertThat(Models.builder("se_resnet50").build().features())
                .hasToString(
                        "[stage1.block3.relu [256, 56, 56] at stride 4, stage2.block4.relu [512, 28, 28] at stride 8,"
                                + " stage3.block6.relu [1024, 14, 14] at stride 16, stage4.block3.relu [2048, 7, 7] at stride"
                                + " 32]");
        assertThat(Models.builder("se_bn_inception").build().features())
                .extracting(FeatureMap::name)
                .containsExactly(
                        "stem.relu3", "stage1.block2.attention", "stage2.block4.attention", "stage3.block2.attention");
    }

    /** Every network of ImageNet form has the four maps that detectors want. */
    @Test
    void everyNetworkHasFeatures() {
        for (String name : ModelsTest.names()) {
            Network network = Models.builder(name).build();
            List<Integer> strides =
                    network.features().stream().map(FeatureMap::stride).collect(Collectors.toList());
            if (network.options().height == 32) {
                assertThat(strides).as(name).containsExactly(1, 2, 4);
            } else {
                assertThat(strides).as(name).containsSequence(4, 8, 16, 32);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"FLOAT", "DOUBLE"})
    void featuresAreWhatTheClassifierSees(DataType type) {
        Network network =
                Models.builder("cbam_resnet20").inputSize(20).dataType(type).build();
        ComputationGraph whole = network.init();
        ComputationGraph features = network.initFeatures();
        INDArray images = Nd4j.rand(type, 2, 3, 20, 20);
        for (String key : features.paramTable().keySet()) {
            features.paramTable().get(key).assign(whole.paramTable().get(key));
        }
        INDArray[] maps = features.output(images);
        List<FeatureMap> expected = network.features();
        assertThat(maps).hasSize(3);
        for (int i = 0; i < maps.length; i++) {
            FeatureMap map = expected.get(i);
            assertThat(maps[i].shape()).containsExactly(2, map.channels(), map.height(), map.width());
            Arrays4j.assertClose(
                    map.name(), maps[i], whole.feedForward(images, false).get(map.name()), 1e-5);
        }
        assertThat(features.getConfiguration().getVertices()).doesNotContainKeys("pool", Network.OUTPUT);
        ComputationGraph one = network.initFeatures(2);
        assertThat(one.getConfiguration().getNetworkOutputs()).containsExactly("stage2.block3.relu");
        assertThat(one.getConfiguration().getVertices()).doesNotContainKeys("stage3.block1.conv1");
        assertThat(one.outputSingle(images).shape()).containsExactly(2, 32, 10, 10);
    }

    @Test
    void backboneTakesAHeadAndTrains() {
        Network network = Models.builder("se_resnet20").inputSize(16).build();
        ComputationGraph graph = new ComputationGraph(network.backbone(4)
                .addLayer(
                        "head",
                        new ConvolutionLayer.Builder(1, 1)
                                .nOut(3)
                                .activation(Activation.IDENTITY)
                                .build(),
                        network.features().get(2).name())
                .addLayer(
                        "segments",
                        new CnnLossLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "head")
                .setOutputs("segments")
                .build());
        graph.init();
        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 16, 16);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 2, 3, 4, 4);
        labels.slice(0).slice(1).assign(1);
        labels.slice(1).slice(2).assign(1);
        graph.fit(new INDArray[] {images}, new INDArray[] {labels});
        double first = graph.score();
        for (int step = 0; step < 10; step++) {
            graph.fit(new INDArray[] {images}, new INDArray[] {labels});
        }
        assertThat(graph.score()).isLessThan(first);
    }

    @Test
    void featuresThatAreNotThere() {
        Network network = Models.builder("resnet20").build();
        refused(
                () -> network.featureConf(8),
                "stride (8) must be one of [1, 2, 4], at which this network has features");
        refused(() -> network.backbone(2, 2), "stride (2) must be named once; leave the second out");
    }

    // ---- training --------------------------------------------------------------------------------------------------

    @Test
    void dropoutStandsBeforeTheClassifier() {
        Dropout dropout =
                (Dropout) layer(Models.builder("resnet18").dropout(0.3).build().conf(), Network.OUTPUT)
                        .getIDropout();
        assertThat(dropout.getP()).isCloseTo(0.7, Offset.offset(1e-12));
        assertThat(layer(Models.builder("resnet18").build().conf(), Network.OUTPUT)
                        .getIDropout())
                .isNull();
        double[] defaults = {0.2, 0.2, 0.3, 0.3};
        for (int b = 0; b < defaults.length; b++) {
            assertThat(EfficientNet.b(b).build().options().dropout).isEqualTo(defaults[b]);
        }
        assertThat(EfficientNet.b(0).dropout(0).build().options().dropout).isZero();
        assertThat(InceptionV3.builder().build().options().dropout).isEqualTo(0.5);
    }

    /** Huang et al., equation 4: block l of L is dropped with l / L of the probability. */
    @Test
    void stochasticDepthRisesWithTheBlocks() {
        for (String name : List.of("resnet20", "mobilenet_v2", "efficientnet_b1", "mobilenet_v3_large", "senet154")) {
            ComputationGraphConfiguration conf =
                    Models.builder(name).stochasticDepth(0.2).build().conf();
            List<Double> found = new ArrayList<>();
            conf.getVertices().forEach((vertex, definition) -> {
                if (vertex.endsWith(".drop")) {
                    found.add(((StochasticDepth) ((DropoutLayer) layer(conf, vertex)).getIDropout()).getProbability());
                    assertThat(conf.getVertexInputs().get(vertex.replace(".drop", ".add")))
                            .contains(vertex);
                }
            });
            assertThat(found).as(name).hasSize(Models.builder(name).build().residualBlocks());
            for (int i = 0; i < found.size(); i++) {
                assertThat(found.get(i)).isCloseTo(0.2 * (i + 1) / found.size(), Offset.offset(1e-12));
            }
            assertThat(ComputationGraphConfiguration.fromJson(conf.toJson())).isEqualTo(conf);
        }
    }

    @Test
    void stochasticDepthDropsWholeExamples() {
        StochasticDepth depth = new StochasticDepth(0.25);
        Nd4j.getRandom().setSeed(9);
        INDArray x = Nd4j.rand(DataType.DOUBLE, 4000, 2, 3, 3).addi(0.5);
        INDArray y = depth.applyDropout(x, x.ulike(), 0, 0, LayerWorkspaceMgr.noWorkspaces());
        int dropped = 0;
        for (int n = 0; n < x.size(0); n++) {
            if (y.slice(n).amaxNumber().doubleValue() == 0) {
                dropped++;
            } else {
                Arrays4j.assertClose("example", y.slice(n), x.slice(n).div(0.75), 1e-12);
            }
        }
        // four standard deviations of a binomial
        assertThat(dropped / 4000.0).isCloseTo(0.25, Offset.offset(4 * Math.sqrt(0.25 * 0.75 / 4000)));
        INDArray ones = Nd4j.ones(DataType.DOUBLE, x.shape());
        Arrays4j.assertClose("gradient", depth.backprop(ones, x.ulike(), 0, 0), y.div(x), 1e-12);
        refused(
                () -> new StochasticDepth(1),
                "probability (1.0) must be from 0 to below 1; use new StochasticDepth(0.1)");
    }

    /** At inference nothing is dropped; training with everything at its least still learns. */
    @Test
    void stochasticDepthIsForTrainingAlone() {
        NetworkBuilder<?> builder = Models.builder("se_resnet20").inputSize(12).classes(3);
        ComputationGraph plain = builder.build().init();
        ComputationGraph dropping = builder.stochasticDepth(0.5).build().init();
        plain.paramTable()
                .forEach((key, value) -> dropping.paramTable().get(key).assign(value));
        INDArray images = Nd4j.rand(DataType.FLOAT, 4, 3, 12, 12);
        Arrays4j.assertClose("inference", dropping.outputSingle(images), plain.outputSingle(images), 1e-5);
        INDArray labels = Nd4j.eye(3).castTo(DataType.FLOAT).getRows(0, 1, 2, 0);
        INDArray before = dropping.params().dup();
        dropping.fit(new INDArray[] {images}, new INDArray[] {labels});
        assertThat(dropping.params()).isNotEqualTo(before);
        assertThat(dropping.score()).isFinite();
    }

    @Test
    void firstGammasMayBeZero() {
        ComputationGraph graph = Models.builder("resnet20")
                .inputSize(12)
                .zeroInitLastGamma(true)
                .build()
                .init();
        assertThat(graph.getParam("stage2.block1.bn2_gamma").amaxNumber().doubleValue())
                .isZero();
        assertThat(graph.getParam("stage2.block1.bn1_gamma").minNumber().doubleValue())
                .isEqualTo(1);
        assertThat(graph.getParam("stage2.block1.shortcut.bn_gamma").minNumber().doubleValue())
                .isEqualTo(1);
        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 12, 12);
        // blocks without a convolution in the shortcut are their shortcut
        Arrays4j.assertClose(
                "block",
                graph.feedForward(images, false).get("stage1.block3.relu"),
                graph.feedForward(images, false).get("stem.relu"),
                0);
        ComputationGraphConfiguration usual = Models.builder("resnet20").build().conf();
        assertThat(((org.deeplearning4j.nn.conf.layers.BatchNormalization) layer(usual, "stage1.block1.bn2"))
                        .getGamma())
                .isEqualTo(1);
    }

    @Test
    void formatsAgreeInTheNewFamilies() {
        for (String name : List.of("se_bn_inception", "mobilenet_v3_small", "efficientnet_b0", "regnety_400mf")) {
            NetworkBuilder<?> builder =
                    Models.builder(name).inputSize(64).classes(4).dataType(DataType.FLOAT);
            ComputationGraph first = builder.build().init();
            ComputationGraph last = builder.format(CNN2DFormat.NHWC).build().init();
            last.setParams(first.params());
            INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 64, 64);
            Arrays4j.assertClose(
                    name, last.outputSingle(images.permute(0, 2, 3, 1).dup('c')), first.outputSingle(images), 1e-5);
            // DL4J's own merge of channels loses its axis when it is cloned
            Arrays4j.assertClose(
                    name + " cloned",
                    last.clone().outputSingle(images.permute(0, 2, 3, 1).dup('c')),
                    first.outputSingle(images),
                    1e-5);
        }
    }

    @Test
    void stemPoolingIsAnOption() {
        ComputationGraphConfiguration caffe =
                Models.builder("se_resnet50").build().conf();
        assertThat(((NativePooling) layer(caffe, "stem.pool")).isCeilMode()).isTrue();
        ComputationGraphConfiguration padded =
                ResNet.builder().depth(50).build().conf();
        assertThat(((NativePooling) layer(padded, "stem.pool")).isCeilMode()).isFalse();
        // 225 pixels give a stem map of 113x113: padded 57x57, rounded up 56x56
        assertThat(ResNet.builder()
                        .depth(18)
                        .inputSize(225)
                        .build()
                        .features()
                        .get(0)
                        .height())
                .isEqualTo(57);
        assertThat(ResNet.builder()
                        .depth(18)
                        .inputSize(225)
                        .stemPooling(StemPooling.CEIL_MODE)
                        .build()
                        .features()
                        .get(0)
                        .height())
                .isEqualTo(56);
    }

    /** A fourth of the block's input, whatever the map that is gated; another block stands at the same sites. */
    @Test
    void attentionOfTheHosts() {
        ComputationGraphConfiguration efficient =
                Models.builder("efficientnet_b0").build().conf();
        SqueezeExcitation block = (SqueezeExcitation) layer(efficient, "stage2.block2.attention");
        assertThat(block.getChannels()).isEqualTo(144);
        assertThat(block.learnedParameters()).isEqualTo(2 * 144 * 6 + 6 + 144);
        for (String name : List.of("efficientnet_b0", "mobilenet_v3_small", "regnety_400mf", "bn_inception")) {
            long with = Models.builder(name)
                    .attention(Attention.named("eca"))
                    .build()
                    .summary(name)
                    .attentionParams();
            long without = Models.builder(name)
                    .attention(Attention.none())
                    .build()
                    .summary(name)
                    .attentionParams();
            assertThat(with).as(name).isPositive();
            assertThat(without).as(name).isZero();
        }
    }

    // Weights of trained networks depend on these names: changing one breaks saved models.

    @Test
    void namesOfTheNewerFamilies() {
        assertThat(vertices("se_bn_inception", "stem."))
                .containsExactlyInAnyOrder(
                        "conv1", "bn1", "relu1", "pool1", "conv2", "bn2", "relu2", "conv3", "bn3", "relu3", "pool2");
        assertThat(vertices("se_bn_inception", "stage1.block1."))
                .containsExactlyInAnyOrder(
                        "single.conv",
                        "single.bn",
                        "single.relu",
                        "three.reduce.conv",
                        "three.reduce.bn",
                        "three.reduce.relu",
                        "three.conv",
                        "three.bn",
                        "three.relu",
                        "double.reduce.conv",
                        "double.reduce.bn",
                        "double.reduce.relu",
                        "double.conv1",
                        "double.bn1",
                        "double.relu1",
                        "double.conv2",
                        "double.bn2",
                        "double.relu2",
                        "pool",
                        "pool.conv",
                        "pool.bn",
                        "pool.relu",
                        "concat",
                        "attention");
        assertThat(vertices("se_bn_inception", "stage2.block5."))
                .contains("three.conv", "double.conv2", "pool", "concat", "attention")
                .doesNotContain("single.conv", "pool.conv");
        assertThat(vertices("inception_v3", "stage3.block3."))
                .contains("single.conv1", "three.conv1", "three.conv2a", "three.conv2b", "three.concat")
                .contains(
                        "double.conv2",
                        "double.conv3a",
                        "double.conv3b",
                        "double.concat",
                        "pool",
                        "pool.conv1",
                        "concat");
        assertThat(vertices("mobilenet_v3_large", "stage3.block1."))
                .containsExactlyInAnyOrder(
                        "expand.conv",
                        "expand.bn",
                        "expand.relu",
                        "depthwise.conv",
                        "depthwise.bn",
                        "depthwise.relu",
                        "attention",
                        "project.conv",
                        "project.bn");
        assertThat(vertices("mobilenet_v3_large", "h"))
                .containsExactlyInAnyOrder("ead.conv", "ead.bn", "ead.relu", "idden");
        assertThat(vertices("efficientnet_b0", "stage1.block1."))
                .containsExactlyInAnyOrder(
                        "depthwise.conv", "depthwise.bn", "depthwise.relu", "attention", "project.conv", "project.bn");
        assertThat(vertices("se_mobilenet_v1", "stage1.block1."))
                .containsExactlyInAnyOrder(
                        "depthwise.conv",
                        "depthwise.bn",
                        "depthwise.relu",
                        "pointwise.conv",
                        "pointwise.bn",
                        "pointwise.relu",
                        "attention");
        assertThat(vertices("regnety_4gf", "stage2.block1."))
                .containsExactlyInAnyOrder(
                        "conv1",
                        "bn1",
                        "relu1",
                        "conv2",
                        "bn2",
                        "relu2",
                        "attention",
                        "conv3",
                        "bn3",
                        "shortcut.conv",
                        "shortcut.bn",
                        "add",
                        "relu");
    }

    private static List<String> vertices(String model, String prefix) {
        return Models.builder(model).build().conf().getVertices().keySet().stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .collect(Collectors.toList());
    }

    /** The network gives DL4J's own layers their mode and format later. */
    @Test
    void anyLayerThatKeepsTheMapIsAnAttention() {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            ComputationGraphConfiguration conf = Models.builder("mobilenet_v1")
                    .format(format)
                    .attention(site -> new ConvolutionLayer.Builder(1, 1)
                            .nOut(site.channels())
                            .build())
                    .build()
                    .conf();
            assertThat(layer(conf, "stage1.block1.attention")).isInstanceOf(ConvolutionLayer.class);
        }
    }

    // ---- bad input -------------------------------------------------------------------------------------------------

    /** At build time, not inside init(). */
    @Test
    void badInput() {
        refused(
                () -> Models.builder("inception_v3").stochasticDepth(0.1).build(),
                "stochasticDepth (0.1) must not be set for a network without residual branches; leave it out");
        refused(
                () -> Models.builder("mobilenet_v1").zeroInitLastGamma(true).build(),
                "zeroInitLastGamma (true) must not be set for a network without residual branches that end in a BatchNorm; leave it out");
        refused(
                () -> ResNet.builder().depth(20).stemPooling(StemPooling.PADDED).build(),
                "stemPooling (PADDED) must not be set for depth 20, whose stem has no pooling; leave it out or use"
                        + " depth(50)");
        refused(
                () -> Models.builder("inception_v3").inputSize(40).build(),
                "layer stage2.block1.three.conv1: its input (2x2) must not be smaller than its kernel (3x3); use a larger"
                        + " inputSize than 40x40");
        refused(
                () -> ResNeXt.builder()
                        .depth(50)
                        .attention(
                                Attention.of(SelectiveKernel.builder().groups(5).build()))
                        .build(),
                "sk layer \"stage1.block1.attention\": groups (5) must divide channels (256); use a divisor, or leave it out"
                        + " for one group");
        refused(
                () -> Models.builder("mobilenet_v1")
                        .attention(
                                Attention.of(SelectiveKernel.builder().stride(2).build()))
                        .build(),
                "attention layer \"stage1.block1.attention\": its output (64 channels of 56 x 56) must have the shape of"
                        + " its input (64 channels of 112 x 112); use a block that keeps it, without outputs and stride");
        refused(() -> EfficientNetLite.lite(5), "variant (5) must be from 0 to 4; use EfficientNetLite.lite(0)");
        refused(() -> EfficientNet.b(4), "variant (4) must be from 0 to 3; use EfficientNet.b(0)");
        refused(() -> MobileNetV1.builder().width(0), "width (0.0) must be a positive number; use width(1)");
        refused(
                () -> Models.builder("rgse_resnet50").inputSize(160).build(),
                "rgse layer \"stage4.block1.attention\": window (7) must not exceed the map's size (5 x 5); use"
                        + " window(5)");
        refused(
                () -> Models.builder("efficentnet_b0"),
                "model (efficentnet_b0) must be one of efficientnet_b0, efficientnet_b1, efficientnet_b2,"
                        + " efficientnet_b3, efficientnet_lite0 or another of the "
                        + Models.names().size()
                        + " known; did you mean efficientnet_b0?");
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    // ---- forms of other libraries
    // ------------------------------------------------------------------------------------

    @Test
    void selectiveKernelsTrainAlikeAcceleratedAndNot() {
        Network network = ResNet.builder()
                .depth(20)
                .selectiveKernels(4, 3)
                .inputSize(16)
                .updater(new org.nd4j.linalg.learning.config.Sgd(0.01))
                .build();
        ComputationGraph accelerated = network.init();
        ComputationGraph plain = new ComputationGraph(network.conf());
        plain.init();
        plain.setParams(accelerated.params().dup());
        Nd4j.getRandom().setSeed(31);
        INDArray images = Nd4j.rand(DataType.FLOAT, 4, 3, 16, 16);
        INDArray labels = Nd4j.zeros(4, 10);
        for (int i = 0; i < 4; i++) {
            labels.putScalar(i, 2 * i, 1);
        }
        for (int step = 0; step < 2; step++) {
            org.nd4j.linalg.dataset.DataSet data = new org.nd4j.linalg.dataset.DataSet(images, labels);
            accelerated.fit(data);
            plain.fit(data);
        }
        assertThat(layer(network.conf(), "stage2.block1.conv1")).isInstanceOf(SelectiveKernel.class);
        assertThat(network.conf().getVertices()).doesNotContainKeys("stage2.block1.bn1", "stage2.block1.relu1");
        Arrays4j.assertClose("parameters", accelerated.params(), plain.params(), 1e-4);
    }

    @Test
    void theReluBeforeTheAttention() {
        ComputationGraphConfiguration conf =
                ResNet.builder().depth(18).reluBeforeAttention(true).build().conf();
        assertThat(conf.getVertexInputs().get("stage1.block1.add")).contains("stage1.block1.relu2");
        assertThatThrownBy(() ->
                        ResNet.builder().depth(50).reluBeforeAttention(true).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "reluBeforeAttention (true) must not be set for depth 50, which has bottlenecks; leave it out or use"
                                + " depth(18)");
        assertThatThrownBy(() -> MobileNetV3.large().epsilon(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("epsilon (0.0) must be above 0 and below 1; use epsilon(1e-5) or epsilon(1e-3)");
    }
}
