package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.BatchTransform;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.images.Transform;
import io.github.squeeze4j.internal.BuilderText;
import io.github.squeeze4j.internal.Inputs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

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

    /** Default {@link Builder#keep}. */
    public static final int DEFAULT_KEEP = 3;

    /** Default {@link Builder#checkpointEvery}. */
    public static final Duration DEFAULT_INTERVAL = Duration.ofMinutes(5);

    private final int epochs;
    private final int batchSize;
    private final long seed;
    private final Transform augmentation;
    private final BatchTransform[] batchTransforms;
    private final OnBadPicture onBadPicture;
    private final int workers;
    private final Optimizer optimizer;
    private final double clip;
    private final int accumulate;
    private final double averaging;
    private final int patience;
    private final Path file;
    private final Path best;
    private final Path csv;
    private final Path jsonLines;
    private final GateWatch gates;
    private final Path gatesCsv;
    private final Path checkpoints;
    private final int keep;
    private final Duration interval;
    private final BooleanSupplier stop;
    private final TrainingProgress progress;
    private final Rounds rounds;

    private Trainer(Builder builder) {
        epochs = builder.epochs;
        batchSize = builder.batchSize;
        seed = builder.seed;
        augmentation = builder.augmentation;
        batchTransforms = builder.batchTransforms;
        onBadPicture = builder.onBadPicture;
        workers = builder.workers;
        optimizer = builder.optimizer;
        clip = builder.clip;
        accumulate = builder.accumulate;
        averaging = builder.averaging;
        patience = builder.patience;
        file = builder.file;
        best = builder.best;
        csv = builder.csv;
        jsonLines = builder.jsonLines;
        gates = builder.gates;
        gatesCsv = builder.gatesCsv;
        checkpoints = builder.checkpoints;
        keep = builder.keep;
        interval = builder.interval;
        stop = builder.stop;
        progress = builder.progress;
        rounds = builder.rounds;
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
        Inputs.positive("images", images, "give at least one image");
        Inputs.positive("batch size", batchSize, "use 32");
        Inputs.positive("epochs", epochs, "use 3");
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
    public History fit(ImageClassifier classifier, LabelledPictures train, LabelledPictures test) {
        classifier.requireSame(train);
        classifier.requireSame(test);
        ComputationGraph graph = classifier.graph();
        if (optimizer != null) {
            optimizer.applyTo(graph);
        }
        WeightAverage average = averaging > 0 ? new WeightAverage(averaging, graph.params()) : null;
        return new Run(classifier, train, test, new TrainingState(settings(train)), average).run();
    }

    /**
     * Goes on with a training that was stopped, or killed. The result is that of a training that was not, bit for bit. Images
     * and options must be the same but for the number of passes and where things are saved; the optimizer is the checkpoint's.
     *
     * @param checkpoint where to go on; its classifier is trained
     * @param train images to learn from
     * @param test held-out images
     * @return the whole course, what was before the checkpoint included
     * @throws BadInputException as {@link #fit}, and if images or options are others
     */
    public History resume(Checkpoint checkpoint, LabelledPictures train, LabelledPictures test) {
        checkpoint.requireSettings(settings(train));
        if (averaging > 0 && checkpoint.average() == null) {
            throw new BadInputException("checkpoint (" + checkpoint.file()
                    + ") must hold the average of the weights, but has" + " none; resume from another");
        }
        ImageClassifier classifier = checkpoint.classifier();
        classifier.requireSame(train);
        classifier.requireSame(test);
        WeightAverage average = averaging > 0 ? new WeightAverage(averaging, checkpoint.average()) : null;
        return new Run(classifier, train, test, checkpoint.state(), average).run();
    }

    /** What the weights depend on, besides the network. */
    private String settings(LabelledPictures train) {
        return "even batches of " + batchSize + ", accumulated " + accumulate + ", seed " + seed + ", clip " + clip
                + ", average "
                + averaging + ", augmentation " + augmentation + ", of batches " + Arrays.toString(batchTransforms)
                + ", " + train.size() + " images of "
                + train.classNames().size() + " classes" + (rounds == null ? "" : ", " + rounds);
    }

    private BatchPlan plan() {
        return new BatchPlan(batchSize, seed, augmentation, batchTransforms, onBadPicture);
    }

    /** What it does, in a line. */
    @Override
    public String toString() {
        return epochs + (epochs == 1 ? " pass" : " passes") + ", batches of " + batchSize + ", "
                + (optimizer == null ? "the graph's own updater" : optimizer) + ", seed " + seed;
    }

    /** One training on its way. */
    private final class Run {
        private final ImageClassifier classifier;
        private final ComputationGraph graph;
        private final LabelledPictures train;
        private final LabelledPictures test;
        private final TrainingState state;
        private final WeightAverage average;
        private final BatchMeter meter = new BatchMeter();
        private final Gradients gradients;
        private final Set<String> skipped = new LinkedHashSet<>();
        private long lastCheckpoint = System.nanoTime();

        Run(
                ImageClassifier classifier,
                LabelledPictures train,
                LabelledPictures test,
                TrainingState state,
                WeightAverage average) {
            this.classifier = classifier;
            this.train = train;
            this.test = test;
            this.state = state;
            this.average = average;
            graph = classifier.graph();
            gradients = new Gradients(graph, clip);
        }

        History run() {
            List<TrainingListener> listeners = new ArrayList<>(graph.getListeners());
            graph.addListeners(meter);
            if (gates != null) {
                gates.tell(reading -> state.history.add(state.history.steps().size(), reading));
                graph.addListeners(gates);
            }
            if (clip > 0 || accumulate > 1) {
                graph.addListeners(gradients);
            }
            if (state.epoch > 0) {
                // It may have ended between a pass's checkpoint and its history.
                writeHistory();
            }
            try (PictureBatches batches = batches()) {
                batches.startAt(state.epoch, state.batch);
                while (state.epoch < epochs && !isOutOfPatience() && pass(batches)) {
                    batches.reset();
                }
                skipped.addAll(batches.skipped());
                state.history.skipped(List.copyOf(skipped));
                if (average != null && (state.epoch >= epochs || isOutOfPatience())) {
                    graph.params()
                            .assign(average.values().reshape(graph.params().shape()));
                }
                return state.history;
            } finally {
                graph.setListeners(listeners);
                if (gates != null) {
                    gates.tell(reading -> {}); // its next training is another
                }
            }
        }

        private PictureBatches batches() {
            return plan().batches(train, classifier.preprocessing(), workers);
        }

        private boolean isOutOfPatience() {
            return patience > 0
                    && state.epoch > 0
                    && state.epoch - state.history.best().epoch() >= patience;
        }

        /** Trains to the end of the pass; false if it was stopped on the way. */
        private boolean pass(PictureBatches batches) {
            long start = System.nanoTime();
            double before = state.seconds;
            while (hasNext(batches)) {
                if (stop.getAsBoolean()) {
                    checkpoint();
                    return false;
                }
                if (rounds == null) {
                    update(batches);
                } else {
                    round(batches);
                }
                state.seconds = before + secondsSince(start);
                if (checkpoints != null
                        && hasNext(batches)
                        && System.nanoTime() - lastCheckpoint >= interval.toNanos()) {
                    checkpoint();
                }
            }
            graph.incrementEpochCount();
            long evaluation = System.nanoTime();
            asJudged(() -> finish(evaluation));
            checkpoint();
            writeHistory();
            progress.epoch(state.history.last());
            return true;
        }

        private boolean hasNext(PictureBatches batches) {
            return rounds == null ? batches.hasNext() : state.batch < batches.batchesPerEpoch();
        }

        /** Has batches learned elsewhere; here they only say how many there are. */
        private void round(PictureBatches batches) {
            long start = System.nanoTime();
            int updates = graph.getIterationCount();
            double rate = rate();
            int end = Math.min(batches.batchesPerEpoch(), state.batch + rounds.batches());
            Rounds.Result result = rounds.run(classifier, train, plan(), state.epoch, state.batch, end);
            state.batch = end;
            skipped.addAll(result.skipped());
            double loss = result.loss() / result.images();
            requireFinite(loss, updates + 1, rate);
            learned(result.loss(), result.hits(), result.images(), start, rate);
        }

        /** Notes what an update, or a round of them, brought; loss and hits are sums over the images. */
        private void learned(double loss, double hits, long images, long start, double rate) {
            state.history.add(new History.Step(loss / images, hits / images, 1000 * secondsSince(start), rate));
            state.lossSum += loss;
            state.hits += hits;
            state.images += images;
            progress.step(
                    state.epoch + 1,
                    (long) state.epoch * train.size() + state.images,
                    (long) epochs * train.size(),
                    loss / images);
        }

        private void update(PictureBatches batches) {
            long start = System.nanoTime();
            int updates = graph.getIterationCount();
            double rate = rate();
            double loss = 0;
            double hits = 0;
            int images = 0;
            for (int part = 0; part < accumulate && batches.hasNext(); part++) {
                DataSet batch = batches.next();
                state.batch = batches.nextBatch();
                // Dropout and the like draw from ND4J's global generator: what they draw follows from the place alone.
                Nd4j.getRandom().setSeed(Seeds.mix(seed, updates, part));
                meter.expect(batch.getLabels());
                if (part + 1 < accumulate && batches.hasNext()) {
                    gradients.accumulate(batch);
                } else {
                    graph.fit(batch);
                }
                requireFinite(meter.loss(), updates + 1, rate);
                loss += batch.numExamples() * meter.loss();
                hits += batch.numExamples() * meter.accuracy();
                images += batch.numExamples();
            }
            if (average != null) {
                average.update(graph.params(), updates + 1);
            }
            learned(loss, hits, images, start, rate);
        }

        /** Runs it with the weights that are saved as the model. */
        private void asJudged(Runnable action) {
            if (average == null) {
                action.run();
            } else {
                average.whileInPlace(graph, action);
            }
        }

        /** Judges and saves after a pass. */
        private void finish(long start) {
            TestReport report = rounds == null
                    ? classifier.evaluate(test, onBadPicture)
                    : rounds.evaluate(classifier, test, onBadPicture);
            state.history.add(new EpochResult(
                    state.epoch + 1,
                    rate(),
                    state.lossSum / state.images,
                    state.hits / state.images,
                    report.loss(),
                    report.top1(),
                    report.top5(),
                    state.seconds + secondsSince(start),
                    state.images / state.seconds));
            if (file != null) {
                classifier.save(file);
            }
            if (best != null && state.history.best() == state.history.last()) {
                classifier.save(best);
            }
            state.epoch++;
            state.beginPass();
        }

        private void writeHistory() {
            if (csv != null) {
                state.history.writeCsv(csv);
            }
            if (jsonLines != null) {
                state.history.writeJsonLines(jsonLines);
            }
            if (gates != null && gatesCsv != null) {
                GateReading.writeCsv(state.history.gates(), gatesCsv);
            }
        }

        private void checkpoint() {
            if (checkpoints != null) {
                INDArray values = average == null ? null : average.values();
                Checkpoint.write(checkpoints, keep, classifier, state, values);
                lastCheckpoint = System.nanoTime();
            }
        }

        private double rate() {
            return graph.getLearningRate(
                    graph.getConfiguration().getNetworkOutputs().get(0));
        }
    }

    static void requireFinite(double loss, int step, double rate) {
        if (!Double.isFinite(loss)) {
            throw new BadInputException("loss (" + loss + ") of step " + step + " at learning rate " + (float) rate
                    + " must be finite; use a smaller learning rate");
        }
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    /** Options of a training. */
    public static final class Builder {
        private int epochs = DEFAULT_EPOCHS;
        private int batchSize = DEFAULT_BATCH_SIZE;
        private long seed = DEFAULT_SEED;
        private Transform augmentation;
        private BatchTransform[] batchTransforms = {};
        private OnBadPicture onBadPicture = OnBadPicture.FAIL;
        private int workers;
        private Optimizer optimizer;
        private double clip;
        private int accumulate = 1;
        private double averaging;
        private int patience;
        private Path file;
        private Path best;
        private Path csv;
        private Path jsonLines;
        private GateWatch gates;
        private Path gatesCsv;
        private Path checkpoints;
        private int keep = DEFAULT_KEEP;
        private Duration interval = DEFAULT_INTERVAL;
        private BooleanSupplier stop = () -> false;
        private TrainingProgress progress = TrainingProgress.SILENT;
        private Rounds rounds;

        private Builder() {}

        /**
         * Passes over the training images.
         *
         * @param epochs positive; default 3
         * @return this
         */
        public Builder epochs(int epochs) {
            this.epochs = Inputs.positive("epochs", epochs, "use epochs(3)");
            return this;
        }

        /**
         * Images per update, at most: what the last batch of a pass would lack is shared by all of them, so that none is much
         * smaller than the others and disturbs batch normalization.
         *
         * @param batchSize positive; default 32
         * @return this
         */
        public Builder batchSize(int batchSize) {
            this.batchSize = Inputs.positive("batch size", batchSize, "use batchSize(32)");
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
         * What happens to each training picture, such as random crops: worth it in a long training. A short one learns more
         * from the pictures as they are.
         *
         * @param augmentation gives pictures of the network's size; default null, for none
         * @return this
         */
        public Builder augmentation(Transform augmentation) {
            this.augmentation = augmentation;
            return this;
        }

        /**
         * What happens to each training batch, such as mixup.
         *
         * @param transforms in their order; default none
         * @return this
         */
        public Builder batchTransforms(BatchTransform... transforms) {
            batchTransforms = transforms.clone();
            return this;
        }

        /**
         * What happens on a training picture that cannot be read.
         *
         * @param what default {@link OnBadPicture#FAIL}
         * @return this
         */
        public Builder onBadPicture(OnBadPicture what) {
            onBadPicture = what;
            return this;
        }

        /**
         * Threads that read pictures.
         *
         * @param workers positive; default one less than the processors, at least 1
         * @return this
         */
        public Builder workers(int workers) {
            this.workers = Inputs.positive("workers", workers, "use 1");
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
         * Updater, learning rates and weight decay of all layers.
         *
         * @param optimizer default: what the network's layers have
         * @return this
         */
        public Builder optimizer(Optimizer optimizer) {
            this.optimizer = optimizer;
            return this;
        }

        /**
         * The largest norm of the whole gradient, to which longer ones are shortened; running statistics do not count.
         *
         * @param norm positive; default: any
         * @return this
         */
        public Builder clipGradients(double norm) {
            if (!(norm > 0) || Double.isInfinite(norm)) {
                throw new BadInputException("gradient norm (" + norm + ") must be positive and finite; use 5");
            }
            clip = norm;
            return this;
        }

        /**
         * Batches per update: gradients as of one batch of so many times the images, in the memory of one.
         *
         * @param batches positive; default 1
         * @return this
         */
        public Builder accumulate(int batches) {
            accumulate = Inputs.positive("batches to accumulate", batches, "use 1");
            return this;
        }

        /**
         * An exponential moving average of the weights, which is what is judged, saved and left in the network at the end.
         *
         * @param decay from 0 (none, the default) to below 1, such as 0.999
         * @return this
         */
        public Builder averaging(double decay) {
            averaging = Optimizer.fraction("decay of the average", decay, "use 0.999");
            return this;
        }

        /**
         * Ends the training early when so many passes have brought no better accuracy on the held-out images.
         *
         * @param passes positive; default: never
         * @return this
         */
        public Builder patience(int passes) {
            patience = Inputs.positive("patience", passes, "use 10");
            return this;
        }

        /**
         * Where the model of the best pass is saved.
         *
         * @param file default: nowhere
         * @return this
         */
        public Builder bestTo(Path file) {
            best = file;
            return this;
        }

        /**
         * Where the course so far is written after each pass and its checkpoint, as {@link History#writeCsv} and {@link
         * History#writeJsonLines} do.
         * Both files are replaced as a whole: a training that goes on from a checkpoint writes no pass twice.
         *
         * @param csv null, the default: nowhere
         * @param jsonLines null, the default: nowhere
         * @return this
         */
        public Builder historyTo(Path csv, Path jsonLines) {
            this.csv = csv;
            this.jsonLines = jsonLines;
            return this;
        }

        /**
         * Who looks at the gates of attention blocks. What is read becomes part of the history, of its picture and of checkpoints.
         *
         * @param watch such as {@code new GateListener(100)}; default null, for nobody. For one training at a time
         * @param csv where readings are written after each pass, as {@link GateReading#writeCsv} does; null: nowhere
         * @return this
         */
        public Builder gates(GateWatch watch, Path csv) {
            gates = watch;
            gatesCsv = csv;
            return this;
        }

        /**
         * Where checkpoints are written: after each pass, when the training is stopped, and in between.
         *
         * @param folder default: nowhere
         * @return this
         * @see Checkpoint#latest
         */
        public Builder checkpoints(Path folder) {
            checkpoints = folder;
            return this;
        }

        /**
         * How many checkpoints stay.
         *
         * @param newest positive; default 3
         * @return this
         */
        public Builder keep(int newest) {
            keep = Inputs.positive("checkpoints to keep", newest, "use 3");
            return this;
        }

        /**
         * How much of a pass a killed training may lose.
         *
         * @param interval between checkpoints; default 5 minutes, zero for one after each update
         * @return this
         */
        public Builder checkpointEvery(Duration interval) {
            this.interval = interval;
            return this;
        }

        /**
         * Asked before each update whether to stop: a checkpoint is written then, and {@link Trainer#fit} returns.
         *
         * @param stop default: never
         * @return this
         */
        public Builder stopWhen(BooleanSupplier stop) {
            this.stop = stop;
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
         * Who makes the updates in the trainer's place, such as a cluster. A step of the history is a round of them, and a
         * checkpoint stands between rounds. Gradients are not accumulated or clipped then, weights have no moving average, and
         * gates are not looked at.
         *
         * @param rounds default null, for the trainer itself
         * @return this
         */
        public Builder rounds(Rounds rounds) {
            this.rounds = rounds;
            return this;
        }

        /**
         * Finishes the configuration.
         *
         * @return a trainer, which may be used many times
         * @throws BadInputException if an option is set that {@link #rounds} do not have
         */
        public Trainer build() {
            requireNone(accumulate > 1, "accumulate");
            requireNone(clip > 0, "clipGradients");
            requireNone(averaging > 0, "averaging");
            requireNone(gates != null, "gates");
            return new Trainer(this);
        }

        private void requireNone(boolean set, String option) {
            if (rounds != null && set) {
                throw new BadInputException(
                        option + " must not be set where others make the updates (" + rounds + "); leave it out");
            }
        }

        @Override
        public String toString() {
            return BuilderText.of(this, () -> "a trainer: " + build());
        }
    }
}
