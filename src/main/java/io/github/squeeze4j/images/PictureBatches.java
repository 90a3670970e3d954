package io.github.squeeze4j.images;

import io.github.squeeze4j.training.BadInputException;
import java.util.List;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

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

    /** Sets the values; those that are not set keep their defaults. */
    public static final class Builder {
        private Builder() {}

        /**
         * What happens to each picture before its channels are ordered and its values shifted; default none, which
         * means the preprocessing's own resizing and crop.
         *
         * @param augmentation gives pictures of the network's size; null for none
         * @return this builder
         */
        public Builder augmentation(Transform augmentation) {
            throw new UnsupportedOperationException();
        }

        /**
         * What happens to each batch, such as mixup; default nothing.
         *
         * @param transforms in their order
         * @return this builder
         */
        public Builder batchTransforms(BatchTransform... transforms) {
            throw new UnsupportedOperationException();
        }

        /**
         * Pictures per batch; default 32. The last batch of an epoch may be smaller.
         *
         * @param batchSize positive
         * @return this builder
         */
        public Builder batchSize(int batchSize) {
            throw new UnsupportedOperationException();
        }

        /**
         * Another order in each epoch; default: as they stand, with draws of seed 0.
         *
         * @param seed decides order and augmentation
         * @return this builder
         */
        public Builder shuffle(long seed) {
            throw new UnsupportedOperationException();
        }

        /**
         * Threads that read pictures; default one less than the processors, at least 1.
         *
         * @param workers positive
         * @return this builder
         */
        public Builder workers(int workers) {
            throw new UnsupportedOperationException();
        }

        /**
         * Batches that are made ahead of the one that is taken; default 3.
         *
         * @param batches positive
         * @return this builder
         */
        public Builder ahead(int batches) {
            throw new UnsupportedOperationException();
        }

        /**
         * What happens on a picture that cannot be read; default {@link OnBadPicture#FAIL}.
         *
         * @param what skip or fail
         * @return this builder
         */
        public Builder onBadPicture(OnBadPicture what) {
            throw new UnsupportedOperationException();
        }

        /**
         * The batches, at the beginning of epoch 0.
         *
         * @return an iterator that must be closed
         * @throws BadInputException if a value is out of its range
         */
        public PictureBatches build() {
            throw new UnsupportedOperationException();
        }
    }

    private PictureBatches() {}

    /**
     * Starts from the defaults.
     *
     * @param pictures what is read
     * @param preprocessing what makes it the network's input
     * @return a builder
     */
    public static Builder of(LabelledPictures pictures, Preprocessing preprocessing) {
        throw new UnsupportedOperationException();
    }

    /**
     * Goes to a place: what {@link #next} gives then is what it would have given there without interruption.
     *
     * @param epoch from 0
     * @param batch of the epoch, from 0, counted with those that were left out; the number of batches goes to the end
     * @throws BadInputException if there is no such place
     */
    public void startAt(int epoch, int batch) {
        throw new UnsupportedOperationException();
    }

    /**
     * The epoch that the next batch belongs to.
     *
     * @return from 0
     */
    public int epoch() {
        throw new UnsupportedOperationException();
    }

    /**
     * The place of the next batch in its epoch, to be saved and given to {@link #startAt}.
     *
     * @return from 0
     */
    public int nextBatch() {
        throw new UnsupportedOperationException();
    }

    /**
     * Batches of an epoch, with those that may be left out.
     *
     * @return batches
     */
    public int batchesPerEpoch() {
        throw new UnsupportedOperationException();
    }

    /**
     * The pictures that could not be read so far, each once.
     *
     * @return the messages, in the order of the pictures; empty unless {@link OnBadPicture#SKIP}
     */
    public List<String> skipped() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean hasNext() {
        throw new UnsupportedOperationException();
    }

    @Override
    public DataSet next() {
        throw new UnsupportedOperationException();
    }

    @Override
    public DataSet next(int num) {
        throw new UnsupportedOperationException();
    }

    /** To the beginning of the next epoch; without effect where nothing of this one has been taken. */
    @Override
    public void reset() {
        throw new UnsupportedOperationException();
    }

    /** Ends the threads. Afterwards nothing more is read. */
    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int inputColumns() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int totalOutcomes() {
        throw new UnsupportedOperationException();
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
        throw new UnsupportedOperationException();
    }

    @Override
    public void setPreProcessor(DataSetPreProcessor preProcessor) {
        throw new UnsupportedOperationException();
    }

    @Override
    public DataSetPreProcessor getPreProcessor() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<String> getLabels() {
        throw new UnsupportedOperationException();
    }
}
