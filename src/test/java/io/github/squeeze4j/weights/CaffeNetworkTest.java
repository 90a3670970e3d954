package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

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
        INDArray probabilities = Transforms.softmax(expected.get("logits"));
        ComputationGraph graph = network(name).build();
        INDArray image = expected.get("image").castTo(DataType.FLOAT);
        // At inference all of it is the engine's, but for the output layer.
        Acceleration acceleration = Acceleration.of(graph);
        assertClose(name, graph.outputSingle(image), probabilities);
        assertThat(acceleration.lastRefusal()).isNull();
        acceleration.undo();
        assertClose(name + " by DL4J", graph.outputSingle(image), probabilities);
    }

    private static void assertClose(String what, INDArray actual, INDArray expected) {
        double difference =
                actual.castTo(DataType.DOUBLE).sub(expected).amaxNumber().doubleValue()
                        / expected.amaxNumber().doubleValue();
        assertThat(difference).as(what).isLessThan(TOLERANCE);
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
