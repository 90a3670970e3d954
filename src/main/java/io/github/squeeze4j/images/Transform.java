package io.github.squeeze4j.images;

import java.io.Serializable;

/**
 * One change of a picture, for augmentation. Transforms are immutable and may be used by many threads at once: all that
 * is random comes from the draws that they are given. Their text says what they do and with which values, and equal
 * texts stand for equal transforms. {@link Transforms} makes them.
 *
 * <pre>{@code
 * Transform augment = Transforms.randomResizedCrop(224).then(Transforms.mirror());
 * Picture changed = augment.apply(picture, Draws.of(seed, epoch, index));
 * }</pre>
 */
public interface Transform extends Serializable {
    /**
     * Changes a picture.
     *
     * @param picture the picture, which stays as it is
     * @param draws what decides; each transform of a chain is given draws of its own
     * @return the changed picture; the given one where nothing changes
     */
    Picture apply(Picture picture, Draws draws);

    /**
     * This transform and then another.
     *
     * @param next what follows
     * @return both as one
     */
    default Transform then(Transform next) {
        return Chain.of(this, next);
    }
}
