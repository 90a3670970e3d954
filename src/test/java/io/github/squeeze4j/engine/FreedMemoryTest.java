package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.onednn.LiveObjects;
import io.github.squeeze4j.onednn.OneDnn;
import io.github.squeeze4j.onednn.RefusedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Networks that are over leave no native memory: of oneDNN's objects as many are freed as were made. */
class FreedMemoryTest {
    private static final int SIZE = 12;

    private int before;

    @BeforeEach
    void settle() {
        assertThat(OneDnn.available()).isTrue(); // this thread's stream is one of the objects
        before = LiveObjects.settled();
    }

    private static ComputationGraph network() {
        return Networks.branches(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
    }

    private static INDArray images(int batch, int size) {
        return Nd4j.rand(DataType.FLOAT, batch, 3, size, size);
    }

    private static void trainAndAsk(ComputationGraph network) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 2, Networks.CLASSES);
        labels.putScalar(0, 1, 1);
        labels.putScalar(1, 2, 1);
        INDArray[] all = new INDArray[network.getNumOutputArrays()];
        Arrays.fill(all, labels);
        network.fit(new MultiDataSet(new INDArray[] {images(2, SIZE)}, all));
        network.output(images(2, SIZE));
    }

    private static Executor executor() {
        return new Executor(new Plan(Topology.of(network())));
    }

    private static INDArray[] output(Executor executor, INDArray images) {
        LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
        executor.forward(Mode.FROZEN, new INDArray[] {images}, none);
        return executor.outputs(none);
    }

    @Test
    void aDroppedNetwork() {
        dropOne();
        assertThat(LiveObjects.settled()).isEqualTo(before);
    }

    private void dropOne() {
        ComputationGraph network = network();
        Acceleration acceleration = Acceleration.apply(network);
        trainAndAsk(network);
        assertThat(acceleration.lastRefusal()).isNull();
        assertThat(LiveObjects.count()).isGreaterThan(before + 100);
    }

    @Test
    void aClosedExecutor() {
        Executor executor = executor();
        INDArray images = images(2, SIZE);
        INDArray[] outputs = output(executor, images);
        assertThat(LiveObjects.count()).isGreaterThan(before + 100);
        executor.close();
        executor.close();
        assertThat(LiveObjects.count()).isEqualTo(before);
        assertThatThrownBy(() -> output(executor, images))
                .isInstanceOf(Unsupported.class)
                .hasMessage("it is closed");
        assertThat(outputs[0].sumNumber().doubleValue()).isNotNaN();
    }

    @Test
    void sizesThatAreNotUsedAnyMore() {
        Plan plan = new Plan(Topology.of(network()));
        try (Executor executor = new Executor(plan)) {
            int[] objects = new int[3];
            int[] constants = new int[3];
            for (int turn = 0; turn < 3; turn++) {
                for (int size = 0; size < 8; size++) {
                    output(executor, images(1 + size, turn == 1 ? 20 : SIZE));
                }
                objects[turn] = LiveObjects.count() - before;
                constants[turn] = LiveObjects.constants(plan.constants);
            }
            assertThat(objects[2]).isEqualTo(objects[0]);
            assertThat(constants[2]).isEqualTo(constants[0]);
        }
        assertThat(LiveObjects.count()).isEqualTo(before);
        assertThat(LiveObjects.constants(plan.constants)).isZero();
    }

    /** At every so many of oneDNN's calls while programs are made and run. */
    @ParameterizedTest
    @EnumSource(Mode.class)
    void aFailureHalfWay(Mode mode) {
        Plan plan = new Plan(Topology.of(network()));
        INDArray images = images(1, SIZE);
        List<String> failures = new ArrayList<>();
        boolean more = true;
        for (int nth = 1; more; nth += 47) {
            try (Executor executor = new Executor(plan)) {
                more = LiveObjects.failing(nth, () -> {
                    try {
                        executor.forward(mode, new INDArray[] {images}, LayerWorkspaceMgr.noWorkspaces());
                    } catch (Unsupported | RefusedException e) {
                        failures.add(e.getMessage());
                    }
                });
            }
            assertThat(LiveObjects.count()).as("call %d failed", nth).isEqualTo(before);
            assertThat(LiveObjects.constants(plan.constants)).isZero();
        }
        assertThat(failures)
                .hasSizeGreaterThan(5)
                .allMatch(message -> message.endsWith("failed with a status that is not known (status -1)"));
    }

    @Test
    void undoneAcceleration() {
        ComputationGraph network = network();
        Acceleration acceleration = Acceleration.apply(network);
        trainAndAsk(network);
        assertThat(LiveObjects.count()).isGreaterThan(before + 100);
        acceleration.undo();
        acceleration.undo();
        assertThat(LiveObjects.count()).isEqualTo(before);
        assertThat(network.output(images(2, SIZE))[0].sumNumber().doubleValue()).isNotNaN();
    }

    /** Even at the address of one that was freed. */
    @Test
    void anotherGradientVectorIsCutAnew() {
        ComputationGraph network = network();
        Layer layer = network.getLayer("conv");
        GradientViews views = new GradientViews(layer);
        INDArray first = vector(layer);
        layer.setBackpropGradientsViewArray(first);
        INDArray view = views.get("W");
        assertThat(views.get("W")).isSameAs(view);
        long address = first.data().address();
        for (int i = 0; i < 100; i++) {
            first.close();
            first = vector(layer);
            if (first.data().address() == address) {
                break;
            }
        }
        layer.setBackpropGradientsViewArray(first);
        assertThat(views.get("W")).isNotSameAs(view);
        assertThat(views.get("W").sumNumber().longValue()).isEqualTo(view.length());
    }

    private static INDArray vector(Layer layer) {
        return Nd4j.ones(DataType.FLOAT, 1, layer.numParams());
    }
}
