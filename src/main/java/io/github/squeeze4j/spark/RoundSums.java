package io.github.squeeze4j.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sums over some workers of a round. */
final class RoundSums implements Serializable {
    private static final long serialVersionUID = 1L;

    final INDArray parameters;
    /** Null where the updater has none. */
    final INDArray updaterState;

    final List<String> skipped;
    int workers = 1;
    /** The most that a worker made. */
    int updates;

    double loss;
    double hits;
    long images;

    RoundSums(WorkerResult result) {
        parameters = result.getParameters();
        updaterState = result.getUpdaterState();
        skipped = new ArrayList<>(result.skipped);
        updates = result.updates;
        loss = result.loss;
        hits = result.hits;
        images = result.images;
    }

    /** Adds the others to the first, in their order. */
    static RoundSums of(List<RoundSums> inOrder) {
        RoundSums sum = inOrder.get(0);
        for (RoundSums next : inOrder.subList(1, inOrder.size())) {
            sum.parameters.addi(next.parameters);
            if (sum.updaterState != null) {
                sum.updaterState.addi(next.updaterState);
            }
            sum.skipped.addAll(next.skipped);
            sum.workers += next.workers;
            sum.updates = Math.max(sum.updates, next.updates);
            sum.loss += next.loss;
            sum.hits += next.hits;
            sum.images += next.images;
        }
        return sum;
    }
}
