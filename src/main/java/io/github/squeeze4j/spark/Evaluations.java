package io.github.squeeze4j.spark;

import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.training.EvaluationPart;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.TestReport;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * Judges a classifier on a cluster: the report of {@link ImageClassifier#evaluate(LabelledPictures, OnBadPicture)}, to the last
 * digit on the same kind of processor with the same number of threads.
 *
 * <pre>{@code
 * TestReport report = Evaluations.evaluate(session, classifier, PictureSets.open(folder).test().orElseThrow(), OnBadPicture.FAIL);
 * }</pre>
 */
public final class Evaluations {
    /** So that a slow machine leaves its work to others. */
    private static final int TASKS_PER_CORE = 4;

    private Evaluations() {}

    /**
     * Judges a classifier.
     *
     * @param session of the cluster
     * @param classifier whose weights are copied
     * @param pictures with the classes that the network was made for; files must be there under the same names on all machines
     * @param onBadPicture what happens on a picture that cannot be read
     * @return accuracies and confusions
     * @throws io.github.squeeze4j.BadInputException as the single machine's evaluation
     */
    public static TestReport evaluate(
            SparkSession session, ImageClassifier classifier, LabelledPictures pictures, OnBadPicture onBadPicture) {
        SparkRuntime.require();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
        Broadcast<ModelBytes> model = context.broadcast(ModelBytes.of(classifier));
        Broadcast<StoredPictures> stored = context.broadcast(StoredPictures.of(pictures));
        try {
            List<Integer> batches = IntStream.range(0, EvaluationPart.batches(pictures.size()))
                    .boxed()
                    .collect(Collectors.toList());
            int tasks = Math.max(1, Math.min(batches.size(), TASKS_PER_CORE * context.defaultParallelism()));
            List<EvaluationPart> parts = Calls.of(() -> context.parallelize(batches, tasks)
                    .mapPartitions(new Judge(model, stored, onBadPicture))
                    .collect());
            return EvaluationPart.merge(classifier.classNames(), parts);
        } finally {
            model.destroy();
            stored.destroy();
        }
    }

    /** Judges batches with the one classifier of its executor. */
    private static final class Judge implements FlatMapFunction<Iterator<Integer>, EvaluationPart> {
        private static final long serialVersionUID = 1L;
        private static final int KEPT = 2;
        private static final Map<String, ImageClassifier> CLASSIFIERS = new LinkedHashMap<>(4, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, ImageClassifier> eldest) {
                return size() > KEPT;
            }
        };

        private final Broadcast<ModelBytes> model;
        private final Broadcast<StoredPictures> pictures;
        private final OnBadPicture onBadPicture;

        Judge(Broadcast<ModelBytes> model, Broadcast<StoredPictures> pictures, OnBadPicture onBadPicture) {
            this.model = model;
            this.pictures = pictures;
            this.onBadPicture = onBadPicture;
        }

        @Override
        public Iterator<EvaluationPart> call(Iterator<Integer> batches) {
            try {
                ImageClassifier classifier;
                synchronized (CLASSIFIERS) {
                    classifier = CLASSIFIERS.computeIfAbsent(
                            model.value().id, id -> model.value().classifier());
                }
                StoredPictures all = pictures.value();
                return new Iterator<>() {
                    @Override
                    public boolean hasNext() {
                        return batches.hasNext();
                    }

                    @Override
                    public EvaluationPart next() {
                        try {
                            return EvaluationPart.of(classifier, all, batches.next(), onBadPicture);
                        } catch (OutOfMemoryError e) {
                            throw Executors.outOfMemory(e);
                        }
                    }
                };
            } catch (OutOfMemoryError e) {
                throw Executors.outOfMemory(e);
            }
        }
    }
}
