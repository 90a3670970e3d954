package io.github.squeeze4j.images;

import java.util.Arrays;

/**
 * Resizes pictures bit for bit as PIL does: one pass along rows and one along columns, each with the filter's weights in
 * 22-bit fixed point and rounded to bytes. When a picture gets smaller the filter is stretched by as much.
 */
final class Resampling {
    private static final int PRECISION = 22;

    private Resampling() {}

    static Picture resize(Picture picture, int height, int width, Interpolation interpolation) {
        return resize(picture, new Area(0, 0, picture.height(), picture.width()), height, width, interpolation);
    }

    /** The area cut out and resized: nothing beyond it counts. */
    static Picture resize(Picture picture, Area area, int height, int width, Interpolation interpolation) {
        if (area.height == height && area.width == width) {
            return area.cut(picture);
        }
        if (interpolation == Interpolation.NEAREST) {
            return nearest(picture, area, height, width);
        }
        Weights across = Weights.of(interpolation, area.width, width);
        Weights down = Weights.of(interpolation, area.height, height);
        int row = width * picture.channels();
        int first = down.start[0];
        int last = down.start[height - 1] + down.count[height - 1];
        int[] rows = new int[(last - first) * row];
        if (picture.channels() == 3) {
            acrossColour(picture, area, first, last, across, rows);
        } else {
            acrossGrey(picture, area, first, last, across, rows);
        }
        return Picture.wrap(height, width, picture.channels(), down(rows, row, first, down));
    }

    private static void acrossColour(Picture picture, Area area, int first, int last, Weights across, int[] rows) {
        byte[] in = picture.raw();
        int width = across.count.length;
        int out = 0;
        for (int y = first; y < last; y++) {
            int line = ((area.top + y) * picture.width() + area.left) * 3;
            for (int x = 0; x < width; x++) {
                int red = 1 << PRECISION - 1;
                int green = red;
                int blue = red;
                int at = line + across.start[x] * 3;
                int weight = x * across.most;
                for (int end = weight + across.count[x]; weight < end; weight++) {
                    int share = across.values[weight];
                    red += (in[at] & 0xff) * share;
                    green += (in[at + 1] & 0xff) * share;
                    blue += (in[at + 2] & 0xff) * share;
                    at += 3;
                }
                rows[out] = clipped(red);
                rows[out + 1] = clipped(green);
                rows[out + 2] = clipped(blue);
                out += 3;
            }
        }
    }

    private static void acrossGrey(Picture picture, Area area, int first, int last, Weights across, int[] rows) {
        byte[] in = picture.raw();
        int width = across.count.length;
        int out = 0;
        for (int y = first; y < last; y++) {
            int line = (area.top + y) * picture.width() + area.left;
            for (int x = 0; x < width; x++) {
                int sum = 1 << PRECISION - 1;
                int at = line + across.start[x];
                int weight = x * across.most;
                for (int end = weight + across.count[x]; weight < end; weight++) {
                    sum += (in[at++] & 0xff) * across.values[weight];
                }
                rows[out++] = clipped(sum);
            }
        }
    }

    /** Whole rows at a time, in ints: loops that the compiler turns into vector instructions. */
    private static byte[] down(int[] rows, int row, int first, Weights down) {
        int height = down.count.length;
        byte[] pixels = new byte[height * row];
        int[] sums = new int[row];
        for (int y = 0; y < height; y++) {
            Arrays.fill(sums, 1 << PRECISION - 1);
            for (int i = 0; i < down.count[y]; i++) {
                add(rows, (down.start[y] - first + i) * row, down.values[y * down.most + i], sums);
            }
            for (int i = 0; i < row; i++) {
                pixels[y * row + i] = (byte) clipped(sums[i]);
            }
        }
        return pixels;
    }

    private static void add(int[] rows, int offset, int weight, int[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += rows[offset + i] * weight;
        }
    }

    private static int clipped(int sum) {
        return Math.max(0, Math.min(255, sum >> PRECISION));
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

    /** What each new pixel of a row is made of: {@code count} neighbours from {@code start} on. */
    private static final class Weights {
        final int most;
        final int[] start;
        final int[] count;
        final int[] values;

        private Weights(int most, int size) {
            this.most = most;
            start = new int[size];
            count = new int[size];
            values = new int[size * most];
        }

        static Weights of(Interpolation filter, int from, int to) {
            double scale = (double) from / to;
            double stretch = Math.max(scale, 1);
            double support = filter.support() * stretch;
            Weights weights = new Weights(from == to ? 1 : (int) Math.ceil(support) * 2 + 1, to);
            double[] shares = new double[weights.most];
            for (int x = 0; x < to; x++) {
                if (from == to) {
                    // PIL leaves out a pass that changes nothing.
                    weights.start[x] = x;
                    weights.count[x] = 1;
                    weights.values[x] = 1 << PRECISION;
                } else {
                    weights.fill(filter, x, (x + 0.5) * scale, support, 1 / stretch, from, shares);
                }
            }
            return weights;
        }

        private void fill(
                Interpolation filter, int x, double centre, double support, double squeeze, int from, double[] shares) {
            int low = Math.max(0, (int) (centre - support + 0.5));
            int high = Math.min(from, (int) (centre + support + 0.5));
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
