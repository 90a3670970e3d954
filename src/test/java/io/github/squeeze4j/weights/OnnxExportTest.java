package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.NetworkBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** ONNX Runtime answers as we do, for batches of one and three, with batch normalization as it is and folded. */
@Tag("tiny")
class OnnxExportTest {
    private static final double TOLERANCE = 1e-5;
    private static final int[] BATCHES = {1, 3};

    @TempDir
    private Path folder;

    /** Every block, and the smallest networks of the families with layers of their own. */
    static Stream<String> small() {
        return all().filter(name -> name.startsWith("block_") && !name.equals("block_rgse")
                || name.equals("mobilenet_v3_small")
                || name.equals("efficientnet_lite0")
                || name.equals("mobilenet_v2"));
    }

    static Stream<String> all() {
        return OnnxCheck.networks().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("small")
    void blocksAndSmallNetworks(String name) throws Exception {
        answersTheSame(OnnxCheck.networks().get(name));
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("all")
    void everyNetwork(String name) throws Exception {
        answersTheSame(OnnxCheck.networks().get(name));
    }

    @ParameterizedTest
    @EnumSource(
            value = Activation.class,
            names = {"RELU", "RELU6", "LEAKYRELU", "ELU", "SELU", "SWISH", "MISH", "TANH", "SIGMOID", "IDENTITY"})
    void everyActivationWithinABlock(Activation activation) throws Exception {
        answersTheSame(() -> Models.builder("resnet20")
                .attention(Attention.of(
                        SqueezeExcitation.builder().activation(activation).build())));
    }

    private void answersTheSame(Supplier<NetworkBuilder<?>> builder) throws Exception {
        int size = (int) builder.get().build().inputType().getHeight();
        INDArray images = ExportCheck.images(new SplittableRandom(1), BATCHES[BATCHES.length - 1], size);
        answersTheSame(OnnxCheck.drawn(builder, images), images);
    }

    private void answersTheSame(ComputationGraph graph, INDArray images) throws Exception {
        int size = (int) images.size(2);
        float[][] expected = graph.outputSingle(images).toFloatMatrix();
        OnnxExport.write(graph, size, size, folder.resolve("network.onnx"));
        OnnxExport.writeFolded(graph, size, size, folder.resolve("folded.onnx"));
        for (String name : List.of("network.onnx", "folded.onnx")) {
            try (OnnxRuntime session = new OnnxRuntime(folder.resolve(name))) {
                for (int count : BATCHES) {
                    float[][] answers = answers(session, images, count);
                    assertThat(answers).hasNumberOfRows(count);
                    for (int n = 0; n < count; n++) {
                        assertThat(answers[n])
                                .as("%s, image %s of %s", name, n, count)
                                .containsExactly(expected[n], Offset.offset((float) TOLERANCE));
                    }
                }
            }
        }
    }

    private static float[][] answers(OnnxRuntime session, INDArray images, int count) throws Exception {
        long[] shape = images.shape().clone();
        shape[0] = count;
        float[] pixels =
                Arrays.copyOf(images.reshape('c', new long[] {images.length()}).toFloatVector(), (int)
                        (images.length() / images.size(0) * count));
        return session.run(pixels, shape);
    }

    /** What DL4J has besides: mode Same, dilation, deviations as logarithms, locked scales, biases, activations in layers. */
    private static ComputationGraph stock() {
        ComputationGraphConfiguration.GraphBuilder builder = new NeuralNetConfiguration.Builder()
                .seed(3)
                .activation(Activation.IDENTITY)
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(11, 11, 3))
                .addLayer(
                        "same",
                        new ConvolutionLayer.Builder(4, 3)
                                .stride(2, 2)
                                .nOut(6)
                                .convolutionMode(ConvolutionMode.Same)
                                .build(),
                        "input")
                .addLayer(
                        "log", new BatchNormalization.Builder().useLogStd(true).build(), "same")
                .addLayer(
                        "dilated",
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(6)
                                .dilation(2, 2)
                                .convolutionMode(ConvolutionMode.Same)
                                .hasBias(false)
                                .build(),
                        "log")
                .addLayer(
                        "locked",
                        new BatchNormalization.Builder()
                                .lockGammaBeta(true)
                                .gamma(0.75)
                                .beta(0.25)
                                .build(),
                        "dilated")
                .addLayer(
                        "active",
                        new ConvolutionLayer.Builder(1, 1)
                                .nOut(4)
                                .activation(Activation.TANH)
                                .build(),
                        "locked")
                .addLayer("behind", new BatchNormalization.Builder().build(), "active")
                // DL4J does not apply gamma where beta is 0
                .addLayer(
                        "locked gamma",
                        new BatchNormalization.Builder()
                                .lockGammaBeta(true)
                                .gamma(0.5)
                                .build(),
                        "behind")
                .addLayer(
                        "read twice", new ConvolutionLayer.Builder(1, 1).nOut(4).build(), "locked gamma")
                .addLayer("once", new BatchNormalization.Builder().build(), "read twice")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "once", "read twice")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "add")
                .addLayer(
                        "classifier",
                        new OutputLayer.Builder()
                                .nOut(5)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "pool")
                .setOutputs("classifier");
        ComputationGraph graph = new ComputationGraph(builder.build());
        graph.init();
        return graph;
    }

    @Test
    void layersOfStockDl4j() throws Exception {
        ComputationGraph graph = stock();
        SplittableRandom random = new SplittableRandom(4);
        INDArray images = ExportCheck.images(random, 3, 11);
        graph.paramTable().forEach((name, values) -> {
            if (!name.endsWith("_W")) {
                for (long i = 0; i < values.length(); i++) {
                    double drawn = random.nextDouble() - 0.5;
                    values.putScalar(i, name.endsWith("var") || name.endsWith("gamma") ? 1 + drawn : drawn);
                }
            }
        });
        answersTheSame(graph, images);
        assertThat(OnnxFolding.of(graph.getConfiguration()).convolutions)
                .containsExactlyInAnyOrderEntriesOf(Map.of("log", "same", "locked", "dilated"));
    }

    @Test
    void whatCannotBeWritten() throws Exception {
        Path file = Files.writeString(folder.resolve("old.onnx"), "old");
        ComputationGraph graph = Models.builder("se_resnet20")
                .format(org.deeplearning4j.nn.conf.CNN2DFormat.NHWC)
                .build()
                .init();
        assertThatThrownBy(() -> OnnxExport.write(graph, 32, 32, file))
                .isInstanceOf(WeightsException.class)
                .hasMessage(
                        "vertex stem.conv (convolution of mode Truncate in NHWC) must be one that ONNX export knows; put a "
                                + "convolution, batch normalization, activation, pooling, dense layer or attention block there");
        assertThat(file).hasContent("old");
    }
}
