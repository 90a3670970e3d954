package io.github.squeeze4j.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

class GateStudyTest {
    @TempDir
    private static Path folder;

    private static ComputationGraph network() {
        return Models.builder("resnet20")
                .attention(Attention.of(SqueezeExcitation.builder().build()))
                .classes(2)
                .inputSize(16, 16)
                .build()
                .init();
    }

    private static DataSet batch() {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 4, 2);
        for (int i = 0; i < 4; i++) {
            labels.putScalar(i, i % 2, 1);
        }
        return new DataSet(Nd4j.rand(DataType.FLOAT, 4, 3, 16, 16), labels);
    }

    @Test
    void countsWhatIsOpenShutAndStill() {
        BlockMaps block = Explanation.of(network())
                .explain(Nd4j.rand(DataType.FLOAT, 1, 3, 16, 16))
                .blocks()
                .get(0);
        GateStatistics gates = new GateStatistics(block, block.gates().get(0), 3);
        // open and still; shut; moving; still in the middle
        gates.add(Nd4j.create(new double[][] {{0.99, 0.01, 0.2, 0.5}, {0.99, 0.04, 0.6, 0.5}}), new int[] {0, 2});
        gates.add(Nd4j.create(new double[][] {{0.99, 0.02, 0.4, 0.505}}), new int[] {0});
        assertThat(gates.alwaysOpen()).isEqualTo(0.25);
        assertThat(gates.alwaysShut()).isEqualTo(0.25);
        assertThat(gates.neverMoving()).isEqualTo(0.5);
        assertThat(gates.hasClass(1)).isFalse();
        assertThat(gates.mean(0, 2)).isCloseTo(0.3, within(1e-12));
        assertThat(gates.deviation(0, 2)).isCloseTo(0.1, within(1e-12));
        assertThat(gates.mean(2)).isCloseTo((0.3 + 0.6) / 2, within(1e-12));
        double[] half = {0, (0.04 - 0.015) / 2, 0.15, 0.00125};
        double squares = 0;
        for (double difference : half) {
            squares += difference * difference;
        }
        assertThat(gates.distance(2)).isCloseTo(Math.sqrt(squares / 4), within(1e-12));
    }

    @Test
    void aListenerReadsWhatTrainingDoes() throws Exception {
        ComputationGraph graph = network();
        for (Layer layer : graph.getLayers()) {
            if (layer.conf().getLayer().getLayerName().equals("stage1.block1.attention")) {
                AttentionBlock.startNearIdentity(layer, 0.999);
            }
        }
        GateListener listener = new GateListener(2);
        graph.addListeners(listener);
        for (int i = 0; i < 3; i++) {
            graph.fit(batch());
        }
        // after iterations 0 and 2
        assertThat(listener.readings()).hasSize(2 * 9);
        List<GateListener.Reading> first = listener.readings().stream()
                .filter(reading -> reading.layer().equals("stage1.block1.attention"))
                .collect(Collectors.toList());
        assertThat(first.get(0).open()).isEqualTo(1);
        assertThat(first.get(0).still()).isEqualTo(1);
        assertThat(first.get(0).shut()).isZero();
        Path csv = folder.resolve("gates.csv");
        listener.writeCsv(csv);
        assertThat(Files.readAllLines(csv))
                .hasSize(19)
                .startsWith("iteration,layer,gate,shut,open,still")
                .anyMatch(line -> line.matches("\\d+,stage1\\.block1\\.attention,channel,0\\.0000,1\\.0000,1\\.0000"));
    }

    @Test
    void aListenerLeavesTheTrainingAsItIs() {
        ComputationGraph plain = network();
        ComputationGraph watched = plain.clone();
        watched.addListeners(new GateListener(1));
        DataSet batch = batch();
        for (int i = 0; i < 3; i++) {
            plain.fit(batch);
            watched.fit(batch);
        }
        assertThat(watched.params()).isEqualTo(plain.params());
    }

    @Test
    void saysWhatIsWrong() {
        assertThatThrownBy(() -> new GateListener(0))
                .isExactlyInstanceOf(BadInputException.class)
                .hasMessage("iterations between readings (0) must be positive; use 100");
    }
}
