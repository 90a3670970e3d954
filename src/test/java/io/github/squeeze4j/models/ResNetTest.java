package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.families.BottleneckStride;
import io.github.squeeze4j.models.families.ResNet;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.regularization.L2Regularization;

class ResNetTest {
    private static Layer layer(ComputationGraphConfiguration configuration, String name) {
        return ((LayerVertex) configuration.getVertices().get(name))
                .getLayerConf()
                .getLayer();
    }

    private static List<String> vertices(Network network, String prefix) {
        return network.conf().getVertices().keySet().stream()
                .filter(name -> name.startsWith(prefix))
                .collect(Collectors.toList());
    }

    // Weights of trained networks depend on these names: changing one breaks saved models.

    @Test
    void namesOfTheCifarForm() {
        Network network = Models.builder("se_resnet20").build();
        assertThat(vertices(network, "stem")).containsExactlyInAnyOrder("stem.conv", "stem.bn", "stem.relu");
        assertThat(vertices(network, "stage1.block1."))
                .containsExactlyInAnyOrder(
                        "stage1.block1.conv1",
                        "stage1.block1.bn1",
                        "stage1.block1.relu1",
                        "stage1.block1.conv2",
                        "stage1.block1.bn2",
                        "stage1.block1.attention",
                        "stage1.block1.add",
                        "stage1.block1.relu");
        assertThat(vertices(network, "stage2.block1.shortcut"))
                .containsExactlyInAnyOrder("stage2.block1.shortcut.conv", "stage2.block1.shortcut.bn");
        assertThat(vertices(network, "stage3.block3.")).hasSize(8);
        assertThat(vertices(network, "")).hasSize(3 + 9 * 8 + 2 * 2 + 2).contains("pool", "classifier");
    }

    @Test
    void namesOfTheImageNetForm() {
        Network network = ResNet.builder().depth(50).build();
        assertThat(vertices(network, "stem"))
                .containsExactlyInAnyOrder("stem.conv", "stem.bn", "stem.relu", "stem.pool");
        assertThat(vertices(network, "stage1.block1."))
                .containsExactlyInAnyOrder(
                        "stage1.block1.conv1",
                        "stage1.block1.bn1",
                        "stage1.block1.relu1",
                        "stage1.block1.conv2",
                        "stage1.block1.bn2",
                        "stage1.block1.relu2",
                        "stage1.block1.conv3",
                        "stage1.block1.bn3",
                        "stage1.block1.shortcut.conv",
                        "stage1.block1.shortcut.bn",
                        "stage1.block1.add",
                        "stage1.block1.relu");
        assertThat(vertices(network, "stage4.block3.")).hasSize(10);
        assertThat(vertices(ResNet.builder().depth(18).build(), "stage1.block1.shortcut"))
                .isEmpty();
    }

    @Test
    void parametersAreNamedLayerUnderscoreParameter() {
        ComputationGraph graph =
                Models.builder("se_resnet20").inputSize(8).build().init();
        assertThat(graph.paramTable().keySet())
                .contains(
                        "stem.conv_W",
                        "stage1.block1.bn1_gamma",
                        "stage1.block1.bn1_beta",
                        "stage1.block1.bn1_mean",
                        "stage1.block1.bn1_var",
                        "stage1.block1.attention_reduceW",
                        "stage1.block1.attention_expandW",
                        "stage2.block1.shortcut.conv_W",
                        "classifier_W",
                        "classifier_b");
        INDArray ones = graph.getParam("stage1.block1.conv1_W").dup().assign(1);
        graph.setParam("stage1.block1.conv1_W", ones);
        assertThat(graph.getLayer("stage1.block1.conv1").getParam("W")).isEqualTo(ones);
    }

    @Test
    void attentionStandsBeforeTheAddition() {
        ComputationGraphConfiguration configuration =
                Models.builder("se_resnet20").build().conf();
        assertThat(configuration.getVertexInputs().get("stage2.block1.attention"))
                .containsExactly("stage2.block1.bn2");
        assertThat(configuration.getVertexInputs().get("stage2.block1.add"))
                .containsExactly("stage2.block1.attention", "stage2.block1.shortcut.bn");
        assertThat(configuration.getVertexInputs().get("stage2.block1.relu")).containsExactly("stage2.block1.add");
        assertThat(((ActivationLayer) layer(configuration, "stage2.block1.relu")).getActivationFn())
                .isEqualTo(Activation.RELU.getActivationFunction());
        assertThat(((GlobalPoolingLayer) layer(configuration, "pool")).getPoolingType())
                .isEqualTo(PoolingType.AVG);
    }

