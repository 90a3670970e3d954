package io.github.squeeze4j.images;

import java.util.Arrays;

/** MixUp and CutMix: each picture with the one before it in the batch, the first with the last. */
final class Mixing implements BatchTransform {
    private final boolean cut;
    private final double alpha;

    Mixing(boolean cut, double alpha) {
        this.cut = cut;
        this.alpha = Rules.within("alpha", alpha, 1e-3, 1e3);
    }

    @Override
    public void apply(float[] features, float[] labels, int[] shape, Draws draws) {
        double share = draws.beta(alpha);
        if (!cut) {
            mix(features, shape[0], (float) share);
            mix(labels, shape[0], (float) share);
            return;
        }
        int height = shape[2];
        int width = shape[3];
        double half = 0.5 * Math.sqrt(1 - share);
        int x = draws.below(width);
        int y = draws.below(height);
        int top = Math.max(0, y - (int) (half * height));
        int bottom = Math.min(height, y + (int) (half * height));
        int left = Math.max(0, x - (int) (half * width));
        int right = Math.min(width, x + (int) (half * width));
        int size = shape[1] * height * width;
        eachWithTheOneBefore(features, shape[0], size, (before, from, at) -> {
            for (int row = 0; row < shape[1] * height; row++) {
                if (row % height >= top && row % height < bottom) {
                    int start = row * width + left;
                    System.arraycopy(before, from + start, features, at + start, right - left);
                }
            }
        });
        mix(labels, shape[0], (float) (1 - (double) (bottom - top) * (right - left) / (height * width)));
    }

    private static void mix(float[] values, int count, float share) {
        int size = values.length / count;
        eachWithTheOneBefore(values, count, size, (before, from, at) -> {
            for (int i = 0; i < size; i++) {
                values[at + i] = before[from + i] * (1 - share) + values[at + i] * share;
            }
        });
    }

    /** Changes the row at {@code at} by the one at {@code from} of another array. */
    private interface Pair {
        void change(float[] before, int from, int at);
    }

    /** From the last row on, so that each finds the one before it as it was. */
    private static void eachWithTheOneBefore(float[] values, int count, int size, Pair pair) {
        float[] last = Arrays.copyOfRange(values, (count - 1) * size, count * size);
        for (int i = count - 1; i > 0; i--) {
            pair.change(values, (i - 1) * size, i * size);
        }
        pair.change(last, 0, 0);
    }

    @Override
    public String toString() {
        return (cut ? "cutMix(" : "mixup(") + alpha + ")";
    }
}
