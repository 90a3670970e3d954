package io.github.squeeze4j.images;

import java.io.Serializable;

/**
 * One change of a whole batch: pictures as the network sees them, and their labels. Immutable; may be used by many
 * threads at once. {@link Transforms} makes them.
 */
public interface BatchTransform extends Serializable {
    /**
     * Changes a batch in place.
     *
     * @param features [count, size / count values of each picture], one after the other: [N, C, H, W]
     * @param labels [count, classes], the rows of probabilities
     * @param shape N, C, H, W
     * @param draws what decides
     */
    void apply(float[] features, float[] labels, int[] shape, Draws draws);
}
