package io.github.squeeze4j.training;

import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Standardised batches of an {@link ImageSet} for DL4J: features [N, 1, H, W], labels one-hot [N, classes], both FLOAT.
 *
 * <p>{@link #inOrder} gives the images as they stand, for evaluation. {@link #shuffled} gives them in another order in
 * each pass (each {@link #reset}), which follows from the seed alone.
 *
 * @serial exclude
 */
public final class ImageIterator implements DataSetIterator {
    private static final long serialVersionUID = 1L;

    private final ImageSet images;
    private final int batchSize;
    private final float[] table;
    private final Augmentation augmentation;
    private final long seed;
    private final int[] order;
    private final boolean shuffle;
    private int pass;
    private int position;
    private DataSetPreProcessor preProcessor;

    private ImageIterator(
            ImageSet images,
            Standardisation standardisation,
            int batchSize,
            boolean shuffle,
            long seed,
            boolean augment) {
        this.images = images;
        this.batchSize = BadInputException.positive("batch size", batchSize, "use 32");
        this.table = standardisation.table();
        this.shuffle = shuffle;
        this.seed = seed;
        this.augmentation = augment ? new Augmentation(seed) : null;
        this.order = new int[images.size()];
        arrange();
    }

    /**
     * All images in their order.
     *
     * @param images the images
     * @param classifier whose standardisation applies
     * @param batchSize images per batch, positive; the last batch may be smaller
     * @return an iterator at the first image
     */
    public static ImageIterator inOrder(ImageSet images, ImageClassifier classifier, int batchSize) {
        return new ImageIterator(images, classifier.standardisation(), batchSize, false, 0, false);
    }

    /**
     * All images in a random order, a new one in each pass.
     *
     * @param images the images
     * @param classifier whose standardisation applies
     * @param batchSize images per batch, positive; the last batch may be smaller
     * @param seed decides order and augmentation
     * @param augment whether to crop and flip at random: shifts by up to 2 pixels, every second image mirrored
     * @return an iterator at the start of the first pass
     */
    public static ImageIterator shuffled(
            ImageSet images, ImageClassifier classifier, int batchSize, long seed, boolean augment) {
        return new ImageIterator(images, classifier.standardisation(), batchSize, true, seed, augment);
    }

    private void arrange() {
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        if (shuffle) {
            SplittableRandom random = new SplittableRandom(Seeds.mix(seed, pass));
            for (int i = order.length - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int kept = order[i];
                order[i] = order[j];
                order[j] = kept;
            }
        }
    }

    @Override
    public boolean hasNext() {
        return position < order.length;
    }

    @Override
    public DataSet next() {
        return next(batchSize);
    }

    @Override
    public DataSet next(int num) {
        if (!hasNext()) {
            throw new NoSuchElementException("the pass over " + order.length + " images is over; call reset()");
        }
        int count = Math.min(num, order.length - position);
        int area = images.height() * images.width();
        int classes = images.classNames().size();
        float[] features = new float[count * area];
        float[] labels = new float[count * classes];
        for (int i = 0; i < count; i++) {
            int index = order[position + i];
            write(index, features, i * area);
            labels[i * classes + images.label(index)] = 1;
        }
        position += count;
        DataSet batch = new DataSet(
                Nd4j.createFromArray(features).reshape('c', count, 1, images.height(), images.width()),
                Nd4j.createFromArray(labels).reshape('c', count, classes));
        if (preProcessor != null) {
            preProcessor.preProcess(batch);
        }
        return batch;
    }

    private void write(int index, float[] features, int offset) {
        if (augmentation != null) {
            augmentation.write(images, index, pass, table, features, offset);
            return;
        }
        int area = images.height() * images.width();
        byte[] pixels = images.pixels();
        for (int i = 0; i < area; i++) {
            features[offset + i] = table[pixels[index * area + i] & 0xff];
        }
    }

    @Override
    public void reset() {
        pass++;
        position = 0;
        arrange();
    }

    /** Goes to a batch of a pass, both from 0. */
    void startAt(int epoch, int batch) {
        pass = epoch;
        position = (int) Math.min(order.length, (long) batch * batchSize);
        arrange();
    }

    int batchesPerEpoch() {
        return (order.length + batchSize - 1) / batchSize;
    }

    int nextBatch() {
        return (position + batchSize - 1) / batchSize;
    }

    /** Images of one pass. */
    int images() {
        return order.length;
    }

    @Override
    public int inputColumns() {
        return images.height() * images.width();
    }

    @Override
    public int totalOutcomes() {
        return images.classNames().size();
    }

    @Override
    public boolean resetSupported() {
        return true;
    }

    @Override
    public boolean asyncSupported() {
        return true;
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
        return images.classNames();
    }
}
