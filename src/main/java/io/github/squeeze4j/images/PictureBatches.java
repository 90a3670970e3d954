package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.NavigableMap;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Batches of pictures for DL4J: features [N, C, H, W], labels [N, classes], both FLOAT. Threads of its own read and change
 * pictures ahead, a given number of batches at most.
 *
 * <p>What a batch holds follows from seed, epoch and its place in the epoch alone, whatever the number of threads, so
 * that {@link #startAt} goes on exactly where a run was stopped. A pass is an epoch; {@link #reset} begins the next one.
 *
 * <pre>{@code
 * Preset preset = Preset.named("senet");
 * try (PictureBatches batches = PictureBatches.of(sets.train(), preset.preprocessing())
 *         .augmentation(preset.augmentation())
 *         .batchSize(32)
 *         .shuffle(seed)
 *         .build()) {
 *     graph.fit(batches, epochs);
 * }
 * }</pre>
 *
 * @serial exclude
 */
public final class PictureBatches implements DataSetIterator, AutoCloseable {
    private static final long serialVersionUID = 1L;

    /** What happens on a picture that cannot be read. */
    public enum OnBadPicture {
        /** {@link #next} throws what reading it threw. */
        FAIL,
        /** It is left out of its batch, which is smaller by it; a batch of none is left out. */
        SKIP
    }

    private final LabelledPictures pictures;
    private final Preprocessing preprocessing;
    private final Transform augmentation;
    private final List<BatchTransform> batchTransforms;
    private final int batchSize;
    private final boolean even;
    private final boolean shuffle;
    private final long seed;
    private final int ahead;
    private final OnBadPicture onBadPicture;
    private final transient ExecutorService workers;
    private final transient Deque<Batch> pending = new ArrayDeque<>();
    /** Arrays of batches that were taken. */
    private final transient Deque<float[]> spare = new ArrayDeque<>();
    /** Messages by the picture's index. */
    private final transient NavigableMap<Integer, String> skipped = new TreeMap<>();

    private int epoch;
    private int next;
    private int[] order;
    /** The next batch that is not empty, if it has been looked for. */
    private transient DataSet ready;

    private boolean closed;
    private DataSetPreProcessor preProcessor;

    /** Sets the values; those that are not set keep their defaults. */
    public static final class Builder {
        private final LabelledPictures pictures;
        private final Preprocessing preprocessing;
        private Transform augmentation;
        private List<BatchTransform> batchTransforms = List.of();
        private int batchSize = 32;
        private boolean even;
        private boolean shuffle;
        private long seed;
        private int workers = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
        private int ahead = 3;
        private OnBadPicture onBadPicture = OnBadPicture.FAIL;

        private Builder(LabelledPictures pictures, Preprocessing preprocessing) {
            this.pictures = pictures;
            this.preprocessing = preprocessing;
        }

        /**
         * What happens to each picture before its channels are ordered and its values shifted; default none, which
         * means the preprocessing's own resizing and crop.
         *
         * @param augmentation gives pictures of the network's size; null for none
         * @return this builder
         */
        public Builder augmentation(Transform augmentation) {
            this.augmentation = augmentation;
            return this;
        }

        /**
         * What happens to each batch, such as mixup; default nothing.
         *
         * @param transforms in their order
         * @return this builder
         */
        public Builder batchTransforms(BatchTransform... transforms) {
            batchTransforms = List.of(transforms);
            return this;
        }

        /**
         * Pictures per batch; default 32. The last batch of an epoch may be smaller.
         *
         * @param batchSize positive
         * @return this builder
         */
        public Builder batchSize(int batchSize) {
            this.batchSize = Rules.within("batch size", batchSize, 1, 1 << 20);
            return this;
        }

        /**
         * As many batches as before, but none of an epoch more than one picture smaller than another: a last batch of a few
         * pictures gives batch normalization statistics that disturb training. Default: all full but the last.
         *
         * @return this builder
         */
        public Builder even() {
            even = true;
            return this;
        }

        /**
         * Another order in each epoch; default: as they stand, with draws of seed 0.
         *
         * @param seed decides order and augmentation
         * @return this builder
         */
        public Builder shuffle(long seed) {
            shuffle = true;
            this.seed = seed;
            return this;
        }

        /**
         * Threads that read pictures; default one less than the processors, at least 1.
         *
         * @param workers positive
         * @return this builder
         */
        public Builder workers(int workers) {
            this.workers = Rules.within("workers", workers, 1, 1024);
            return this;
        }

        /**
         * Batches that are made ahead of the one that is taken; default 3.
         *
         * @param batches positive
         * @return this builder
         */
        public Builder ahead(int batches) {
            ahead = Rules.within("batches ahead", batches, 1, 1024);
            return this;
        }

        /**
         * What happens on a picture that cannot be read; default {@link OnBadPicture#FAIL}.
         *
         * @param what skip or fail
         * @return this builder
         */
        public Builder onBadPicture(OnBadPicture what) {
            onBadPicture = what;
            return this;
        }

        /**
         * The batches, at the beginning of epoch 0.
         *
         * @return an iterator that must be closed
         * @throws BadInputException if a value is out of its range
         */
        public PictureBatches build() {
            return new PictureBatches(this);
        }
    }

    /** A batch in the making. */
    private final class Batch {
        final int number;
        final int[] indices;
        final float[] features;
        final Throwable[] failures;
        final CountDownLatch missing;
        volatile boolean unwanted;

        Batch(int number, float[] features) {
            this.number = number;
            this.features = features;
            indices = Arrays.copyOfRange(order, start(number), start(number + 1));
            failures = new Throwable[indices.length];
            missing = new CountDownLatch(indices.length);
        }

        void make(int place, int ofEpoch) {
            try {
                if (!unwanted) {
                    write(indices[place], ofEpoch, features, place * preprocessing.length());
                }
            } catch (Throwable e) {
                // Given to the thread that takes the batch.
                failures[place] = e;
            } finally {
                missing.countDown();
            }
        }
    }

    private PictureBatches(Builder builder) {
        pictures = builder.pictures;
        preprocessing = builder.preprocessing;
        augmentation = builder.augmentation;
        batchTransforms = builder.batchTransforms;
        batchSize = builder.batchSize;
        even = builder.even;
        shuffle = builder.shuffle;
        seed = builder.seed;
        ahead = builder.ahead;
        onBadPicture = builder.onBadPicture;
        if ((long) batchSize * preprocessing.length() > Integer.MAX_VALUE) {
            throw new BadInputException("batch size (" + batchSize + ") of " + preprocessing.length()
                    + " values each must be below 2^31 values in all; use "
                    + Integer.MAX_VALUE / preprocessing.length());
        }
        AtomicInteger threads = new AtomicInteger();
        workers = Executors.newFixedThreadPool(builder.workers, task -> {
            Thread thread = new Thread(task, "squeeze4j-pictures-" + threads.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        arrange();
    }

    private void arrange() {
        order = new int[pictures.size()];
        Arrays.setAll(order, i -> i);
        if (shuffle) {
            Draws draws = Draws.of(seed, epoch);
            for (int i = order.length - 1; i > 0; i--) {
                int j = draws.below(i + 1);
                int kept = order[i];
                order[i] = order[j];
                order[j] = kept;
            }
        }
    }

    /** The place in the order where a batch of the epoch begins. */
    private int start(int number) {
        return even
                ? (int) ((long) number * order.length / batchesPerEpoch())
                : (int) Math.min(order.length, (long) number * batchSize);
    }

    private void write(int index, int ofEpoch, float[] features, int offset) {
        Picture picture = pictures.read(index);
        try {
            Picture changed = augmentation == null
                    ? preprocessing.prepare(picture)
                    : augmentation.apply(picture, Draws.of(seed, ofEpoch, index));
            preprocessing.write(changed, features, offset);
        } catch (BadInputException e) {
            throw new BadInputException("picture (" + pictures.name(index) + "): " + e.getMessage(), e);
        }
    }

    /**
     * Starts from the defaults.
     *
     * @param pictures what is read
     * @param preprocessing what makes it the network's input
     * @return a builder
     */
    public static Builder of(LabelledPictures pictures, Preprocessing preprocessing) {
        return new Builder(pictures, preprocessing);
    }

    /**
     * Goes to a place: what {@link #next} gives then is what it would have given there without interruption.
     *
     * @param epoch from 0
     * @param batch of the epoch, from 0, counted with those that were left out; the number of batches goes to the end
     * @throws BadInputException if there is no such place
     */
    public void startAt(int epoch, int batch) {
        Rules.within("epoch", epoch, 0, Integer.MAX_VALUE);
        Rules.within("batch", batch, 0, batchesPerEpoch());
        pending.forEach(made -> made.unwanted = true);
        pending.clear();
        ready = null;
        this.epoch = epoch;
        next = batch;
        arrange();
    }

    /**
     * The epoch that the next batch belongs to.
     *
     * @return from 0
     */
    public int epoch() {
        return epoch;
    }

    /**
     * The place of the next batch in its epoch, to be saved and given to {@link #startAt}.
     *
     * @return from 0
     */
    public int nextBatch() {
        return next;
    }

    /**
     * Batches of an epoch, with those that may be left out.
     *
     * @return batches
     */
    public int batchesPerEpoch() {
        return (pictures.size() + batchSize - 1) / batchSize;
    }

    /**
     * The pictures that could not be read so far, each once.
     *
     * @return the messages, in the order of the pictures; empty unless {@link OnBadPicture#SKIP}
     */
    public List<String> skipped() {
        return List.copyOf(skipped.values());
    }

    @Override
    public boolean hasNext() {
        if (onBadPicture == OnBadPicture.SKIP && ready == null) {
            // Whether anything is left shows only when it has been read.
            ready = take();
        }
        return ready != null || onBadPicture == OnBadPicture.FAIL && next < batchesPerEpoch();
    }

    @Override
    public DataSet next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the epoch of " + order.length + " pictures is over; call reset()");
        }
        DataSet batch = ready != null ? ready : take();
        ready = null;
        next++;
        if (preProcessor != null) {
            preProcessor.preProcess(batch);
        }
        return batch;
    }

    @Override
    public DataSet next(int num) {
        if (num != batchSize) {
            throw new BadInputException("number of pictures (" + num + ") must be the batch size (" + batchSize
                    + "), so that batches keep their places; use next()");
        }
        return next();
    }

    /** The batch at {@link #next}, or the first one after it of which anything is left; null at the epoch's end. */
    private DataSet take() {
        if (closed) {
            throw new IllegalStateException("the batches are closed; make new ones");
        }
        for (; next < batchesPerEpoch(); next++) {
            order();
            Batch batch = pending.remove();
            try {
                batch.missing.await();
            } catch (InterruptedException e) {
                pending.addFirst(batch);
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for pictures", e);
            }
            DataSet data;
            try {
                data = finished(batch);
            } catch (RuntimeException | Error e) {
                // So that who goes on finds this batch again.
                startAt(epoch, next);
                throw e;
            }
            spare.add(batch.features);
            if (data != null) {
                return data;
            }
        }
        return null;
    }

    /** Has batches made, the one at {@link #next} and those ahead. */
    private void order() {
        int last = pending.isEmpty() ? next - 1 : pending.getLast().number;
        int wanted = Math.min(batchesPerEpoch() - 1, next + ahead);
        int ofEpoch = epoch;
        for (int number = last + 1; number <= wanted; number++) {
            float[] features = spare.isEmpty() ? new float[batchSize * preprocessing.length()] : spare.remove();
            Batch batch = new Batch(number, features);
            pending.add(batch);
            for (int i = 0; i < batch.indices.length; i++) {
                int place = i;
                workers.execute(() -> batch.make(place, ofEpoch));
            }
        }
    }

    private DataSet finished(Batch batch) {
        int length = preprocessing.length();
        int classes = totalOutcomes();
        float[] labels = new float[batch.indices.length * classes];
        int count = 0;
        for (int i = 0; i < batch.indices.length; i++) {
            int index = batch.indices[i];
            if (batch.failures[i] != null) {
                fail(index, batch.failures[i]);
            } else {
                if (count < i) {
                    System.arraycopy(batch.features, i * length, batch.features, count * length, length);
                }
                labels[count * classes + pictures.label(index)] = 1;
                count++;
            }
        }
        if (count == 0) {
            return null;
        }
        float[] features = count < batchSize ? Arrays.copyOf(batch.features, count * length) : batch.features;
        labels = Arrays.copyOf(labels, count * classes);
        int[] shape = {count, preprocessing.colours().channels(), preprocessing.height(), preprocessing.width()};
        Draws draws = Draws.of(seed, epoch, -1 - batch.number);
        for (BatchTransform transform : batchTransforms) {
            transform.apply(features, labels, shape, draws.split());
        }
        return new DataSet(
                Nd4j.createFromArray(features).reshape('c', shape),
                Nd4j.createFromArray(labels).reshape('c', count, classes));
    }

    private void fail(int index, Throwable failure) {
        if (onBadPicture == OnBadPicture.SKIP && failure instanceof BadInputException) {
            skipped.put(index, failure.getMessage());
        } else if (failure instanceof BadInputException) {
            // With the stack of the thread that asked.
            throw new BadInputException(failure.getMessage(), failure);
        } else if (failure instanceof Error) {
            throw (Error) failure;
        } else {
            throw new IllegalStateException(
                    "picture (" + pictures.name(index) + ") could not be prepared: " + failure, failure);
        }
    }

    /** To the beginning of the next epoch; without effect where nothing of this one has been taken. */
    @Override
    public void reset() {
        if (next > 0) {
            startAt(epoch + 1, 0);
        }
    }

    /** Ends the threads. Afterwards nothing more is read. */
    @Override
    public void close() {
        closed = true;
        pending.forEach(made -> made.unwanted = true);
        pending.clear();
        spare.clear();
        workers.shutdownNow();
    }

    @Override
    public int inputColumns() {
        return preprocessing.length();
    }

    @Override
    public int totalOutcomes() {
        return pictures.classNames().size();
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    /** This iterator reads ahead itself; DL4J's own thread before it would only move the place that is saved. */
    @Override
    public boolean asyncSupported() {
        return false;
    }

    @Override
    public int batch() {
        return batchSize;
    }

    @Override
    public void setPreProcessor(DataSetPreProcessor preProcessor) {
        this.preProcessor = preProcessor;
    }

    @Override
    public DataSetPreProcessor getPreProcessor() {
        return preProcessor;
    }

    @Override
    public List<String> getLabels() {
        return pictures.classNames();
    }
}
