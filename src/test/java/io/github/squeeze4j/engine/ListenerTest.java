package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.InvocationType;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.CheckpointListener;
import org.deeplearning4j.optimize.listeners.CollectScoresIterationListener;
import org.deeplearning4j.optimize.listeners.CollectScoresListener;
import org.deeplearning4j.optimize.listeners.ComposableIterationListener;
import org.deeplearning4j.optimize.listeners.EvaluativeListener;
import org.deeplearning4j.optimize.listeners.FailureTestingListener;
import org.deeplearning4j.optimize.listeners.PerformanceListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.deeplearning4j.optimize.listeners.SleepyTrainingListener;
import org.deeplearning4j.optimize.listeners.TimeIterationListener;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.stats.api.StatsReport;
import org.deeplearning4j.ui.model.stats.api.StatsType;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Every listener of DL4J, and those that record each kind of call, see with an accelerated network what they see with a stock one. */
@Tag("tiny")
class ListenerTest {
    @TempDir
    static Path folder;

    /** A listener and how to read what it has seen. */
    private static final class Watched {
        final TrainingListener listener;
        final List<Object> seen;

        Watched(TrainingListener listener, List<Object> seen) {
            this.listener = listener;
            this.seen = seen;
        }
    }

    private static final class Row {
        final String name;
        final Class<?> type;
        final BiFunction<List<Object>, File, TrainingListener> make;

        Row(String name, Class<?> type, BiFunction<List<Object>, File, TrainingListener> make) {
            this.name = name;
            this.type = type;
            this.make = make;
        }
    }

    private static final List<Row> ROWS = new ArrayList<>();

    private static void row(Class<?> type, String name, BiFunction<List<Object>, File, TrainingListener> make) {
        ROWS.add(new Row(type.getSimpleName() + " " + name, type, make));
    }

    static {
        row(ScoreIterationListener.class, "", (seen, file) -> new ScoreIterationListener(1));
        row(PerformanceListener.class, "", (seen, file) -> new PerformanceListener(1, true));
        row(TimeIterationListener.class, "", (seen, file) -> new TimeIterationListener(6));
        row(
                SleepyTrainingListener.class,
                "",
                (seen, file) ->
                        SleepyTrainingListener.builder().timerIteration(1).build());
        row(CollectScoresIterationListener.class, "", (seen, file) -> {
            CollectScoresIterationListener listener = new CollectScoresIterationListener(1);
            seen.add((Reading) () -> listener.getScoreVsIter().getEffectiveScores());
            return listener;
        });
        row(CollectScoresListener.class, "", (seen, file) -> {
            CollectScoresListener listener = new CollectScoresListener(1);
            seen.add((Reading) () -> listener.getListScore().toDoubleArray());
            return listener;
        });
        row(CheckpointListener.class, "", (seen, file) -> {
            CheckpointListener listener = new CheckpointListener.Builder(file)
                    .saveEveryNIterations(2)
                    .keepAll()
                    .build();
            seen.add((Reading) () -> {
                List<INDArray> parameters = new ArrayList<>();
                for (int i = 0; i < listener.availableCheckpoints().size(); i++) {
                    Object saved = file.getName().contains("graph")
                            ? CheckpointListener.loadCheckpointCG(file, i)
                            : CheckpointListener.loadCheckpointMLN(file, i);
                    parameters.add(((Model) saved).params());
                }
                return parameters;
            });
            return listener;
        });
        row(EvaluativeListener.class, "", (seen, file) -> {
            EvaluativeListener listener =
                    new EvaluativeListener(batches(), 1, InvocationType.ITERATION_END, new Evaluation());
            listener.setCallback(
                    (l, model, count, evaluations) -> seen.add(((Evaluation) evaluations[0]).confusionToString()));
            return listener;
        });
        row(
                FailureTestingListener.class,
                "",
                (seen, file) -> new FailureTestingListener(
                        FailureTestingListener.FailureMode.ILLEGAL_STATE,
                        new FailureTestingListener.IterationEpochTrigger(false, 2)));
        row(ComposableIterationListener.class, "", (seen, file) -> new ComposableIterationListener(new Scores(seen)));
        row(Scores.class, "", (seen, file) -> new Scores(seen));
        row(Parameters.class, "", (seen, file) -> new Parameters(seen));
        row(Gradients.class, "", (seen, file) -> new Gradients(seen));
        row(Statistics.class, "", (seen, file) -> new Statistics(seen));
        row(StatsListener.class, "", (seen, file) -> new StatsListener(reports(seen), 1));
        row(Activations.class, "", (seen, file) -> new Activations(seen));
        row(Everything.class, "", (seen, file) -> new Everything(seen));
    }

    private interface Reading {
        Object read() throws Exception;
    }

