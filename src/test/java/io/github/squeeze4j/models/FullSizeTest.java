package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;

/** The 50-layer networks with each block at the papers' size: 224x224, 1000 classes. */
@Tag("heavy")
class FullSizeTest {
    static List<String> names() {
        return Models.names().stream().filter(name -> name.endsWith("resnet50")).collect(Collectors.toList());
    }

    @ParameterizedTest
    @MethodSource("names")
    void trainsAtFullSize(String name) {
        ComputationGraph graph =
                Models.builder(name).updater(new Nesterovs(0.001, 0.9)).build().init();
        Nd4j.getRandom().setSeed(1);
        DataSet data = new DataSet(Nd4j.randn(DataType.FLOAT, 2, 3, 224, 224), Nd4j.zeros(DataType.FLOAT, 2, 1000));
        data.getLabels().putScalar(0, 3, 1);
        data.getLabels().putScalar(1, 7, 1);
        graph.setInputs(data.getFeatures());
        graph.setLabels(data.getLabels());
        graph.computeGradientAndScore();
        assertThat(graph.score()).isFinite();
        Map<String, INDArray> gradients = graph.gradient().gradientForVariable();
        for (Map.Entry<String, INDArray> gradient : gradients.entrySet()) {
            assertThat(gradient.getValue().isNaN().any()).as(gradient.getKey()).isFalse();
        }
        graph.fit(data);
        INDArray output = graph.outputSingle(data.getFeatures());
        assertThat(output.shape()).isEqualTo(new long[] {2, 1000});
        assertThat(output.isNaN().any()).isFalse();
    }
}
