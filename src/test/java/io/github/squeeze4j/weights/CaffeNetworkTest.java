package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Npz;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.models.ModelSummary;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Networks with the layers, names and shapes of the seven that hujie-frank/SENet released; {@code
 * src/test/python/make_caffe_networks.py} made the files and computed the logits with PyTorch.
 */
class CaffeNetworkTest {
    /** Relative to the largest. */
    private static final double TOLERANCE = 1e-5;

    @TempDir
    private Path folder;

    static Path fixture(String name) {
        try {
            return Path.of(
                    CaffeNetworkTest.class.getResource("/weights/caffe/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static CaffeNetwork network(String name) {
        return CaffeNetwork.read(fixture(name + ".prototxt")).weights(fixture(name + ".caffemodel"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SE-ResNet-50",
                "SE-ResNet-101",
                "SE-ResNet-152",
                "SE-ResNeXt-50",
                "SE-ResNeXt-101",
                "SENet-154",
                "SE-BN-Inception"
            })
    void smallOnesAnswerAsInPyTorch(String name) throws IOException {
        Map<String, INDArray> expected = Npz.read(fixture(name + ".npz"));
        INDArray logits = expected.get("logits");
        ComputationGraph graph = network(name).build();
        INDArray image = expected.get("image").castTo(DataType.FLOAT);
        // At inference all of it is the engine's, but for the output layer.
        Acceleration acceleration = Acceleration.of(graph);
        assertThat(CaffeNetworkCheck.difference(CaffeNetworkCheck.logits(graph, image), logits))
                .as(name)
                .isLessThan(TOLERANCE);
        assertThat(acceleration.lastRefusal()).isNull();
        assertThat(acceleration.otherLayers().keySet()).isSubsetOf("pool5/dropout_7x7_s1");
        acceleration.undo();
        assertThat(CaffeNetworkCheck.difference(CaffeNetworkCheck.logits(graph, image), logits))
                .as(name + " by DL4J")
                .isLessThan(TOLERANCE);
    }

    /** Other forms of the same layers, gates that are no block, inputs that several layers read; by the engine and by DL4J. */
    @Test
    void otherFormsAnswerAsInPyTorch() throws IOException {
        Map<String, INDArray> expected = Npz.read(fixture("Forms.npz"));
        ComputationGraph graph = network("Forms").build();
        INDArray image = expected.get("image").castTo(DataType.FLOAT);
        assertThat(CaffeNetworkCheck.difference(CaffeNetworkCheck.logits(graph, image), expected.get("logits")))
                .isLessThan(TOLERANCE);
        Acceleration.of(graph).undo();
        assertThat(CaffeNetworkCheck.difference(CaffeNetworkCheck.logits(graph, image), expected.get("logits")))
                .as("by DL4J")
                .isLessThan(TOLERANCE);
    }

    /** What is one block becomes one; names are those of the first layers. */
    @Test
    void vertices() {
        assertThat(CaffeNetwork.read(fixture("SE-ResNet-101.prototxt")).conf().getVertices())
                .containsOnlyKeys(
                        "conv1/7x7_s2",
                        "conv1/7x7_s2/bn",
                        "conv1/relu_7x7_s2",
                        "pool1/3x3_s2",
                        "conv2_1_1x1_reduce",
                        "conv2_1_1x1_reduce/bn",
                        "conv2_1_1x1_reduce/relu",
                        "conv2_1_3x3",
                        "conv2_1_3x3/bn",
                        "conv2_1_3x3/relu",
                        "conv2_1_1x1_increase",
                        "conv2_1_1x1_increase/bn",
                        "conv2_1_global_pool",
                        "conv2_1_1x1_proj",
                        "conv2_1_1x1_proj/bn",
                        "conv2_1",
                        "conv2_1/relu",
                        "conv3_1_1x1_reduce",
                        "conv3_1_1x1_reduce/bn",
                        "conv3_1_1x1_reduce/relu",
                        "conv3_1_3x3",
                        "conv3_1_3x3/bn",
                        "conv3_1_3x3/relu",
                        "conv3_1_1x1_increase",
                        "conv3_1_1x1_increase/bn",
                        "conv3_1_global_pool",
                        "conv3_1_1x1_proj",
                        "conv3_1_1x1_proj/bn",
                        "conv3_1",
                        "conv3_1/relu",
                        "conv3_2_1x1_reduce",
                        "conv3_2_1x1_reduce/bn",
                        "conv3_2_1x1_reduce/relu",
                        "conv3_2_3x3",
                        "conv3_2_3x3/bn",
                        "conv3_2_3x3/relu",
                        "conv3_2_1x1_increase",
                        "conv3_2_1x1_increase/bn",
                        "conv3_2_global_pool",
                        "conv3_2",
                        "conv3_2/relu",
                        "pool5/7x7_s1",
                        "classifier");
    }

    @Test
    void imagesArePreparedAsTheAuthorsDo() {
        CaffeNetwork network = CaffeNetwork.read(fixture("SE-ResNet-101.prototxt"));
        assertThat(network.input().colourOrder()).isEqualTo("BGR");
        assertThat(network.input().size()).isEqualTo(33);
        assertThat(network.input().mean()).containsExactly(104 / 255.0, 117 / 255.0, 123 / 255.0);
        assertThatThrownBy(CaffeNetwork.read(fixture("Forms.prototxt"))::input)
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("(3 channels, 21x18) must have 3 channels and be square for these settings");
    }

    @ParameterizedTest
    @CsvSource({
        "SE-ResNet-50, 28088024, 53120, 3860488192",
        "SE-ResNet-101, 49326872, 105344, 7574937600",
        "SE-ResNet-152, 66821848, 151424, 11288993792",
        "SE-ResNeXt-50, 27559896, 68224, 4232994816",
        "SE-ResNeXt-101, 48955416, 137856, 7974739968",
        "SENet-154, 115088984, 247552, 20688363520",
        "SE-BN-Inception, 11931622, 20032, 2033239424"
    })
    void fullOnesHaveTheCountsOfTheReleased(String name, long parameters, long statistics, long macs)
            throws IOException {
        Path text = folder.resolve(name + ".prototxt");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(fixture(name + "-full.prototxt.gz")))) {
            Files.copy(in, text);
        }
        CaffeNetwork network = CaffeNetwork.read(text);
        assertThat(network.name()).isEqualTo(name);
        ModelSummary summary = ModelSummary.of(name, network.conf(), network.inputType());
        assertThat(summary.params()).isEqualTo(parameters);
        assertThat(summary.runningStatistics()).isEqualTo(statistics);
        assertThat(summary.macs()).isEqualTo(macs);
    }
}
