package io.github.squeeze4j.images;

import java.util.Arrays;

/** Divides pictures in two, each class by itself. */
final class Split {
    private Split() {}

    /** Indices of what is left and of what is kept apart, both in the pictures' order. */
    static int[][] byClass(LabelledPictures pictures, double fraction, long seed) {
        int classes = pictures.classNames().size();
        int[] counts = new int[classes];
        for (int i = 0; i < pictures.size(); i++) {
            counts[pictures.label(i)]++;
        }
        // How many of the class are still to be kept, and still to be looked at.
        int[] kept = new int[classes];
        Arrays.setAll(
                kept,
                c -> counts[c] < 2 ? 0 : Math.max(1, Math.min(counts[c] - 1, (int) Math.round(counts[c] * fraction))));
        int total = Arrays.stream(kept).sum();
        int[] left = new int[pictures.size() - total];
        int[] apart = new int[total];
        Draws[] draws = new Draws[classes];
        Arrays.setAll(draws, c -> Draws.of(seed, c));
        for (int i = 0; i < pictures.size(); i++) {
            int label = pictures.label(i);
            if (draws[label].below(counts[label]--) < kept[label]) {
                apart[apart.length - total--] = i;
                kept[label]--;
            } else {
                left[i - apart.length + total] = i;
            }
        }
        return new int[][] {left, apart};
    }
}
