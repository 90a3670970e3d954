package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.squeeze4j.Npz;
import io.github.squeeze4j.engine.InferenceNetwork;
import io.github.squeeze4j.engine.Precision;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.onednn.OneDnn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How far bfloat16 is from exact logits, against how far PyTorch's autocast is with the same weights: {@code
 * src/test/python/make_bfloat16.py} measured that.
 */
@Tag("tiny")
class Bfloat16NetworksTest {
    /** Of PyTorch's deviation. */
    private static final double FACTOR = 1.2;

    /** One of each way to build a network; the others take long. */
    private static final List<String> SMALL = List.of(
            "resnet50", "se_resnext50_32x4d", "cbam_resnet50", "se_resnet20", "mobilenet_v2", "efficientnet_b0");

    static List<String> small() {
        return SMALL;
    }

    static List<String> others() {
        return ReferenceNetworksTest.names().stream()
                .filter(name -> !SMALL.contains(name))
                .collect(Collectors.toList());
    }

    @BeforeEach
    void onProcessorsThatHaveIt() {
        assumeTrue(OneDnn.available() && OneDnn.multipliesBfloat16(), "no instructions for bfloat16");
    }

    /** Arrays go with the garbage collector, which sees none of their gigabytes. */
    @AfterEach
    void free() {
        System.gc();
    }

    @ParameterizedTest
    @MethodSource("small")
    void deviateNoFurtherThanPyTorch(String name) throws Exception {
        compare(name);
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("others")
    void norDoTheOthers(String name) throws Exception {
        compare(name);
    }

    private static void compare(String name) throws Exception {
        Map<String, INDArray> exact = Npz.read(resource("networks/" + name + ".npz"));
        INDArray expected = exact.get("logits");
        Network network = Models.builder(name).classes((int) expected.size(1)).build();
        ComputationGraph graph = network.init();
        ReferenceNetworksTest.fill(
                graph, ReferenceNetworksTest.REFERENCES.get(name).get());
        ((BaseLayer) graph.getLayer(Network.OUTPUT).conf().getLayer()).setActivationFn(new ActivationIdentity());
        long size = network.inputType().getHeight();
        double[] pixels = ReferenceNetworksTest.uniform("image", (int) (2 * 3 * size * size));
        INDArray images =
                Nd4j.create(pixels, new long[] {2, 3, size, size}, 'c').castTo(DataType.FLOAT);
        try (InferenceNetwork narrow = InferenceNetwork.optimize(graph, Precision.BFLOAT16)) {
            INDArray logits = narrow.outputSingle(images);
            assertThat(narrow.refusal()).isNull();
            double deviation =
                    logits.castTo(DataType.DOUBLE).subi(expected).amaxNumber().doubleValue();
            double theirs = deviationOfPyTorch(name);
            assertThat(deviation).as(name).isPositive().isLessThanOrEqualTo(FACTOR * theirs);
        }
    }

    private static double deviationOfPyTorch(String name) throws Exception {
        return Files.readAllLines(resource("bfloat16.csv")).stream()
                .map(line -> line.split(","))
                .filter(words -> words[0].equals(name))
                .mapToDouble(words -> Double.parseDouble(words[2]))
                .findFirst()
                .orElseThrow();
    }

    private static Path resource(String name) throws Exception {
        return Path.of(
                Bfloat16NetworksTest.class.getResource("/reference/" + name).toURI());
    }
}
