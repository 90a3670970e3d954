package io.github.squeeze4j.training;

import io.github.squeeze4j.images.BatchTransform;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureBatches;
import io.github.squeeze4j.images.PictureBatches.OnBadPicture;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.images.Transform;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Which pictures each batch of a training holds, and what happens to them: the same on every machine, since all of it follows from the
 * seed, the pass and the place of a picture among all.
 *
 * @serial exclude
 */
public final class BatchPlan implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int batchSize;
    private final long seed;
    private final Transform augmentation;
    private final BatchTransform[] batchTransforms;
    private final OnBadPicture onBadPicture;

    BatchPlan(
            int batchSize,
            long seed,
            Transform augmentation,
            BatchTransform[] batchTransforms,
            OnBadPicture onBadPicture) {
        this.batchSize = batchSize;
        this.seed = seed;
        this.augmentation = augmentation;
        this.batchTransforms = batchTransforms;
        this.onBadPicture = onBadPicture;
    }

    /**
     * The batches, at the beginning of pass 0.
     *
     * @param pictures all training pictures
     * @param preprocessing what makes them the network's input
     * @param threads that read pictures; 0 for one less than the processors
     * @return batches that must be closed; {@link PictureBatches#startAt} goes to a place
     */
    public PictureBatches batches(LabelledPictures pictures, Preprocessing preprocessing, int threads) {
        PictureBatches.Builder builder = PictureBatches.of(pictures, preprocessing)
                .batchSize(batchSize)
                .even()
                .shuffle(seed)
                .augmentation(augmentation)
                .batchTransforms(batchTransforms)
                .onBadPicture(onBadPicture);
        return (threads > 0 ? builder.workers(threads) : builder).build();
    }

    /**
     * The seed of what an update draws: dropout, stochastic depth.
     *
     * @param updates how many there were before
     * @param part which of several that happen at once, from 0
     * @return a seed for ND4J's generator
     */
    public long seed(int updates, int part) {
        return Seeds.mix(seed, updates, part);
    }

    @Override
    public String toString() {
        return "even batches of " + batchSize + ", seed " + seed + ", augmentation " + augmentation + ", of batches "
                + Arrays.toString(batchTransforms);
    }
}
