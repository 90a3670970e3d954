package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.junit.jupiter.api.Test;

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
        assertThat(lines.get(0)).matches("layer +type +output +params +bn_stats +macs");
        assertThat(lines.get(1)).matches("stem\\.conv +NativeConvolution +\\[16, 28, 20\\] +432 +0 +241,920");
        assertThat(lines.get(lines.size() - 3)).startsWith("salient_resnet20").contains(" total ");
        assertThat(lines.get(lines.size() - 2)).matches(" +attention +18 +18 +0");
        assertThat(lines.get(lines.size() - 1)).matches(" +0\\.01 % +1\\.13 % +0\\.00 %");
        assertThat(lines.stream().mapToInt(String::length).distinct().count()).isEqualTo(1);
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