    @Test
    void strideStandsWhereTheOptionSays() {
        for (BottleneckStride stride : BottleneckStride.values()) {
            ComputationGraphConfiguration configuration =
                    ResNet.builder().depth(50).bottleneckStride(stride).build().conf();
            boolean first = stride == BottleneckStride.FIRST_1X1;
            assertThat(((ConvolutionLayer) layer(configuration, "stage2.block1.conv1")).getStride())
                    .containsExactly(first ? 2 : 1, first ? 2 : 1);
            assertThat(((ConvolutionLayer) layer(configuration, "stage2.block1.conv2")).getStride())
                    .containsExactly(first ? 1 : 2, first ? 1 : 2);
        }
        assertThat(ResNet.Builder.DEFAULT_BOTTLENECK_STRIDE).isEqualTo(BottleneckStride.MIDDLE_3X3);
    }

    @Test
    void attentionSeesEverySite() {
        List<String> sites = new ArrayList<>();
        ResNet.builder()
                .depth(20)
                .inputSize(28, 20)
                .attention(site -> {
                    sites.add(site.toString());
                    return null;
                })
                .build();
        assertThat(sites)
                .containsExactly(
                        "stage1.block1 [16, 28, 20]",
                        "stage1.block2 [16, 28, 20]",
                        "stage1.block3 [16, 28, 20]",
                        "stage2.block1 [32, 14, 10]",
                        "stage2.block2 [32, 14, 10]",
                        "stage2.block3 [32, 14, 10]",
                        "stage3.block1 [64, 7, 5]",
                        "stage3.block2 [64, 7, 5]",
                        "stage3.block3 [64, 7, 5]");
    }

    @Test
    void attentionMayBeAnyLayerAnywhere() {
        Network network = ResNet.builder()
                .depth(20)
                .attention(site -> site.stage() == 1
                        ? new ActivationLayer(Activation.TANH)
                        : site.block() == 2 ? Salient.builder().build() : null)
                .build();
        assertThat(vertices(network, "").stream().filter(name -> name.endsWith(".attention")))
                .containsExactlyInAnyOrder(
                        "stage1.block1.attention",
                        "stage1.block2.attention",
                        "stage1.block3.attention",
                        "stage2.block2.attention",
                        "stage3.block2.attention");
    }

    @Test
    void prototypeKeepsItsOptionsAndIsNotShared() {
        SqueezeExcitation prototype =
                SqueezeExcitation.builder().reduction(4).biases(false).build();
        ComputationGraphConfiguration configuration = ResNet.builder()
                .depth(20)
                .attention(Attention.of(prototype))
                .build()
                .conf();
        assertThat(prototype.getChannels()).isZero();
        SqueezeExcitation first = (SqueezeExcitation) layer(configuration, "stage1.block1.attention");
        SqueezeExcitation last = (SqueezeExcitation) layer(configuration, "stage3.block3.attention");
        assertThat(first.getChannels()).isEqualTo(16);
        assertThat(first.learnedParameters()).isEqualTo(2 * 16 * 4);
        assertThat(last.learnedParameters()).isEqualTo(2 * 64 * 16);
    }

    @Test
    void everyCommonOptionArrives() {
        ComputationGraphConfiguration configuration = ResNet.builder()
                .depth(20)
                .classes(7)
                .inputChannels(1)
                .seed(99)
                .updater(new Adam(0.02))
                .l2(1e-3)
                .attention(Attention.named("se"))
                .dataType(DataType.DOUBLE)
                .build()
                .conf();
        ConvolutionLayer stem = (ConvolutionLayer) layer(configuration, "stem.conv");
        assertThat(stem.getNIn()).isEqualTo(1);
        assertThat(stem.hasBias()).isFalse();
        assertThat(stem.getIUpdater()).isEqualTo(new Adam(0.02));
        assertThat(stem.getRegularization()).containsExactly(new L2Regularization(1e-3));
        SqueezeExcitation attention = (SqueezeExcitation) layer(configuration, "stage1.block1.attention");
        assertThat(attention.getRegularizationByParam("reduceW")).containsExactly(new L2Regularization(1e-3));
        assertThat(attention.getUpdaterByParam("reduceW")).isEqualTo(new Adam(0.02));
        assertThat(configuration.getDataType()).isEqualTo(DataType.DOUBLE);
        assertThat(configuration.getDefaultConfiguration().getSeed()).isEqualTo(99);
        assertThat(((org.deeplearning4j.nn.conf.layers.OutputLayer) layer(configuration, "classifier")).getNOut())
                .isEqualTo(7);
    }

    @Test
    void defaultsArePinned() {
        Network cifar = ResNet.builder().depth(20).build();
        Network imagenet = ResNet.builder().depth(18).build();
        assertThat(cifar.inputType().getHeight()).isEqualTo(32);
        assertThat(imagenet.inputType().getWidth()).isEqualTo(224);
        assertThat(imagenet.inputType().getChannels()).isEqualTo(3);
        ComputationGraphConfiguration configuration = imagenet.conf();
        BaseLayer classifier = (BaseLayer) layer(configuration, "classifier");
        assertThat(classifier.getIUpdater()).isEqualTo(new Nesterovs(0.1, 0.9));
        assertThat(classifier.getRegularization()).isEmpty();
        assertThat(((org.deeplearning4j.nn.conf.layers.OutputLayer) classifier).getNOut())
                .isEqualTo(1000);
        assertThat(configuration.getDataType()).isEqualTo(DataType.FLOAT);
        assertThat(configuration.getDefaultConfiguration().getSeed()).isEqualTo(42);
    }

