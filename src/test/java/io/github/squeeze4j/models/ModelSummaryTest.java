package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.Pool;
import io.github.squeeze4j.blocks.Spse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.families.BottleneckStride;
import io.github.squeeze4j.models.families.ResNet;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelSummaryTest {
    private static final InputType.InputTypeConvolutional INPUT =
            (InputType.InputTypeConvolutional) InputType.convolutional(8, 6, 3);

    private static ModelSummary.Row row(ModelSummary summary, String name) {
        return summary.rows().stream()
                .filter(row -> row.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void rowsAndSharesOfSeResNet20() {
        ModelSummary summary = Models.builder("se_resnet20").build().summary("se_resnet20");
        ModelSummary.Row conv = row(summary, "stage2.block1.conv1");
        assertThat(conv.type()).isEqualTo("NativeConvolution");
        assertThat(conv.output()).isEqualTo("[32, 16, 16]");
        assertThat(conv.params()).isEqualTo(16 * 32 * 9);
        assertThat(conv.macs()).isEqualTo(16 * 32 * 9 * 16 * 16);
        assertThat(conv.isAttention()).isFalse();
        ModelSummary.Row norm = row(summary, "stem.bn");
        assertThat(norm.params()).isEqualTo(32);
        assertThat(norm.runningStatistics()).isEqualTo(32);
        ModelSummary.Row attention = row(summary, "stage3.block3.attention");
        assertThat(attention.isAttention()).isTrue();
        assertThat(attention.params()).isEqualTo(512);
        assertThat(attention.macs()).isEqualTo(512);
        assertThat(summary.attentionParams()).isEqualTo(3 * (32 + 128 + 512));
        assertThat(summary.attentionMacs()).isEqualTo(3 * (32 + 128 + 512));
        assertThat(summary.attentionRunningStatistics()).isZero();
        assertThat(summary.toCsv()).isEqualTo("se_resnet20,32,274490,1568,40815200");
        assertThat(ModelSummary.CSV_HEADER).isEqualTo("model,input,params,bn_stats,macs");
    }

    @Test
    void tableIsAligned() {
        List<String> lines = Models.builder("salient_resnet20")
                .inputSize(28, 20)
                .build()
                .summary("salient_resnet20")
                .toTable()
                .lines()
                .toList();
        assertThat(lines.get(0)).matches("layer +type +output +params +bn_stats +macs +published");
        assertThat(lines.get(1)).matches("stem\\.conv +NativeConvolution +\\[16, 28, 20\\] +432 +0 +241,920 +241,920");
        assertThat(lines.get(lines.size() - 3)).startsWith("salient_resnet20").contains(" total ");
        assertThat(lines.get(lines.size() - 2)).matches(" +attention +18 +18 +0 +141,120");
        assertThat(lines.get(lines.size() - 1)).matches(" +0\\.01 % +1\\.13 % +0\\.00 % +0\\.63 %");
        assertThat(lines.stream().mapToInt(String::length).distinct().count()).isEqualTo(1);
    }

    /**
     * The GFLOPs columns that megvii-research and AmigoCDT print for depth 50, with the stride in the first 1x1; those of 101
     * and 152 are pinned as counted here: they are up to 0.02 higher in print, we do not know why.
     */
    @ParameterizedTest
    @CsvSource({
        "50, none, 3.86",
        "50, se, 3.87",
        "50, cbam, 3.90",
        "50, spse, 3.88",
        "50, rgse, 3.87",
        "50, salient, 3.87",
        "101, none, 7.57",
        "101, se, 7.59",
        "101, cbam, 7.63",
        "101, spse, 7.61",
        "101, rgse, 7.59",
        "152, none, 11.28",
        "152, se, 11.32",
        "152, cbam, 11.38",
        "152, spse, 11.34",
        "152, rgse, 11.32"
    })
    void publishedConvention(int depth, String attention, String gflops) {
        ModelSummary summary = ResNet.builder()
                .depth(depth)
                .bottleneckStride(BottleneckStride.FIRST_1X1)
                .attention(Attention.named(attention))
                .build()
                .summary("resnet");
        assertThat(String.format(Locale.ROOT, "%.2f", summary.published() / 1e9))
                .isEqualTo(gflops);
        assertThat(summary.published() - summary.attentionPublished())
                .isEqualTo(summary.macs() - summary.attentionMacs());
    }

    @Test
    void attentionOfTheFirstStageByHand() {
        long map = 256 * 56 * 56;
        assertThat(operations("se_resnet50")).isEqualTo(2 * map);
        assertThat(operations("salient_resnet50")).isEqualTo(3 * map);
        assertThat(operations("spse_resnet50")).isEqualTo(4 * map);
        assertThat(operations("rgse_resnet50")).isEqualTo(2 * map);
        assertThat(operations("cbam_resnet50")).isEqualTo(6 * map);
    }

    private static long operations(String model) {
        ModelSummary.Row row = row(Models.builder(model).build().summary(model), "stage1.block1.attention");
        return row.published() - row.macs();
    }

    @Test
    void optionsChangeThePasses() {
        InputType map = InputType.convolutional(4, 3, 32);
        assertThat(Cbam.builder().channel(false).build().mapOperations(map)).isEqualTo(3 * 384);
        assertThat(Cbam.builder().spatial(false).build().mapOperations(map)).isEqualTo(3 * 384);
        assertThat(Cbam.builder().spatial(false).pools(Pool.MAX).build().mapOperations(map))
                .isEqualTo(2 * 384);
        assertThat(Spse.builder().levels(2).build().mapOperations(map)).isEqualTo(2 * 384);
    }

    @Test
    void severalNetworksInOneTable() {
        List<ModelSummary> summaries = List.of(
                Models.builder("resnet20").build().summary("resnet20"),
                Models.builder("se_resnet20").build().summary("se_resnet20"));
        List<String> lines = ModelSummary.toTable(summaries).lines().toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0))
                .matches("model +input +params +bn_stats +macs +published +attention params +attention published");
        assertThat(lines.get(1)).matches("resnet20 +32 +272,474 +1,568 +40,813,184 +40,813,184 +0\\.00 % +0\\.00 %");
        // Two passes over 3 * (16 * 32 * 32 + 32 * 16 * 16 + 64 * 8 * 8) elements.
        assertThat(lines.get(2)).matches("se_resnet20 +32 +274,490 +1,568 +40,815,200 +40,987,232 +0\\.73 % +0\\.42 %");
    }

    @Test
    void branchesMergesFrozenLayersAndSeveralOutputsAreCounted() {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .convolutionMode(ConvolutionMode.Same)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(INPUT)
                .addLayer("left", new ConvolutionLayer.Builder(3, 3).nOut(4).build(), "in")
                .addLayer(
                        "right",
                        new FrozenLayer(
                                new ConvolutionLayer.Builder(1, 1).nOut(12).build()),
                        "in")
                .addVertex("merge", new MergeVertex(), "left", "right")
                .addLayer("bn", new FrozenLayerWithBackprop(new BatchNormalization.Builder().build()), "merge")
                .addLayer("se", new FrozenLayer(SqueezeExcitation.builder().build()), "bn")
                .addVertex("twice", new ScaleVertex(2), "se")
                .addLayer("after", new ConvolutionLayer.Builder(1, 1).nOut(5).build(), "twice")
                .addLayer("both", new ConvolutionLayer.Builder(1, 1).nOut(2).build(), "after", "right")
                .addLayer("first", new OutputLayer.Builder().nOut(3).build(), "after")
                .addLayer("second", new OutputLayer.Builder().nOut(2).build(), "both")
                .setOutputs("first", "second")
                .build();
        ModelSummary summary = ModelSummary.of("branches", configuration, INPUT);
        assertThat(summary.rows().stream().map(ModelSummary.Row::name))
                .containsExactlyInAnyOrder("left", "right", "bn", "se", "after", "both", "first", "second");
        assertThat(row(summary, "right").type()).isEqualTo("ConvolutionLayer");
        assertThat(row(summary, "right").params()).isEqualTo(3 * 12 + 12);
        assertThat(row(summary, "right").macs()).isEqualTo(3 * 12 * 48);
        assertThat(row(summary, "bn").params()).isEqualTo(32);
        assertThat(row(summary, "bn").runningStatistics()).isEqualTo(32);
        assertThat(row(summary, "se").isAttention()).isTrue();
        assertThat(row(summary, "se").params()).isEqualTo(16 + 1 + 16 + 16);
        assertThat(row(summary, "se").macs()).isEqualTo(32);
        assertThat(row(summary, "se").published()).isEqualTo(32 + 2 * 16 * 48);
        assertThat(row(summary, "after").macs()).isEqualTo(16 * 5 * 48);
        assertThat(row(summary, "both").macs()).isEqualTo((5 + 12) * 2 * 48);
        assertThat(row(summary, "first").macs()).isEqualTo(5 * 48 * 3);
        assertThat(row(summary, "second").macs()).isEqualTo(2 * 48 * 2);
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        assertThat(summary.params() + summary.runningStatistics()).isEqualTo(graph.numParams());
    }

    @Test
    void stockLayersOfAnyGraphAreCounted() {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(INPUT)
                .addLayer(
                        "conv",
                        new ConvolutionLayer.Builder(3, 3).padding(1, 1).nOut(4).build(),
                        "in")
                .addLayer("bn", new BatchNormalization(), "conv")
                .addLayer(
                        "locked",
                        new BatchNormalization.Builder().lockGammaBeta(true).build(),
                        "bn")
                .addLayer(
                        "depthwise",
                        new DepthwiseConvolution2D.Builder(3, 3)
                                .depthMultiplier(2)
                                .build(),
                        "locked")
                .addLayer(
                        "separable",
                        new SeparableConvolution2D.Builder(3, 3).nOut(5).build(),
                        "depthwise")
                .addLayer(
                        "deconv",
                        new Deconvolution2D.Builder(2, 2).stride(2, 2).nOut(3).build(),
                        "separable")
                .addLayer("dense", new DenseLayer.Builder().nOut(10).build(), "deconv")
                .addLayer("out", new OutputLayer.Builder().nOut(2).build(), "dense")
                .setOutputs("out")
                .build();
        String before = configuration.toJson();
        ModelSummary summary = ModelSummary.of("mixed", configuration, INPUT);
        assertThat(configuration.toJson()).isEqualTo(before);
        assertThat(summary.input()).isEqualTo("8x6");
        assertThat(row(summary, "conv").macs()).isEqualTo(3 * 4 * 9 * 48);
        assertThat(row(summary, "conv").params()).isEqualTo(3 * 4 * 9 + 4);
        assertThat(row(summary, "bn").params()).isEqualTo(8);
        assertThat(row(summary, "bn").runningStatistics()).isEqualTo(8);
        assertThat(row(summary, "locked").params()).isZero();
        assertThat(row(summary, "depthwise").output()).isEqualTo("[8, 6, 4]");
        assertThat(row(summary, "depthwise").macs()).isEqualTo(8 * 9 * 24);
        assertThat(row(summary, "separable").output()).isEqualTo("[5, 4, 2]");
        assertThat(row(summary, "separable").macs()).isEqualTo((8 * 9 + 8 * 5) * 8);
        assertThat(row(summary, "deconv").output()).isEqualTo("[3, 8, 4]");
        assertThat(row(summary, "deconv").macs()).isEqualTo(5 * 3 * 4 * 8);
        assertThat(row(summary, "dense").macs()).isEqualTo(3 * 8 * 4 * 10);
        assertThat(row(summary, "out").macs()).isEqualTo(20);
    }

    @Test
    void severalInputsAreRefused() {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("a", "b")
                .setInputTypes(InputType.feedForward(2), InputType.feedForward(2))
                .addLayer("out", new OutputLayer.Builder().nOut(2).build(), "a", "b")
                .setOutputs("out")
                .build();
        assertThatThrownBy(() -> ModelSummary.of("two", configuration, INPUT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("configuration of two: network inputs ([a, b]) must be one; use a graph with one input");
    }
}
