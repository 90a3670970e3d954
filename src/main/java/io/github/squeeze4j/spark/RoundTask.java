package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.training.BatchPlan;
import io.github.squeeze4j.training.UpdateMeter;
import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a worker does in a round: it makes its batches itself, from names of pictures, and learns them one after the other. DL4J's own
 * loop would cut batches anew where they differ in size.
 */
final class RoundTask implements FlatMapFunction<Iterator<String>, ParameterAveragingTrainingResult> {
    private static final long serialVersionUID = 1L;

    private final AcceleratedWorker worker;
    private final Broadcast<StoredPictures> pictures;
    private final BatchPlan plan;
    private final byte[] preprocessing;
    private final String versions;
    private final int epoch;

    RoundTask(
            AcceleratedWorker worker,
            Broadcast<StoredPictures> pictures,
            BatchPlan plan,
            Preprocessing preprocessing,
            int epoch) {
        this.worker = worker;
        this.pictures = pictures;
        this.plan = plan;
        this.preprocessing = preprocessing.toJson();
        versions = ModelBytes.versionsHere();
        this.epoch = epoch;
    }

    /** Numbers of batches, one behind the other. */
    @Override
    public Iterator<ParameterAveragingTrainingResult> call(Iterator<String> numbers) {
        if (!numbers.hasNext()) {
            return Collections.emptyIterator();
        }
        ModelBytes.requireVersions(versions);
        int first = Integer.parseInt(numbers.next());
        int last = first;
        while (numbers.hasNext()) {
            last = Integer.parseInt(numbers.next());
        }
        try {
            return learn(first, last);
        } catch (OutOfMemoryError e) {
            throw Executors.outOfMemory(e);
        }
    }

    private Iterator<ParameterAveragingTrainingResult> learn(int first, int last) {
        Preprocessing form = Preprocessing.ofJson(preprocessing, "preprocessing of the training");
        ComputationGraph graph = worker.getInitialModelGraph();
        UpdateMeter meter = new UpdateMeter(graph);
        try (PictureBatches batches = plan.batches(pictures.value(), form, Executors.threads())) {
            batches.startAt(epoch, first);
            // The place is asked for last: where bad pictures are skipped, a batch without any left is passed over.
            while (batches.hasNext() && batches.nextBatch() <= last) {
                DataSet batch = batches.next();
                Nd4j.getRandom().setSeed(plan.seed(graph.getIterationCount(), TaskContext.getPartitionId()));
                meter.before(batch.getLabels());
                worker.processMinibatch(batch, graph, false);
                meter.after();
            }
            if (meter.images() == 0) {
                throw new BadInputException("batches (" + first + " to " + last + " of pass " + (epoch + 1)
                        + ") must hold pictures that can be read, but hold none; look at the data");
            }
            return Collections.<ParameterAveragingTrainingResult>singletonList(
                            worker.result(graph, meter, batches.skipped()))
                    .iterator();
        }
    }
}
