package io.github.squeeze4j.spark;

import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.internal.BuilderText;
import io.github.squeeze4j.internal.Inputs;
import io.github.squeeze4j.training.BatchPlan;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.Rounds;
import io.github.squeeze4j.training.TestReport;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;

/**
 * Training on a cluster: each worker learns some batches on its own, then all take the mean of their parameters, running statistics and
 * updater states, and so on (DL4J's {@link SparkComputationGraph} and parameter averaging). A {@link
 * io.github.squeeze4j.training.Trainer} does all else: it judges and saves after each pass and writes checkpoints between rounds, from
 * which a training goes on exactly.
 *
 * <p>Workers make their batches themselves, with the trainer's augmentation and its seeds; files of pictures must be there under the
 * same names on all machines. With one worker and any frequency the result is that of a training on one machine, bit for bit. Learning
 * rates go by the updates of one worker: {@link #updates} of a pass.
 *
 * <p>Defaults: as many workers as the cluster has cores for tasks, averaging every 5 updates.
 *
 * <pre>{@code
 * ParameterAveraging averaging = ParameterAveraging.on(session).workers(16).frequency(5).build();
 * History history = Trainer.builder().rounds(averaging).checkpoints(folder).build().fit(classifier, train, test);
 * }</pre>
 */
public final class ParameterAveraging implements Rounds {
    /** Default {@link Builder#frequency}. */
    public static final int DEFAULT_FREQUENCY = 5;

    private final SparkSession session;
    private final JavaSparkContext context;
    private final int workers;
    private final int frequency;
    /** Tells executors which of their networks are this one's. */
    private final String training = UUID.randomUUID().toString();

    private LabelledPictures sent;
    private Broadcast<StoredPictures> pictures;

    private ParameterAveraging(Builder builder) {
        session = builder.session;
        context = JavaSparkContext.fromSparkContext(session.sparkContext());
        workers = builder.workers > 0 ? builder.workers : context.defaultParallelism();
        frequency = builder.frequency;
    }

    /**
     * Starts a configuration.
     *
     * @param session of the cluster
     * @return a builder with the defaults
     * @throws io.github.squeeze4j.BadInputException if Spark or DL4J's integration is missing or another
     */
    public static Builder on(SparkSession session) {
        SparkRuntime.requireForTraining();
        return new Builder(session);
    }

    /**
     * Updates of one worker in a pass: what schedules of the learning rate go by.
     *
     * @param batches of a pass
     * @param workers that learn at once
     * @param frequency updates between averagings
     * @return updates
     */
    public static int updates(int batches, int workers, int frequency) {
        int round = workers * frequency;
        return batches / round * frequency + (batches % round + workers - 1) / workers;
    }

    /** Options. */
    public static final class Builder {
        private final SparkSession session;
        private int workers;
        private int frequency = DEFAULT_FREQUENCY;

        private Builder(SparkSession session) {
            this.session = session;
        }

        /**
         * Workers that learn at once, one task each.
         *
         * @param workers positive; default: tasks that the cluster runs at once
         * @return this
         */
        public Builder workers(int workers) {
            this.workers = Inputs.positive("workers", workers, "use as many as the cluster runs tasks at once");
            return this;
        }

        /**
         * Updates of a worker between averagings.
         *
         * @param updates positive; default 5
         * @return this
         */
        public Builder frequency(int updates) {
            frequency = Inputs.positive("updates between averagings", updates, "use 5");
            return this;
        }

        /**
         * Finishes the configuration.
         *
         * @return averaging for one training at a time
         */
        public ParameterAveraging build() {
            return new ParameterAveraging(this);
        }

        @Override
        public String toString() {
            return BuilderText.of(this, this::build);
        }
    }

    /**
     * Workers that learn at once.
     *
     * @return how many
     */
    public int workers() {
        return workers;
    }

    /**
     * Updates of a worker between averagings.
     *
     * @return how many
     */
    public int frequency() {
        return frequency;
    }

    @Override
    public int batches() {
        return workers * frequency;
    }

    @Override
    public Result run(ImageClassifier classifier, LabelledPictures all, BatchPlan plan, int epoch, int first, int end) {
        if (sent != all) {
            pictures = context.broadcast(StoredPictures.of(all));
            sent = all;
        }
        AveragingMaster master =
                new AveragingMaster(workers, frequency, pictures, plan, classifier.preprocessing(), epoch, training);
        ComputationGraph graph = classifier.graph();
        int epochs = graph.getConfiguration().getEpochCount();
        List<String> numbers =
                IntStream.range(first, end).mapToObj(Integer::toString).collect(Collectors.toList());
        return Calls.of(() -> {
            JavaRDD<String> batches = context.parallelize(numbers, Math.min(workers, numbers.size()));
            new SparkComputationGraph(context, graph, master).fitPaths(batches, (MultiDataSetLoader) null);
            // To DL4J each call is a pass.
            graph.getConfiguration().setEpochCount(epochs);
            RoundSums sums = master.sums();
            return new Result(sums.loss, sums.hits, sums.images, sums.skipped);
        });
    }

    @Override
    public TestReport evaluate(ImageClassifier classifier, LabelledPictures held, OnBadPicture onBadPicture) {
        return Evaluations.evaluate(session, classifier, held, onBadPicture);
    }

    /** What the result depends on. */
    @Override
    public String toString() {
        return "parameters averaged over " + workers + (workers == 1 ? " worker" : " workers") + " every " + frequency
                + (frequency == 1 ? " update" : " updates");
    }
}
