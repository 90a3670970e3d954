package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.models.families.MobileNetV2;
import io.github.squeeze4j.models.families.ResNeXt;
import io.github.squeeze4j.models.families.ResNet;
import io.github.squeeze4j.models.families.SENet154;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** ResNeXt, MobileNetV2 and SENet-154. */
@Tag("tiny")
class GroupedNetworksTest {
    private static final int SIZE = 32;

    private static Layer layer(ComputationGraphConfiguration configuration, String name) {
        return ((LayerVertex) configuration.getVertices().get(name))
                .getLayerConf()
                .getLayer();
    }

    private static List<String> vertices(Network network, String prefix) {
        return network.conf().getVertices().keySet().stream()
                .filter(name -> name.startsWith(prefix))
                .map(name -> name.substring(prefix.length()))
                .collect(Collectors.toList());
    }

    // Counted on torchvision: its Bottleneck behind a 3x3 stem, and mobilenet_v2(width_mult=...).

    @Test
    void resNeXt29Counts() {
        assertThat(Models.builder("resnext29_8x64d_cifar").build().summary("m").toCsv())
                .isEqualTo("m,32,34426698,57472,5387266048");
    }

    @ParameterizedTest
    @CsvSource({
        "0.5,1968680,18544,97131840",
        "0.75,2636424,26640,209069792",
        "1,3504872,34112,300774272",
        "1.4,6108776,47936,582195824"
    })
    void mobileNetV2Counts(double width, long params, long statistics, long macs) {
        ModelSummary summary = MobileNetV2.builder().width(width).build().summary("m");
        assertThat(summary.toCsv()).isEqualTo("m,224," + params + "," + statistics + "," + macs);
    }

    // Weights of trained networks depend on these names: changing one breaks saved models.

    @Test
    void namesOfResNeXtAreResNets() {
        assertThat(ResNeXt.builder().depth(50).build().conf().getVertices().keySet())
                .isEqualTo(
                        ResNet.builder().depth(50).build().conf().getVertices().keySet());
    }

    @Test
    void namesOfMobileNetV2() {
        Network network = Models.builder("se_mobilenet_v2").build();
        assertThat(vertices(network, "stem.")).containsExactlyInAnyOrder("conv", "bn", "relu");
        assertThat(vertices(network, "head.")).containsExactlyInAnyOrder("conv", "bn", "relu");
        assertThat(vertices(network, "stage1.block1."))
                .containsExactlyInAnyOrder(
                        "depthwise.conv", "depthwise.bn", "depthwise.relu", "attention", "project.conv", "project.bn");
        assertThat(vertices(network, "stage2.block2."))
                .containsExactlyInAnyOrder(
                        "expand.conv",
                        "expand.bn",
                        "expand.relu",
                        "depthwise.conv",
                        "depthwise.bn",
                        "depthwise.relu",
                        "attention",
                        "project.conv",
                        "project.bn",
                        "add");
        assertThat(vertices(network, "stage2.block1.")).hasSize(9).doesNotContain("add");
        assertThat(vertices(network, "")).hasSize(3 + 6 + 16 * 9 + 10 + 3 + 2).contains("pool", "classifier");
    }

    @Test
    void attentionMayStandBehindTheProjection() {
        ComputationGraphConfiguration configuration =
                Models.builder("eca_mobilenet_v2").build().conf();
        assertThat(configuration.getVertexInputs().get("stage2.block2.attention"))
                .containsExactly("stage2.block2.project.bn");
        assertThat(configuration.getVertexInputs().get("stage2.block2.add"))
                .containsExactly("stage2.block2.attention", "stage2.block1.attention");
        assertThat(configuration.getVertexInputs().get("stage2.block1.project.conv"))
                .containsExactly("stage2.block1.depthwise.relu");
    }

    @Test
    void namesOfSENet154() {
        Network network = Models.builder("senet154").build();
        assertThat(vertices(network, "stem."))
                .containsExactlyInAnyOrder(
                        "conv1", "bn1", "relu1", "conv2", "bn2", "relu2", "conv3", "bn3", "relu3", "pool");
        assertThat(vertices(network, "stage2.block1."))
                .containsExactlyInAnyOrder(
                        "conv1",
                        "bn1",
                        "relu1",
                        "conv2",
                        "bn2",
                        "relu2",
                        "conv3",
                        "bn3",
                        "attention",
                        "shortcut.conv",
                        "shortcut.bn",
                        "add",
                        "relu");
        ComputationGraphConfiguration configuration = network.conf();
        assertThat(((ConvolutionLayer) layer(configuration, "stage1.block1.shortcut.conv")).getKernelSize())
                .containsExactly(1, 1);
        assertThat(((ConvolutionLayer) layer(configuration, "stage2.block1.shortcut.conv")).getKernelSize())
                .containsExactly(3, 3);
        assertThat(((BaseLayer) layer(configuration, "classifier")).getIDropout())
                .isEqualTo(new Dropout(0.8));
    }

    @Test
    void resNeXtsGroupsStandInTheMiddle() {
        ComputationGraphConfiguration configuration =
                ResNeXt.builder().depth(101).baseWidth(8).build().conf();
        GroupedConvolution middle = (GroupedConvolution) layer(configuration, "stage2.block1.conv2");
        assertThat(middle.getGroups()).isEqualTo(32);
        assertThat(middle.getNIn()).isEqualTo(512);
        assertThat(middle.getNOut()).isEqualTo(512);
        assertThat(middle.getStride()).containsExactly(2, 2);
        assertThat(((ConvolutionLayer) layer(configuration, "stage2.block1.conv1")).getStride())
                .containsExactly(1, 1);
        GroupedConvolution cifar =
                (GroupedConvolution) layer(ResNeXt.builder().depth(29).build().conf(), "stage3.block1.conv2");
        assertThat(cifar.getGroups()).isEqualTo(8);
        assertThat(cifar.getNOut()).isEqualTo(2048);
    }

