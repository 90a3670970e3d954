package io.github.squeeze4j.training;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Trains an {@link ImageClassifier}: shuffled batches, an evaluation and a saved model after each pass. The network's
 * own updater decides the steps; {@link OneCycle} is a good schedule for its learning rate.
 *
 * <pre>{@code
 * ImageClassifier classifier = ImageClassifier.untrained("se_resnet20", graph, train);
 * History history = Trainer.builder().epochs(4).saveTo(Path.of("model.zip")).build().fit(classifier, train, test);
 * }</pre>
 *
 * <p>The same seed, data and untrained network give the same result on the same machine with the same number of native threads
 * ({@code OMP_NUM_THREADS}). Another number adds in another order: the last bits differ after some steps, and then all.
 */
public final class Trainer {
    /** Default {@link Builder#epochs}. */
    public static final int DEFAULT_EPOCHS = 3;

    /** Default {@link Builder#batchSize}. */
    public static final int DEFAULT_BATCH_SIZE = 32;

    /** Default {@link Builder#seed}. */
    public static final long DEFAULT_SEED = 42;

    private final int epochs;
    private final int batchSize;
    private final long seed;
    private final boolean augment;
    private final Path file;
    private final TrainingProgress progress;

    private Trainer(Builder builder) {
        epochs = builder.epochs;
        batchSize = builder.batchSize;
        seed = builder.seed;
        augment = builder.augment;
        file = builder.file;
        progress = builder.progress;
    }

    /**
     * Starts a configuration.
     *
     * @return a builder with the defaults
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Number of updates that a training takes: what {@link OneCycle} wants to know.
     *
     * @param images number of training images
     * @param batchSize images per update
     * @param epochs passes over the images
     * @return updates
     */
    public static int steps(int images, int batchSize, int epochs) {
        BadInputException.positive("images", images, "give at least one image");
        BadInputException.positive("batch size", batchSize, "use 32");
        BadInputException.positive("epochs", epochs, "use 3");
        return Math.multiplyExact(epochs, (images + batchSize - 1) / batchSize);
    }

    /**
     * Trains.
     *
     * @param classifier whose graph is trained
     * @param train images to learn from
     * @param test held-out images, judged after each pass and never learned
     * @return losses, accuracies and times
     * @throws BadInputException if the images do not fit the classifier, the loss stops being a number, or the model
     *      cannot be saved
     */
    public History fit(ImageClassifier classifier, ImageSet train, ImageSet test) {
        classifier.requireSame(train);
        classifier.requireSame(test);
        ComputationGraph graph = classifier.graph();
        List<TrainingListener> listeners = new ArrayList<>(graph.getListeners());
        BatchMeter meter = new BatchMeter();
        graph.addListeners(meter);
        try {
            History history = new History();
            ImageIterator batches = ImageIterator.shuffled(train, classifier, batchSize, seed, augment);
            for (int epoch = 1; epoch <= epochs; epoch++) {
                history.add(pass(epoch, classifier, batches, test, meter, history));
                if (file != null) {
                    classifier.save(file);
                }
                progress.epoch(history.epochs().get(epoch - 1));
                batches.reset();
            }
            return history;
        } finally {
            graph.setListeners(listeners);
        }
    }

    private EpochResult pass(
            int epoch,
            ImageClassifier classifier,
            ImageIterator batches,
            ImageSet test,
            BatchMeter meter,
            History history) {
        ComputationGraph graph = classifier.graph();
        long start = System.nanoTime();
        long size = batches.images();
        long done = 0;
        double loss = 0;
        double hits = 0;
        double rate = 0;
        while (batches.hasNext()) {
            long stepStart = System.nanoTime();
            DataSet batch = batches.next();
            int images = batch.numExamples();
            meter.expect(batch.getLabels());
            rate = graph.getLearningRate(
                    graph.getConfiguration().getNetworkOutputs().get(0));
            graph.fit(batch);
            requireFinite(meter.loss(), history.steps().size() + 1, rate);
            history.add(new History.Step(meter.loss(), meter.accuracy(), millisSince(stepStart)));
            loss += images * meter.loss();
            hits += images * meter.accuracy();
            done += images;
            progress.step(epoch, (epoch - 1) * size + done, epochs * size, meter.loss());
        }
        double training = millisSince(start) / 1000;
        graph.incrementEpochCount();
        TestReport report = classifier.evaluate(test);
        return new EpochResult(
                epoch, rate, loss / size, hits / size, report, millisSince(start) / 1000, size / training);
    }

    private static void requireFinite(double loss, int step, double rate) {
        if (!Double.isFinite(loss)) {
            throw new BadInputException("loss (" + loss + ") of step " + step + " at learning rate " + (float) rate
                    + " must be finite; use a smaller learning rate");
        }
    }

    private static double millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e6;
    }

    /** Options of a training. */
    public static final class Builder {
        private int epochs = DEFAULT_EPOCHS;
        private int batchSize = DEFAULT_BATCH_SIZE;
        private long seed = DEFAULT_SEED;
        private boolean augment;
        private Path file;
        private TrainingProgress progress = TrainingProgress.SILENT;

        private Builder() {}

        /**
         * Passes over the training images.
         *
         * @param epochs positive; default 3
         * @return this
         */
        public Builder epochs(int epochs) {
            this.epochs = BadInputException.positive("epochs", epochs, "use epochs(3)");
            return this;
        }

        /**
         * Images per update.
         *
         * @param batchSize positive; default 32
         * @return this
         */
        public Builder batchSize(int batchSize) {
            this.batchSize = BadInputException.positive("batch size", batchSize, "use batchSize(32)");
            return this;
        }

        /**
         * Decides the order of the images, their crops and flips.
         *
         * @param seed any number; default 42
         * @return this
         */
        public Builder seed(long seed) {
            this.seed = seed;
            return this;
        }

        /**
         * Whether images are cropped and flipped at random: worth it in a long training. A short one learns more from
         * the images as they are.
         *
         * @param augment default false
         * @return this
         */
        public Builder augment(boolean augment) {
            this.augment = augment;
            return this;
        }

        /**
         * Where the model is saved after each pass; an interrupted training leaves the last saved model whole.
         *
         * @param file default: nowhere
         * @return this
         */
        public Builder saveTo(Path file) {
            this.file = file;
            return this;
        }

        /**
         * Who is told how it goes.
         *
         * @param progress default {@link TrainingProgress#SILENT}
         * @return this
         */
        public Builder progress(TrainingProgress progress) {
            this.progress = progress;
            return this;
        }

        /**
         * Finishes the configuration.
         *
         * @return a trainer, which may be used many times
         */
        public Trainer build() {
            return new Trainer(this);
        }
    }
}
