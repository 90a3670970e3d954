package io.github.squeeze4j.spark;

import io.github.squeeze4j.training.UpdateMeter;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a worker brings of a round: DL4J's result, and what the course of the training says of it. */
final class WorkerResult extends ParameterAveragingTrainingResult {
    private static final long serialVersionUID = 1L;

    final int updates;
    final double loss;
    final double hits;
    final long images;
    final List<String> skipped;

    WorkerResult(ParameterAveragingTrainingResult plain, int updates, UpdateMeter meter, List<String> skipped) {
        super(copy(plain.getParameters()), copy(plain.getUpdaterState()), plain.getScore(), null, null, null);
        this.updates = updates;
        loss = meter.loss();
        hits = meter.hits();
        images = meter.images();
        this.skipped = new ArrayList<>(skipped);
    }

    /** Spark writes the result when the network is free for the next task already. */
    private static INDArray copy(INDArray array) {
        return array == null ? null : array.dup();
    }
}
