package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.internal.UpdaterStates;
import io.github.squeeze4j.models.Models;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;

class OptimizerTest {
    private static ComputationGraph network() {
        return Models.builder("se_resnet20")
                .inputSize(8)
                .inputChannels(1)
                .classes(2)
                .updater(new Adam(0.5))
                .build()
                .init();
    }

    private static DataSet batch(int images) {
        Nd4j.getRandom().setSeed(3);
        INDArray labels = Nd4j.zeros(images, 2);
        for (int i = 0; i < images; i++) {
            labels.putScalar(i, i % 2, 1);
        }
        return new DataSet(Nd4j.randn(images, 1, 8, 8), labels);
    }

    /** Every learned parameter of every layer, and nothing that is not learned. */
    @ParameterizedTest
    @EnumSource
    void reachesEveryLayerWithBlocks(Optimizer.Kind kind) {
        ComputationGraph graph = network();
        Optimizer.builder(kind, 0.01).weightDecay(1e-3).build().applyTo(graph);
        int learned = 0;
        for (UpdaterBlock block : graph.getUpdater().getUpdaterBlocks()) {
            for (UpdaterBlock.ParamState parameter : block.getLayersAndVariablesInBlock()) {
                String name = parameter.getParamName();
                IUpdater updater = parameter.getLayer().getConfig().getUpdaterByParam(name);
                boolean statistic = name.equals("mean") || name.equals("var");
                assertThat(updater instanceof NoOp).as(name).isEqualTo(statistic);
                if (!statistic) {
                    assertThat(updater.getLearningRate(0, 0)).isEqualTo(0.01);
                    boolean weight = name.endsWith("W");
                    List<?> decay = parameter.getLayer().getConfig().getRegularizationByParam(name);
                    assertThat(decay == null ? 0 : decay.size()).as(name).isEqualTo(weight ? 1 : 0);
                    learned++;
                }
            }
        }
        assertThat(learned).isEqualTo(21 + 21 * 2 + 9 * 2 + 2);
        graph.fit(batch(4));
        ComputationGraph read = new ComputationGraph(
                ComputationGraphConfiguration.fromJson(graph.getConfiguration().toJson()));
        read.init(graph.params().dup(), false);
        assertThat(read.getLearningRate("classifier")).isEqualTo(0.01);
        assertThat(Acceleration.of(graph).lastRefusal()).isNull();
    }

    @Test
    void biasesDecayWhereWanted() {
        ComputationGraph graph = network();
        Optimizer.builder(Optimizer.Kind.SGD, 0.01)
                .weightDecay(1e-3)
                .decayBiases(true)
                .build()
                .applyTo(graph);
        assertThat(graph.getLayer("classifier").conf().getLayer().getRegularizationByParam("b"))
                .hasSize(1);
        assertThat(graph.getLayer("stem.bn").conf().getLayer().getRegularizationByParam("gamma"))
                .isNullOrEmpty();
    }

    /** The step of a layer that learns at a tenth is a tenth of the other's. */
    @Test
    void factorsByLayer() {
        ComputationGraph graph = network();
        ComputationGraph slow = network();
        Optimizer.builder(Optimizer.Kind.SGD, 0.01).build().applyTo(graph);
        Optimizer.builder(Optimizer.Kind.SGD, 0.01)
                .layerFactor(layer -> layer.equals("stem.conv") ? 0.1 : 1)
                .build()
                .applyTo(slow);
        INDArray before = graph.getParam("stem.conv_W").dup();
        graph.fit(batch(4));
        slow.fit(batch(4));
        INDArray step = graph.getParam("stem.conv_W").sub(before).div(10);
        assertThat(slow.getParam("stem.conv_W").sub(before).distance2(step))
                .isLessThan(1e-3 * step.norm2Number().doubleValue());
        assertThat(slow.getParam("classifier_W")).isEqualTo(graph.getParam("classifier_W"));
    }

