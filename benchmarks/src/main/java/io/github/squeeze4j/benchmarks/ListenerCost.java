package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.cli.NativeBuild;
import io.github.squeeze4j.explain.GateListener;
import io.github.squeeze4j.models.Models;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What DL4J's StatsListener costs SE-ResNet-20's training, with statistics of activations at every tenth iteration; with the argument
 * {@code gates} what GateListener costs at every hundredth.
 */
public final class ListenerCost {
    private static final int BATCH = 32;
    private static final int EVERY = 10;
    private static final int EVERY_GATES = 100;
    private static final int STEPS = 40;
    private static final int ROUNDS = 9;
    private static final int ROUNDS_GATES = 5;

    private ListenerCost() {}

    /**
     * Prints the median time of a step with and without the listener, measured in turns, and their ratio.
     *
     * @param args gates, or none
     */
    public static void main(String[] args) {
        NativeBuild.choose();
        ComputationGraph network =
                Models.builder("se_resnet20").classes(10).build().init();
        Nd4j.getRandom().setSeed(1);
        INDArray images = Nd4j.rand(DataType.FLOAT, BATCH, 3, 32, 32);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, BATCH, 10);
        for (int i = 0; i < BATCH; i++) {
            labels.putScalar(i, i % 10, 1);
        }
        DataSet batch = new DataSet(images, labels);
        boolean gates = args.length > 0 && args[0].equals("gates");
        int every = gates ? EVERY_GATES : EVERY;
        int steps = gates ? EVERY_GATES : STEPS; // one reading in a round
        TrainingListener listener = gates ? new GateListener(every) : new StatsListener(nowhere(), every);
        int rounds = gates ? ROUNDS_GATES : ROUNDS;
        double[][] millis = new double[2][rounds];
        for (int round = -2; round < rounds; round++) { // two to warm up
            for (int with = 0; with < 2; with++) {
                network.setListeners(with == 1 ? new TrainingListener[] {listener} : new TrainingListener[0]);
                long start = System.nanoTime();
                for (int step = 0; step < steps; step++) {
                    network.fit(batch);
                }
                if (round >= 0) {
                    millis[with][round] = (System.nanoTime() - start) / 1e6 / steps;
                }
            }
        }
        double[] ratios = new double[rounds];
        Arrays.setAll(ratios, round -> millis[1][round] / millis[0][round]);
        System.out.printf(
                "%s: without %.1f ms, with %s every %dth iteration %.1f ms; with / without %.3f (median of %d pairs)%n",
                Hardware.processor(),
                median(millis[0]),
                listener.getClass().getSimpleName(),
                every,
                median(millis[1]),
                median(ratios),
                rounds);
        System.exit(0); // DL4J's threads are no daemons
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** Takes what the listener collects and drops it. */
    private static StatsStorageRouter nowhere() {
        return (StatsStorageRouter) Proxy.newProxyInstance(
                ListenerCost.class.getClassLoader(),
                new Class<?>[] {StatsStorageRouter.class},
                (proxy, method, arguments) -> method.getName().equals("hashCode") ? (Object) 0 : null);
    }
}