    @Test
    void oneBuilderDescribesManyNetworks() {
        ResNet.Builder builder = ResNet.builder().depth(20);
        Network small = builder.build();
        Network large = builder.depth(18).build();
        assertThat(small.inputType().getHeight()).isEqualTo(32);
        assertThat(large.inputType().getHeight()).isEqualTo(224);
    }

    @Test
    void weightsStartAsInTheReferences() {
        ComputationGraph cifar = ResNet.builder().depth(20).inputSize(8).build().init();
        assertThat(deviation(cifar, "stage3.block1.conv1_W")).isCloseTo(Math.sqrt(2.0 / (32 * 9)), within(0.003));
        ComputationGraph imagenet =
                ResNet.builder().depth(18).inputSize(32).classes(10).build().init();
        assertThat(deviation(imagenet, "stage3.block1.conv1_W")).isCloseTo(Math.sqrt(2.0 / (256 * 9)), within(0.001));
        INDArray linear = imagenet.getParam("classifier_W");
        assertThat(linear.amaxNumber().doubleValue()).isLessThanOrEqualTo(1 / Math.sqrt(512));
        assertThat(deviation(imagenet, "classifier_W")).isCloseTo(1 / Math.sqrt(3 * 512), within(0.002));
        assertThat(imagenet.getParam("classifier_b").amaxNumber().doubleValue()).isZero();
        assertThat(imagenet.getParam("stem.bn_gamma").meanNumber().doubleValue())
                .isEqualTo(1);
    }

    private static double deviation(ComputationGraph graph, String parameter) {
        return graph.getParam(parameter).stdNumber().doubleValue();
    }

    @Test
    void badOptionsAreRefused() {
        refused(
                () -> ResNet.builder().depth(19),
                "depth (19) must be one of [18, 34, 50, 101, 152] (ImageNet form) or [20, 32, 44, 56, 110] (CIFAR form)");
        refused(
                () -> ResNet.builder().build(),
                "depth (not set) must be one of [18, 34, 50, 101, 152] (ImageNet form) or [20, 32, 44, 56, 110] (CIFAR"
                        + " form); use depth(50)");
        refused(
                () -> ResNet.builder()
                        .depth(20)
                        .bottleneckStride(BottleneckStride.FIRST_1X1)
                        .build(),
                "bottleneckStride (FIRST_1X1) must not be set for depth 20, which has no bottlenecks; leave it out or use"
                        + " depth(50)");
        refused(() -> ResNet.builder().classes(1), "classes (1) must be at least 2; use one class for each label");
        refused(() -> ResNet.builder().inputSize(0), "input height (0) must be positive; use inputSize(224)");
        refused(() -> ResNet.builder().inputSize(9, -1), "input width (-1) must be positive; use inputSize(224)");
        refused(
                () -> ResNet.builder().inputChannels(0),
                "inputChannels (0) must be positive; use 3 for colour and 1 for grey images");
        refused(() -> ResNet.builder().l2(-1), "l2 (-1.0) must be 0 or a positive number; use l2(1e-4)");
        refused(() -> ResNet.builder().l2(Double.NaN), "l2 (NaN) must be 0 or a positive number; use l2(1e-4)");
        refused(
                () -> ResNet.builder().dataType(DataType.INT32),
                "dataType (INT) must be FLOAT or DOUBLE; use dataType(DataType.FLOAT)");
        refused(() -> ResNet.builder().updater(null), "updater (null) must be set; use new Nesterovs(0.1, 0.9)");
        refused(() -> ResNet.builder().format(null), "format (null) must be set; use CNN2DFormat.NCHW");
        refused(() -> ResNet.builder().attention(null), "attention (null) must be set; use Attention.none()");
        refused(() -> Attention.of(null), "prototype (null) must be set; use Attention.none() for no attention");
        refused(
                () -> Attention.named("sse"),
                "attention (sse) must be one of ese, scse, se, spse, ge, rgse, sk, bam, ca, eca, gc, gct, none, cbam, simam, salient;"
                        + " did you mean ese?");
        assertThatThrownBy(() -> Attention.named("attention"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("attention (attention) must be one of ")
                .hasMessageNotContaining("did you mean");
    }

    /** At build time, not inside init(). */
    @Test
    void blocksThatDoNotFitAreRefusedByBuild() {
        assertThatThrownBy(() -> ResNet.builder()
                        .depth(20)
                        .inputSize(16)
                        .attention(Attention.of(Rgse.builder().build()))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("window (7)");
        assertThatThrownBy(() -> ResNet.builder()
                        .depth(20)
                        .attention(Attention.of(
                                SqueezeExcitation.builder().reduction(32).build()))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("reduction (32) must not exceed channels (16)");
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable action, String message) {
        assertThatThrownBy(action).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
