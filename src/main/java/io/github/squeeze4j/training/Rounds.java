package io.github.squeeze4j.training;

import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import java.util.List;

/**
 * Who makes the updates of a {@link Trainer} in its place, many at once: the machines of a cluster. The trainer decides what a round
 * learns, and counts, judges and saves between rounds. Its text says what the result depends on, as checkpoints keep it.
 */
public interface Rounds {
    /** What a round brought. */
    final class Result {
        private final double loss;
        private final double hits;
        private final long images;
        private final List<String> skipped;

        /**
         * A result.
         *
         * @param loss cross-entropy, summed over the images
         * @param hits images that were recognised before they were learned
         * @param images how many were learned, at least one
         * @param skipped messages of those that could not be read
         */
        public Result(double loss, double hits, long images, List<String> skipped) {
            this.loss = loss;
            this.hits = hits;
            this.images = images;
            this.skipped = List.copyOf(skipped);
        }

        double loss() {
            return loss;
        }

        double hits() {
            return hits;
        }

        long images() {
            return images;
        }

        List<String> skipped() {
            return skipped;
        }
    }

    /**
     * How many batches a round takes; the last of a pass takes what is left.
     *
     * @return batches
     */
    int batches();

    /**
     * Learns some batches. Afterwards the classifier's graph has the parameters, the updater's state and the count of updates.
     *
     * @param classifier whose graph learns
     * @param pictures all training pictures
     * @param plan what the batches hold
     * @param epoch the pass, from 0
     * @param first batch of the pass, from 0
     * @param end the batch after the last
     * @return what it brought
     */
    Result run(ImageClassifier classifier, LabelledPictures pictures, BatchPlan plan, int epoch, int first, int end);

    /**
     * Judges the network after a pass.
     *
     * @param classifier whose graph is judged
     * @param pictures held-out ones
     * @param onBadPicture what happens on a picture that cannot be read
     * @return as {@link ImageClassifier#evaluate(LabelledPictures, OnBadPicture)}
     */
    TestReport evaluate(ImageClassifier classifier, LabelledPictures pictures, OnBadPicture onBadPicture);
}