    /** State moves with its parameter when other blocks of equal updaters arise. */
    @Test
    void momentumStays() {
        ComputationGraph graph = network();
        graph.fit(batch(4));
        Map<String, INDArray[]> before = copies(graph);
        Optimizer.setLearningRate(graph, 0.125);
        assertThat(graph.getLearningRate("classifier")).isEqualTo(0.125);
        assertThat(((SqueezeExcitation)
                                graph.getLayer("stage1.block1.attention").conf().getLayer())
                        .getUpdater()
                        .getLearningRate(0, 0))
                .isEqualTo(0.125);
        assertSame(before, graph);
        Optimizer.builder(Optimizer.Kind.ADAM, 0.1)
                .layerFactor(layer -> layer.startsWith("stage1") ? 0.5 : 1)
                .build()
                .applyTo(graph);
        assertSame(before, graph);
        graph.fit(batch(4));
        Optimizer.builder(Optimizer.Kind.SGD, 0.1).build().applyTo(graph);
        UpdaterStates.of(graph.getUpdater()).values().forEach(parts -> {
            assertThat(parts).hasSize(1);
            assertThat(parts[0].amaxNumber().doubleValue()).isZero();
        });
    }

    private static Map<String, INDArray[]> copies(ComputationGraph graph) {
        Map<String, INDArray[]> copies = UpdaterStates.of(graph.getUpdater());
        copies.values().forEach(parts -> {
            for (int i = 0; i < parts.length; i++) {
                parts[i] = parts[i].dup();
            }
        });
        return copies;
    }

    private static void assertSame(Map<String, INDArray[]> before, ComputationGraph graph) {
        Map<String, INDArray[]> after = UpdaterStates.of(graph.getUpdater());
        assertThat(new TreeSet<>(after.keySet())).isEqualTo(new TreeSet<>(before.keySet()));
        after.forEach((name, parts) -> assertThat(parts).as(name).isEqualTo(before.get(name)));
    }

