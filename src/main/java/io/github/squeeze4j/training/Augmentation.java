package io.github.squeeze4j.training;

import java.io.Serializable;
import java.util.SplittableRandom;

/**
 * Random crop of the image padded with black, and horizontal flip of every second image, as for CIFAR in He et al.,
 * 1512.03385, section 4.2. Holds no state: what happens to an image follows from seed, epoch and index alone.
 */
final class Augmentation implements Serializable {
    private static final long serialVersionUID = 1L;
    /** Pixels of padding on each side: He et al. take 4 of 32, these images are smaller and centred. */
    private static final int PADDING = 2;

    private final long seed;

    Augmentation(long seed) {
        this.seed = seed;
    }

    /** Writes image {@code index} of the set into {@code out} at {@code offset}, looking up each pixel in the table. */
    void write(ImageSet images, int index, int epoch, float[] table, float[] out, int offset) {
        SplittableRandom random = new SplittableRandom(Seeds.mix(seed, epoch, index));
        int down = random.nextInt(2 * PADDING + 1) - PADDING;
        int right = random.nextInt(2 * PADDING + 1) - PADDING;
        boolean flip = random.nextBoolean();
        byte[] pixels = images.pixels();
        int height = images.height();
        int width = images.width();
        int start = index * height * width;
        for (int y = 0; y < height; y++) {
            int fromY = y + down;
            for (int x = 0; x < width; x++) {
                int fromX = (flip ? width - 1 - x : x) + right;
                boolean inside = fromY >= 0 && fromY < height && fromX >= 0 && fromX < width;
                out[offset + y * width + x] = table[inside ? pixels[start + fromY * width + fromX] & 0xff : 0];
            }
        }
    }
}
