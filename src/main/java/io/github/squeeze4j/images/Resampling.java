package io.github.squeeze4j.images;

import java.util.Arrays;

/**
 * Resizes pictures bit for bit as PIL does: one pass along rows and one along columns, each with the filter's weights in
 * 22-bit fixed point and rounded to bytes. When a picture gets smaller the filter is stretched by as much.
 */
final class Resampling {
    static final int PRECISION = 22;
    /** Values of a row that are summed together: all of 341 pixels in colour. */
    private static final int PART = 1024;

    private Resampling() {}

    static Picture resize(Picture picture, int height, int width, Interpolation interpolation) {
        return resize(picture, new Area(0, 0, picture.height(), picture.width()), height, width, interpolation);
    }

    /** The area cut out and resized: nothing beyond it counts. */
    static Picture resize(Picture picture, Area area, int height, int width, Interpolation interpolation) {
        return resize(picture, area, height, width, interpolation, new Area(0, 0, height, width));
    }

    /** Only a window of what the area becomes, bit for bit as if it were cut out afterwards. */
    static Picture resize(Picture picture, Area area, int height, int width, Interpolation interpolation, Area window) {
        if (area.height == height && area.width == width) {
            return new Area(area.top + window.top, area.left + window.left, window.height, window.width).cut(picture);
        }
        if (interpolation == Interpolation.NEAREST) {
            return window.cut(nearest(picture, area, height, width));
        }
        Weights across = Weights.of(interpolation, area.width, width, window.left, window.width);
        Weights down = Weights.of(interpolation, area.height, height, window.top, window.height);
        int channels = picture.channels();
        Area used = new Area(area.top + down.from, area.left + across.from, down.used, across.used);
        int[] values;
        if (isDownFirst(area, height, width)) {
            int row = across.used * channels;
            int[] lower = down(unpacked(picture, used), row, down);
            values = across.unchanged ? lower : across(RowPairs.of(lower, row), channels, across);
        } else {
            int[] narrow =
                    across.unchanged ? unpacked(picture, used) : across(RowPairs.of(picture, used), channels, across);
            values = down(narrow, window.width * channels, down);
        }
        byte[] pixels = new byte[values.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) values[i];
        }
        return Picture.wrap(window.height, window.width, channels, pixels);
    }

    /** Which pass comes first, in which case the other meets rounded and cut values, as in Pillow 13. */
    private static boolean isDownFirst(Area area, int height, int width) {
        return height < area.height && 2 * (area.width - width) < area.height - height;
    }

    /** Ints, on which the compiler's vector instructions work. */
    private static int[] unpacked(Picture picture, Area area) {
        int channels = picture.channels();
        int row = area.width * channels;
        byte[] in = picture.raw();
        int[] values = new int[area.height * row];
        for (int y = 0; y < area.height; y++) {
            int from = ((area.top + y) * picture.width() + area.left) * channels;
            int to = y * row;
            for (int i = 0; i < row; i++) {
                values[to + i] = in[from + i] & 0xff;
            }
        }
        return values;
    }

    private static int[] across(RowPairs in, int channels, Weights across) {
        int width = across.count.length;
        int[] out = new int[in.rows * width * channels];
        for (int y = 0; y < in.rows; y += 2) {
            int from = y / 2 * in.row;
            int upper = y * width * channels;
            // Where there is no second row the first is written twice.
            int lower = y + 1 < in.rows ? upper + width * channels : upper;
            if (channels == 3) {
                acrossColour(in.values, from, across, out, upper, lower);
            } else {
                acrossGrey(in.values, from, across, out, upper, lower);
            }
        }
        clip(out, out.length);
        return out;
    }

    private static void acrossColour(long[] in, int line, Weights across, int[] out, int upper, int lower) {
        int[] values = across.values;
        for (int x = 0; x < across.count.length; x++) {
            long red = RowPairs.HALF;
            long green = RowPairs.HALF;
            long blue = RowPairs.HALF;
            int at = line + across.start[x] * 3;
            int weight = x * across.most;
            int left = across.count[x];
            // By hand: the compiler's own unrolling costs more than these few rounds.
            while (left >= 2) {
                long share = values[weight];
                long second = values[weight + 1];
                red += in[at] * share + in[at + 3] * second;
                green += in[at + 1] * share + in[at + 4] * second;
                blue += in[at + 2] * share + in[at + 5] * second;
                at += 6;
                weight += 2;
                left -= 2;
            }
            if (left > 0) {
                long share = values[weight];
                red += in[at] * share;
                green += in[at + 1] * share;
                blue += in[at + 2] * share;
            }
            int i = 3 * x;
            out[lower + i] = RowPairs.lower(red);
            out[lower + i + 1] = RowPairs.lower(green);
            out[lower + i + 2] = RowPairs.lower(blue);
            out[upper + i] = (int) red;
            out[upper + i + 1] = (int) green;
            out[upper + i + 2] = (int) blue;
        }
    }

    private static void acrossGrey(long[] in, int line, Weights across, int[] out, int upper, int lower) {
        for (int x = 0; x < across.count.length; x++) {
            long sum = RowPairs.HALF;
            int at = line + across.start[x];
            int weight = x * across.most;
            for (int end = weight + across.count[x]; weight < end; weight++) {
                sum += in[at++] * across.values[weight];
            }
            out[lower + x] = RowPairs.lower(sum);
            out[upper + x] = (int) sum;
        }
    }

    /**
     * Parts of whole rows at a time. The sums and the row that is added to them lie in one array, a constant apart: the
     * compiler's vector instructions work on what cannot overlap, which of two arrays it does not know.
     */
    private static int[] down(int[] in, int row, Weights down) {
        int height = down.count.length;
        if (down.unchanged) {
            return in;
        }
        int[] out = new int[height * row];
        int[] work = new int[2 * PART];
        for (int first = 0; first < row; first += PART) {
            int length = Math.min(PART, row - first);
            for (int y = 0; y < height; y++) {
                Arrays.fill(work, 0, length, 1 << PRECISION - 1);
                for (int i = 0; i < down.count[y]; i++) {
                    System.arraycopy(in, (down.start[y] + i) * row + first, work, PART, length);
                    add(work, length, down.values[y * down.most + i]);
                }
                clip(work, length);
                System.arraycopy(work, 0, out, y * row + first, length);
            }
        }
        return out;
    }

    private static void add(int[] work, int length, int weight) {
        for (int i = 0; i < length; i++) {
            work[i] += work[i + PART] * weight;
        }
    }

    /** Sums to values from 0 to 255, without comparisons, which no vector instructions are made of. */
    private static void clip(int[] sums, int length) {
        for (int i = 0; i < length; i++) {
            int value = sums[i] >> PRECISION;
            value &= ~(value >> 31);
            sums[i] = (value | 255 - value >> 31) & 255;
        }
    }

    private static Picture nearest(Picture picture, Area area, int height, int width) {
        int channels = picture.channels();
        int[] columns = centres(area.left, area.width, width);
        int[] lines = centres(area.top, area.height, height);
        byte[] in = picture.raw();
        byte[] pixels = new byte[height * width * channels];
        int out = 0;
        for (int line : lines) {
            for (int column : columns) {
                int at = (line * picture.width() + column) * channels;
                for (int c = 0; c < channels; c++) {
                    pixels[out++] = in[at + c];
                }
            }
        }
        return Picture.wrap(height, width, channels, pixels);
    }

    /** The pixel under each new one's centre; added up step by step, as PIL does, since rounding decides. */
    private static int[] centres(int start, int from, int to) {
        double step = (double) from / to;
        double at = step * 0.5;
        int[] centres = new int[to];
        for (int i = 0; i < to; i++) {
            centres[i] = start + Math.min(from - 1, (int) at);
            at += step;
        }
        return centres;
    }

    /** A part of a picture. */
    static final class Area {
        final int top;
        final int left;
        final int height;
        final int width;

        Area(int top, int left, int height, int width) {
            this.top = top;
            this.left = left;
            this.height = height;
            this.width = width;
        }

        Picture cut(Picture picture) {
            if (height == picture.height() && width == picture.width()) {
                return picture;
            }
            int row = width * picture.channels();
            byte[] pixels = new byte[height * row];
            for (int y = 0; y < height; y++) {
                int from = ((top + y) * picture.width() + left) * picture.channels();
                System.arraycopy(picture.raw(), from, pixels, y * row, row);
            }
            return Picture.wrap(height, width, picture.channels(), pixels);
        }
    }

    /** What each new pixel of a row is made of: {@code count} neighbours from {@code start} on, counted from {@code from}. */
    private static final class Weights {
        final int most;
        /** PIL leaves out a pass that changes nothing. */
        final boolean unchanged;

        final int[] start;
        final int[] count;
        final int[] values;
        /** The old pixels that are used. */
        int from;

        int used;

        private Weights(int most, boolean unchanged, int size) {
            this.most = most;
            this.unchanged = unchanged;
            start = new int[size];
            count = new int[size];
            values = new int[unchanged ? 0 : size * most];
        }

        /** Of some of {@code to} new pixels: {@code size} from {@code first} on. */
        static Weights of(Interpolation filter, int old, int to, int first, int size) {
            double scale = (double) old / to;
            double stretch = Math.max(scale, 1);
            double support = filter.support() * stretch;
            Weights weights = new Weights((int) Math.ceil(support) * 2 + 1, old == to, size);
            double[] shares = new double[weights.most];
            for (int x = 0; x < size; x++) {
                if (weights.unchanged) {
                    weights.start[x] = first + x;
                    weights.count[x] = 1;
                } else {
                    weights.fill(filter, x, (first + x + 0.5) * scale, support, 1 / stretch, old, shares);
                }
            }
            weights.from = weights.start[0];
            weights.used = weights.start[size - 1] + weights.count[size - 1] - weights.from;
            for (int x = 0; x < size; x++) {
                weights.start[x] -= weights.from;
            }
            return weights;
        }

        private void fill(
                Interpolation filter, int x, double centre, double support, double squeeze, int old, double[] shares) {
            int low = Math.max(0, (int) (centre - support + 0.5));
            int high = Math.min(old, (int) (centre + support + 0.5));
            double sum = 0;
            for (int i = 0; i < high - low; i++) {
                shares[i] = filter.weight((i + low - centre + 0.5) * squeeze);
                sum += shares[i];
            }
            start[x] = low;
            count[x] = high - low;
            for (int i = 0; i < high - low; i++) {
                double share = (sum == 0 ? shares[i] : shares[i] / sum) * (1 << PRECISION);
                values[x * most + i] = (int) (share < 0 ? share - 0.5 : share + 0.5);
            }
        }
    }
}