    // ---- listeners that record -------------------------------------------------------------------------------------

    /** Reads the score. */
    private static class Scores extends BaseTrainingListener {
        final List<Object> seen;

        Scores(List<Object> seen) {
            this.seen = seen;
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            seen.add("iteration " + iteration + " epoch " + epoch);
            seen.add(model.score());
        }
    }

    /** Reads parameters and the gradient after each iteration. */
    private static final class Parameters extends Scores {
        Parameters(List<Object> seen) {
            super(seen);
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            super.iterationDone(model, iteration, epoch);
            seen.add(copy(model.params()));
            model.paramTable().forEach((name, parameter) -> seen.add(name));
        }
    }

    /** Reads gradients before they are applied. */
    private static final class Gradients extends Scores {
        Gradients(List<Object> seen) {
            super(seen);
        }

        @Override
        public void onGradientCalculation(Model model) {
            record(seen, model.gradient().gradientForVariable());
        }

        @Override
        public void onBackwardPass(Model model) {
            seen.add("backward");
            record(seen, model.gradient().gradientForVariable());
        }
    }

    /** Reads what each layer gives. */
    private static final class Activations extends Scores {
        Activations(List<Object> seen) {
            super(seen);
        }

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            record(seen, activations);
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            activations.forEach(array -> seen.add(copy(array)));
        }
    }

    /** Reads numbers of what each layer gives, before and after writing to it. */
    private static final class Statistics extends Scores {
        Statistics(List<Object> seen) {
            super(seen);
        }

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            activations.values().forEach(this::read);
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            activations.forEach(this::read);
        }

        private void read(INDArray array) {
            if (array.rank() < 4 || array.size(1) == 2) {
                return; // output and input are the network's own
            }
            numbers(array);
            numbers(array);
            INDArray view = array.slice(0);
            view.muli(2);
            numbers(array);
            view.muli(2);
            numbers(array);
            view.muli(0.25); // training reads it
        }

        private void numbers(INDArray array) {
            seen.add(new double[] {
                array.meanNumber().doubleValue(),
                array.stdNumber().doubleValue(),
                array.minNumber().doubleValue(),
                array.maxNumber().doubleValue()
            });
            seen.add(array.norm1Number().doubleValue());
        }
    }

    /** Records the numbers of StatsListener's reports. */
    private static StatsStorageRouter reports(List<Object> seen) {
        return (StatsStorageRouter) Proxy.newProxyInstance(
                ListenerTest.class.getClassLoader(),
                new Class<?>[] {StatsStorageRouter.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("putUpdate")) {
                        StatsReport report = (StatsReport) arguments[0];
                        seen.add(report.getScore());
                        for (StatsType type : StatsType.values()) {
                            record(seen, type + " means ", report.getMean(type));
                            record(seen, type + " deviations ", report.getStdev(type));
                            record(seen, type + " magnitudes ", report.getMeanMagnitudes(type));
                            seen.add(type + " histograms "
                                    + new TreeSet<>(report.getHistograms(type).keySet()));
                        }
                    }
                    return method.getName().equals("hashCode") ? (Object) 0 : null;
                });
    }

    private static void record(List<Object> seen, String what, Map<String, Double> numbers) {
        TreeMap<String, Double> sorted = new TreeMap<>(numbers);
        seen.add(what + sorted.keySet());
        seen.add(sorted.values().stream().mapToDouble(number -> number).toArray());
    }

    /** All calls. */
    private static final class Everything implements TrainingListener {
        final List<Object> seen;

        Everything(List<Object> seen) {
            this.seen = seen;
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            seen.add("iteration " + iteration + " " + epoch);
            seen.add(model.score());
        }

        @Override
        public void onEpochStart(Model model) {
            seen.add("start");
        }

        @Override
        public void onEpochEnd(Model model) {
            seen.add("end");
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            activations.forEach(array -> seen.add(copy(array)));
        }

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            record(seen, activations);
        }

        @Override
        public void onGradientCalculation(Model model) {
            record(seen, model.gradient().gradientForVariable());
        }

        @Override
        public void onBackwardPass(Model model) {
            seen.add("backward");
        }
    }

    /** In no workspace. */
    private static INDArray copy(INDArray array) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return array.dup();
        }
    }

    private static void record(List<Object> seen, Map<String, INDArray> arrays) {
        arrays.forEach((name, array) -> {
            seen.add(name);
            seen.add(array == null ? null : copy(array));
        });
    }

    // ---- networks --------------------------------------------------------------------------------------------------

    private static DataSetIterator batches() {
        INDArray labels = Nd4j.zeros(6, 3);
        for (int i = 0; i < 6; i++) {
            labels.putScalar(i, i % 3, 1);
        }
        return new ListDataSetIterator<>(new DataSet(Twins.normal(new Random(1), 6, 2, 6, 6), labels).asList(), 2);
    }

    private static NeuralNetConfiguration.Builder start() {
        return new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Sgd(0.1))
                .activation(Activation.RELU);
    }

    private static ConvolutionLayer conv() {
        return new ConvolutionLayer.Builder(3, 3).nOut(4).build();
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build();
    }

    private static Model network(boolean graph) {
        if (!graph) {
            MultiLayerNetwork network = new MultiLayerNetwork(start().list()
                    .layer(conv())
                    .layer(new BatchNormalization())
                    .layer(new GlobalPoolingLayer(PoolingType.AVG))
                    .layer(output())
                    .setInputType(InputType.convolutional(6, 6, 2))
                    .build());
            network.init();
            return Twins.randomised(network, 4);
        }
        ComputationGraph network = new ComputationGraph(start().graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutional(6, 6, 2))
                .addLayer("conv", conv(), "in")
                .addLayer("bn", new BatchNormalization(), "conv")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "bn")
                .addLayer("out", output(), "pool")
                .setOutputs("out")
                .build());
        network.init();
        return Twins.randomised(network, 4);
    }

    /** What a listener sees in two epochs. */
    private static List<Object> seen(Row row, Model network, String name) throws Exception {
        List<Object> seen = new ArrayList<>();
        File file = folder.resolve(name).toFile();
        file.mkdirs();
        TrainingListener listener = row.make.apply(seen, file);
        try {
            if (network instanceof ComputationGraph) {
                ((ComputationGraph) network).setListeners(listener);
                ((ComputationGraph) network).fit(batches(), 2);
            } else {
                ((MultiLayerNetwork) network).setListeners(listener);
                ((MultiLayerNetwork) network).fit(batches(), 2);
            }
        } catch (RuntimeException e) {
            Twins.closeWorkspaces();
            seen.add(e.getClass().getSimpleName() + " " + e.getMessage());
        }
        List<Object> read = new ArrayList<>();
        for (Object part : seen) {
            Object value = part instanceof Reading ? ((Reading) part).read() : part;
            if (value instanceof List) {
                read.addAll((List<?>) value);
            } else {
                read.add(value);
            }
        }
        read.add(network.params().dup());
        return read;
    }

    @TestFactory
    List<DynamicTest> listeners() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Row row : ROWS) {
            for (boolean graph : new boolean[] {true, false}) {
                tests.add(
                        DynamicTest.dynamicTest(row.name + (graph ? "graph" : "chain"), () -> assertSame(row, graph)));
            }
        }
        return tests;
    }

    private static void assertSame(Row row, boolean graph) throws Exception {
        String name = (graph ? "graph" : "chain") + row.type.getSimpleName();
        List<Object> expected = seen(row, network(graph), "stock" + name);
        Model accelerated = network(graph);
        assertThat(Twins.accelerate(accelerated).refusal()).isNull();
        List<Object> actual = seen(row, accelerated, "fast" + name);
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            String difference = difference(actual.get(i), expected.get(i));
            assertThat(difference)
                    .as("call %d, behind %s", i, i == 0 ? "" : expected.get(i - 1))
                    .isNull();
        }
    }

    private static String difference(Object actual, Object expected) {
        if (expected instanceof INDArray) {
            double largest = ((INDArray) expected).amaxNumber().doubleValue();
            return Twins.difference((INDArray) actual, (INDArray) expected, 1e-5 * Math.max(largest, 1e-2));
        }
        if (expected instanceof Double) {
            return Math.abs((Double) actual - (Double) expected) < 1e-5 * (Double) expected
                    ? null
                    : actual + ", stock's " + expected;
        }
        if (expected instanceof double[]) {
            return difference(Nd4j.createFromArray((double[]) actual), Nd4j.createFromArray((double[]) expected));
        }
        return expected.equals(actual) ? null : actual + ", stock's " + expected;
    }

    @Test
    void everyListenerOfDl4jIsInTheTable() {
        TreeSet<String> all =
                Rows.classes(ComputationGraph.class, "org.deeplearning4j.optimize.listeners", TrainingListener.class);
        ROWS.forEach(row -> all.remove(row.type.getSimpleName()));
        assertThat(all).isEmpty();
        assertThat(Arrays.asList(
                        "iterationDone",
                        "onEpochStart",
                        "onEpochEnd",
                        "onForwardPass",
                        "onForwardPass",
                        "onGradientCalculation",
                        "onBackwardPass"))
                .as("calls of listeners")
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(TrainingListener.class.getMethods())
                        .map(method -> method.getName())
                        .collect(java.util.stream.Collectors.toList()));
    }
}
