package io.github.squeeze4j.images;

/**
 * Makes transforms. Their defaults are those of the papers' authors; pictures in, pictures out, both of bytes, so that
 * values are rounded and cut to 0 to 255 after each.
 */
public final class Transforms {
    private Transforms() {}

    /**
     * A random part of the picture, resized: area from 8 to 100 % of the picture's, aspect ratio (width / height) from 3/4
     * to 4/3, both as torchvision draws them; bilinear.
     *
     * @param size height and width of the result, in pixels
     * @return the transform
     */
    public static Transform randomResizedCrop(int size) {
        throw new UnsupportedOperationException();
    }

    /**
     * Left and right swapped in every second picture.
     *
     * @return the transform
     */
    public static Transform mirror() {
        throw new UnsupportedOperationException();
    }

    /**
     * Each batch's pictures and labels mixed with those of the same batch turned round by one: share lambda of their own,
     * lambda from Beta(alpha, alpha), one per batch (Zhang et al., 1710.09412; torchvision's MixUp).
     *
     * @param alpha positive; the papers' 0.2
     * @return the transform
     */
    public static BatchTransform mixup(double alpha) {
        throw new UnsupportedOperationException();
    }

    /**
     * A rectangle of each picture replaced by the same of the picture before it in the batch; labels mixed by area (Yun et
     * al., 1905.04899; torchvision's CutMix).
     *
     * @param alpha positive; the paper's 1
     * @return the transform
     */
    public static BatchTransform cutMix(double alpha) {
        throw new UnsupportedOperationException();
    }

    /**
     * Labels of 1 - epsilon + epsilon / classes and epsilon / classes (Szegedy et al., 1512.00567, section 7).
     *
     * @param epsilon from 0 to below 1; usually 0.1
     * @return the transform
     */
    public static BatchTransform labelSmoothing(double epsilon) {
        throw new UnsupportedOperationException();
    }
}
