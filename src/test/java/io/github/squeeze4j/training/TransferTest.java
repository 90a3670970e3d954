package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.models.Models;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

class TransferTest {
    private static final INDArray INPUT = Nd4j.linspace(-1, 1, 4 * 64).reshape(4, 1, 8, 8);

    private static ComputationGraph trained() {
        ComputationGraph graph = Models.builder("se_resnet20")
                .inputSize(8)
                .inputChannels(1)
                .classes(2)
                .build()
                .init();
        graph.fit(new DataSet(INPUT, Nd4j.eye(2).repeat(0, 2)));
        return graph;
    }

    @Test
    void aNewClassifierOnOldLayers() {
        ComputationGraph before = trained();
        ComputationGraph after = Transfer.of(before).classes(3).seed(7).build();
        assertThat(after.outputSingle(INPUT).shape()).containsExactly(4, 3);
        assertThat(after.getIterationCount()).isZero();
        assertThat(after.getParam("stage2.block1.attention_reduceW"))
                .isEqualTo(before.getParam("stage2.block1.attention_reduceW"));
        assertThat(Transfer.of(before).classes(3).seed(7).build().params()).isEqualTo(after.params());
        assertThat(Transfer.of(before).classes(3).seed(8).build().params()).isNotEqualTo(after.params());
        assertThat(Transfer.of(before).build().outputSingle(INPUT)).isEqualTo(before.outputSingle(INPUT));
        assertThat(before.outputSingle(INPUT).shape()).containsExactly(4, 2);
    }

    /** What is frozen stays, statistics with it; what is not learns; and the engine computes both. */
    @Test
    void frozenLayersStay() {
        ComputationGraph before = trained();
        ComputationGraph after =
                Transfer.of(before).freezeUpTo("stage2.block3.relu").build();
        Optimizer.builder(Optimizer.Kind.ADAM, 0.01).build().applyTo(after);
        after.fit(new DataSet(INPUT, Nd4j.eye(2).repeat(0, 2)));
        assertThat(Acceleration.of(after).lastRefusal()).isNull();
        for (String name : new String[] {"stem.conv_W", "stem.bn_mean", "stage2.block3.attention_expandW"}) {
            assertThat(after.getParam(name)).as(name).isEqualTo(before.getParam(name));
        }
        for (String name : new String[] {"stage3.block1.conv1_W", "stage3.block1.bn1_mean", "classifier_b"}) {
            assertThat(after.getParam(name)).as(name).isNotEqualTo(before.getParam(name));
        }
    }

    @Test
    void badInput() {
        assertThatThrownBy(() -> Transfer.of(trained()).classes(1))
                .hasMessage("classes (1) must be at least 2; use one class for each label");
        assertThatThrownBy(() -> Transfer.of(trained()).freezeUpTo("relu9"))
                .hasMessage("vertex to freeze up to (relu9) must be one of the network's; use pool, the last before the"
                        + " classifier");
    }
}
