package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.explain.Explanation;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import java.util.Arrays;
import java.util.Locale;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What it takes to explain one picture, in training steps of batch 1 of the same network: both in turns, medians.
 *
 * <p>Arguments: the network (by default se_resnet50) and the number of turns (by default 7).
 */
public final class ExplainSpeed {
    private ExplainSpeed() {}

    /**
     * Prints both times and their ratio.
     *
     * @param args network and turns
     */
    public static void main(String[] args) {
        String name = args.length > 0 ? args[0] : "se_resnet50";
        int turns = args.length > 1 ? Integer.parseInt(args[1]) : 7;
        Network network = Models.builder(name).build();
        ComputationGraph graph = network.init();
        long size = network.inputType().getHeight();
        INDArray picture = Nd4j.rand(DataType.FLOAT, 1, 3, size, size);
        INDArray label =
                Nd4j.zeros(DataType.FLOAT, 1, graph.outputSingle(picture).size(1));
        label.putScalar(0, 1, 1);
        DataSet batch = new DataSet(picture, label);
        Explanation explanation = Explanation.of(graph);
        double[] steps = new double[turns];
        double[] explained = new double[turns];
        for (int turn = -2; turn < turns; turn++) {
            double step = millis(() -> graph.fit(batch));
            double explain = millis(() -> explanation.explain(picture));
            if (turn >= 0) {
                steps[turn] = step;
                explained[turn] = explain;
            }
        }
        double step = median(steps);
        double explain = median(explained);
        System.out.printf(
                Locale.ROOT,
                "%s, medians of %d turns: a training step of batch 1 %.0f ms, to explain one picture %.0f ms: %.2f steps%n",
                name,
                turns,
                step,
                explain,
                explain / step);
    }

    private static double millis(Runnable action) {
        long start = System.nanoTime();
        action.run();
        return (System.nanoTime() - start) / 1e6;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
