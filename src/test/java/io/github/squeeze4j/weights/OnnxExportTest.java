package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.NetworkBuilder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** ONNX Runtime answers as we do, for batches of one and two. */
class OnnxExportTest {
    private static final double TOLERANCE = 1e-5;

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
        INDArray images = ExportCheck.images(new SplittableRandom(1), 2, size);
        ComputationGraph graph = OnnxCheck.drawn(builder, images);
        Path file = folder.resolve("network.onnx");
        OnnxExport.write(graph, size, size, file);
        float[][] expected = graph.outputSingle(images).toFloatMatrix();
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession session = environment.createSession(file.toString())) {
            for (int count = 1; count <= 2; count++) {
                float[] pixels = java.util.Arrays.copyOf(
                        images.reshape('c', new long[] {images.length()}).toFloatVector(), count * 3 * size * size);
                try (OnnxTensor input = OnnxTensor.createTensor(
                                environment, FloatBuffer.wrap(pixels), new long[] {count, 3, size, size});
                        OrtSession.Result result = session.run(Map.of("input", input))) {
                    float[][] answers = (float[][]) result.get(0).getValue();
                    assertThat(answers).hasNumberOfRows(count);
                    for (int n = 0; n < count; n++) {
                        assertThat(answers[n])
                                .containsExactly(expected[n], org.assertj.core.data.Offset.offset((float) TOLERANCE));
                    }
                }
            }
        }
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