    @Test
    void networksOfLayers() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .updater(new Adam(0.5))
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).build())
                .layer(SqueezeExcitation.builder().reduction(2).build())
                .layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(new OutputLayer.Builder().nOut(2).build())
                .setInputType(InputType.convolutional(8, 8, 1))
                .build());
        network.init();
        Optimizer.setLearningRate(network, new CosineDecay(0.1, 10, 0));
        assertThat(network.getLearningRate(0)).isEqualTo(0.1);
        network.fit(batch(4));
        assertThat(((SqueezeExcitation) network.getLayer(1).conf().getLayer())
                        .getUpdater()
                        .getLearningRate(10, 0))
                .isZero();
        assertThatThrownBy(() -> Optimizer.setLearningRate(null, 0.1))
                .hasMessage(
                        "network (null) must be a ComputationGraph or a MultiLayerNetwork; give an initialised one");
    }

    /** v = 0.9 v + g, w -= 0.1 v with g = w: the numbers by hand. */
    @Test
    void classicMomentum() {
        ClassicMomentum updater = new ClassicMomentum(new FixedSchedule(0.1), 0.9);
        INDArray state = Nd4j.ones(1);
        var step = updater.instantiate(state, true);
        double w = 1;
        for (double expected : new double[] {0.9, 0.72, 0.486}) {
            INDArray gradient = Nd4j.createFromArray((float) w);
            step.applyUpdater(gradient, 0, 0);
            w -= gradient.getDouble(0);
            assertThat(w).isCloseTo(expected, within(1e-6));
        }
    }

    @Test
    void schedulesByHandAndInJson() {
        ISchedule[] schedules = {
            new CosineDecay(0.4, 10, 0.2),
            new WarmUp(new FixedSchedule(0.4), 4),
            new ScaledSchedule(new OneCycle(0.1, 10), 0.5)
        };
        assertThat(schedules[0].valueAt(0, 0)).isEqualTo(0.4);
        assertThat(schedules[0].valueAt(5, 0)).isCloseTo(0.3, within(Math.ulp(0.4)));
        assertThat(schedules[0].valueAt(99, 0)).isCloseTo(0.2, within(Math.ulp(0.4)));
        assertThat(schedules[1].valueAt(0, 0)).isCloseTo(0.1, within(Math.ulp(0.4)));
        assertThat(schedules[1].valueAt(3, 0)).isEqualTo(0.4);
        assertThat(schedules[2].valueAt(1, 0)).isCloseTo(0.05, within(Math.ulp(0.4)));
        for (ISchedule schedule : schedules) {
            ComputationGraph graph = network();
            Optimizer.builder(Optimizer.Kind.SGD, schedule)
                    .nesterov(false)
                    .build()
                    .applyTo(graph);
            String json = graph.getConfiguration().toJson();
            IUpdater read = ((org.deeplearning4j.nn.conf.layers.BaseLayer)
                            ((org.deeplearning4j.nn.conf.graph.LayerVertex) ComputationGraphConfiguration.fromJson(json)
                                            .getVertices()
                                            .get("classifier"))
                                    .getLayerConf()
                                    .getLayer())
                    .getIUpdater();
            assertThat(read).isEqualTo(new ClassicMomentum(schedule, 0.9)).hasSameHashCodeAs(read.clone());
            assertThat(schedule.clone()).isEqualTo(schedule);
        }
    }

    @Test
    void badNumbers() {
        assertThatThrownBy(() -> Optimizer.builder(Optimizer.Kind.SGD, 0))
                .hasMessage("learning rate (0.0) must be positive and finite; use 0.1");
        Optimizer.Builder builder = Optimizer.builder(Optimizer.Kind.SGD, 1);
        assertThatThrownBy(() -> builder.momentum(1)).hasMessage("momentum (1.0) must be from 0 to below 1; use 0.9");
        assertThatThrownBy(() -> builder.weightDecay(-1))
                .hasMessage("weight decay (-1.0) must be 0 or more and finite; use 1e-4");
        assertThatThrownBy(() -> new ScaledSchedule(new FixedSchedule(1), 0))
                .hasMessageStartingWith("learning-rate factor (0.0) must be positive");
        assertThatThrownBy(() -> new WarmUp(new FixedSchedule(1), 0)).hasMessageStartingWith("warm-up steps (0)");
        assertThatThrownBy(() -> new CosineDecay(1, 5, 2))
                .hasMessage("floor (2.0) must be from 0 to the peak (1.0); use 0");
    }

    /** Two halves, summed, are one batch where no layer looks at the whole batch; and clipping is of the whole vector. */
    @Test
    void sumsAndClips() {
        ComputationGraph whole = TinyGraph.create(8, 2, 0.1);
        ComputationGraph halves = TinyGraph.create(8, 2, 0.1);
        DataSet batch = batch(10);
        INDArray start = whole.params().dup();
        whole.fit(batch);
        Gradients gradients = new Gradients(halves, 0);
        halves.addListeners(gradients);
        gradients.accumulate(part(batch, 0, 4));
        halves.fit(part(batch, 4, 10));
        assertThat(halves.params().sub(whole.params()).amaxNumber().doubleValue())
                .isLessThan(1e-6);
        assertThat(halves.getIterationCount()).isEqualTo(1);

        ComputationGraph clipped = TinyGraph.create(8, 2, 0.1);
        double norm = whole.params().sub(start).norm2Number().doubleValue() / 0.19;
        clipped.addListeners(new Gradients(clipped, norm / 2));
        clipped.fit(batch);
        assertThat(clipped.params().sub(start).mul(2).distance2(whole.params().sub(start)))
                .isLessThan(1e-4 * norm);
    }

    /** Running statistics see every batch, and no sum. */
    @Test
    void statisticsMoveWithEachBatch() {
        ComputationGraph graph = network();
        ComputationGraph twice = network();
        Optimizer.builder(Optimizer.Kind.SGD, 1e-30).build().applyTo(graph);
        Optimizer.builder(Optimizer.Kind.SGD, 1e-30).build().applyTo(twice);
        DataSet batch = batch(8);
        Gradients gradients = new Gradients(twice, 1e-9);
        twice.addListeners(gradients);
        gradients.accumulate(part(batch, 0, 4));
        twice.fit(part(batch, 4, 8));
        graph.fit(part(batch, 0, 4));
        graph.fit(part(batch, 4, 8));
        for (String statistic : new String[] {"stem.bn_mean", "stem.bn_var", "stage1.block1.bn1_mean"}) {
            assertThat(twice.getParam(statistic).distance2(graph.getParam(statistic)))
                    .as(statistic)
                    .isLessThan(1e-6);
        }
    }

    private static DataSet part(DataSet batch, int from, int to) {
        INDArray features = batch.getFeatures()
                .get(NDArrayIndex.interval(from, to), NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.all())
                .dup();
        return new DataSet(
                features,
                batch.getLabels()
                        .get(NDArrayIndex.interval(from, to), NDArrayIndex.all())
                        .dup());
    }
}