    @Test
    void mobileNetsAttentionStandsBeforeTheProjection() {
        List<String> sites = new ArrayList<>();
        ComputationGraphConfiguration configuration = MobileNetV2.builder()
                .attention(site -> {
                    sites.add(site.toString());
                    return new ActivationLayer(Activation.TANH);
                })
                .build()
                .conf();
        assertThat(sites)
                .contains("stage1.block1 [32, 112, 112]", "stage2.block1 [96, 56, 56]", "stage7.block1 [960, 7, 7]");
        assertThat(configuration.getVertexInputs().get("stage2.block1.attention"))
                .containsExactly("stage2.block1.depthwise.relu");
        assertThat(configuration.getVertexInputs().get("stage2.block1.project.conv"))
                .containsExactly("stage2.block1.attention");
        assertThat(configuration.getVertexInputs().get("stage2.block2.add"))
                .containsExactly("stage2.block2.project.bn", "stage2.block1.project.bn");
        assertThat(((ActivationLayer) layer(configuration, "stem.relu")).getActivationFn())
                .isEqualTo(Activation.RELU6.getActivationFunction());
    }

    @Test
    void mobileNetStartsAsInTorchvision() {
        ComputationGraph graph = MobileNetV2.builder().inputSize(SIZE).build().init();
        assertThat(deviation(graph, "head.conv_W")).isCloseTo(Math.sqrt(2.0 / 1280), within(0.001));
        assertThat(deviation(graph, "stage7.block1.depthwise.conv_W"))
                .isCloseTo(Math.sqrt(2.0 / (960 * 9)), within(0.001));
        long weights = graph.getParam("classifier_W").length();
        // five times the sampling error of a deviation estimated from so many weights
        assertThat(deviation(graph, "classifier_W")).isCloseTo(0.01, within(5 * 0.01 / Math.sqrt(2.0 * weights)));
        assertThat(((BaseLayer) layer(graph.getConfiguration(), "classifier")).getIDropout())
                .isEqualTo(new Dropout(0.8));
        ComputationGraphConfiguration without =
                MobileNetV2.builder().dropout(0).build().conf();
        assertThat(((BaseLayer) layer(without, "classifier")).getIDropout()).isNull();
    }

    private static double deviation(ComputationGraph graph, String parameter) {
        return graph.getParam(parameter).stdNumber().doubleValue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"se_resnext50_32x4d", "cbam_mobilenet_v2"})
    void everyLearnedParameterGetsAGradient(String name) {
        ComputationGraph graph =
                Models.builder(name).inputSize(SIZE).classes(3).build().init();
        Nd4j.getRandom().setSeed(3);
        INDArray images = Nd4j.rand(DataType.FLOAT, 4, 3, SIZE, SIZE);
        graph.setInputs(images);
        graph.setLabels(Nd4j.eye(4)
                .castTo(DataType.FLOAT)
                .get(
                        org.nd4j.linalg.indexing.NDArrayIndex.all(),
                        org.nd4j.linalg.indexing.NDArrayIndex.interval(0, 3)));
        graph.computeGradientAndScore();
        Map<String, INDArray> gradients = graph.gradient().gradientForVariable();
        graph.paramTable().forEach((key, parameter) -> {
            if (!key.endsWith("_mean") && !key.endsWith("_var")) {
                assertThat(gradients.get(key)).as(key).isNotNull();
                assertThat(gradients.get(key).sumNumber().doubleValue()).as(key).isFinite();
            }
            if (key.endsWith("conv_W") || key.contains(".conv")) {
                assertThat(gradients.get(key).amaxNumber().doubleValue())
                        .as(key)
                        .isPositive();
            }
        });
        assertThat(graph.outputSingle(images).shape()).containsExactly(4, 3);
    }

    @Test
    void formatsAgree() {
        for (NetworkBuilder<?> builder : List.of(ResNeXt.builder().depth(50), MobileNetV2.builder())) {
            builder.inputSize(33, 21).classes(4).attention(Attention.named("se"));
            ComputationGraph first = builder.build().init();
            ComputationGraph last = builder.format(CNN2DFormat.NHWC).build().init();
            last.setParams(first.params());
            INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 33, 21);
            Arrays4j.assertClose(
                    "output", last.outputSingle(images.permute(0, 2, 3, 1).dup('c')), first.outputSingle(images), 1e-5);
        }
    }

    @Test
    void badOptionsAreRefused() {
        refused(() -> ResNeXt.builder().depth(18), "depth (18) must be one of [29, 50, 101, 152]");
        refused(() -> ResNeXt.builder().build(), "depth (not set) must be one of [29, 50, 101, 152]; use depth(50)");
        refused(() -> ResNeXt.builder().groups(0), "groups (0) must be positive; use groups(32)");
        refused(() -> ResNeXt.builder().baseWidth(-4), "baseWidth (-4) must be positive; use baseWidth(4)");
        refused(() -> MobileNetV2.builder().width(0), "width (0.0) must be a positive number; use width(1)");
        refused(
                () -> MobileNetV2.builder().attentionPlace(null),
                "attentionPlace (null) must be set; use AttentionPlace.EXPANDED");
        refused(() -> MobileNetV2.builder().dropout(1), "dropout (1.0) must be from 0 to below 1; use dropout(0.2)");
        refused(() -> SENet154.builder().dropout(-1), "dropout (-1.0) must be from 0 to below 1; use dropout(0.2)");
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable action, String message) {
        assertThatThrownBy(action).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
