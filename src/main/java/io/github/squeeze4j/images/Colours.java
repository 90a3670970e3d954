package io.github.squeeze4j.images;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** Changes of colour as PIL makes them, bit for bit: its ImageEnhance, its ImageOps and its colour space HSV. */
final class Colours {
    private Colours() {}

    /** 0 is black, 1 the picture. */
    static Picture brightness(Picture picture, double factor) {
        return blend(new byte[picture.raw().length], picture, factor);
    }

    /** 0 is the mean grey, 1 the picture. */
    static Picture contrast(Picture picture, double factor) {
        byte[] grey = picture.toGrey().raw();
        long sum = 0;
        for (byte value : grey) {
            sum += value & 0xff;
        }
        byte[] mean = new byte[picture.raw().length];
        Arrays.fill(mean, (byte) (int) ((double) sum / grey.length + 0.5));
        return blend(mean, picture, factor);
    }

    /** 0 is grey, 1 the picture. */
    static Picture saturation(Picture picture, double factor) {
        return picture.channels() == 1
                ? picture
                : blend(picture.toGrey().toRgb().raw(), picture, factor);
    }

    /** 0 is the picture smoothed by a kernel of 3x3, 1 the picture. */
    static Picture sharpness(Picture picture, double factor) {
        int channels = picture.channels();
        int row = picture.width() * channels;
        byte[] in = picture.raw();
        byte[] smooth = in.clone();
        for (int y = 1; y < picture.height() - 1; y++) {
            for (int i = y * row + channels; i < (y + 1) * row - channels; i++) {
                int sum = 4 * (in[i] & 0xff);
                for (int line = i - row; line <= i + row; line += row) {
                    sum += (in[line - channels] & 0xff) + (in[line] & 0xff) + (in[line + channels] & 0xff);
                }
                smooth[i] = (byte) ((2 * sum + 13) / 26);
            }
        }
        return blend(smooth, picture, factor);
    }

    private static Picture blend(byte[] from, Picture picture, double factor) {
        float share = (float) factor;
        if (share == 1) {
            return picture;
        }
        byte[] to = picture.raw();
        byte[] pixels = new byte[to.length];
        for (int i = 0; i < pixels.length; i++) {
            int start = from[i] & 0xff;
            float value = start + share * ((to[i] & 0xff) - start);
            pixels[i] = (byte) Math.max(0, Math.min(255, (int) value));
        }
        return Picture.wrap(picture.height(), picture.width(), picture.channels(), pixels);
    }

    /** Hue turned by a part of the circle, from -0.5 to 0.5, in the 255 steps of PIL's HSV. */
    static Picture hue(Picture picture, double turn) {
        if (picture.channels() == 1) {
            return picture;
        }
        int steps = (int) (turn * 255);
        byte[] in = picture.raw();
        byte[] pixels = new byte[in.length];
        for (int i = 0; i < in.length; i += 3) {
            turn(in[i] & 0xff, in[i + 1] & 0xff, in[i + 2] & 0xff, steps, pixels, i);
        }
        return Picture.wrap(picture.height(), picture.width(), 3, pixels);
    }

    private static void turn(int red, int green, int blue, int steps, byte[] out, int at) {
        int most = Math.max(red, Math.max(green, blue));
        int least = Math.min(red, Math.min(green, blue));
        if (most == least) {
            out[at] = out[at + 1] = out[at + 2] = (byte) most;
            return;
        }
        float spread = most - least;
        float redShare = (most - red) / spread;
        float greenShare = (most - green) / spread;
        float blueShare = (most - blue) / spread;
        double sextant = red == most
                ? (double) (blueShare - greenShare)
                : green == most ? 2.0 + redShare - blueShare : 4.0 + greenShare - redShare;
        float hue = (float) (((float) sextant / 6.0 + 1.0) % 1.0);
        int h = (int) (hue * 255.0) + steps & 0xff;
        int s = (int) (spread / most * 255.0);
        fromHsv(h, s, most, out, at);
    }

    private static void fromHsv(int h, int s, int v, byte[] out, int at) {
        if (s == 0) {
            out[at] = out[at + 1] = out[at + 2] = (byte) v;
            return;
        }
        float hue = (float) (h * 6.0 / 255.0);
        float saturation = (float) (s / 255.0);
        int sextant = (int) hue;
        float part = hue - sextant;
        byte p = rounded(v * (1.0 - saturation));
        byte q = rounded(v * (1.0 - saturation * part));
        byte t = rounded(v * (1.0 - saturation * (1.0 - part)));
        byte m = (byte) v;
        byte[][] colours = {{m, t, p}, {q, m, p}, {p, m, t}, {p, q, m}, {t, p, m}, {m, p, q}};
        System.arraycopy(colours[sextant % 6], 0, out, at, 3);
    }

    private static byte rounded(double value) {
        return (byte) Math.max(0, Math.min(255, (int) Math.floor((float) value + 0.5)));
    }

    /** Only the upper bits of each value. */
    static Picture posterize(Picture picture, int bits) {
        int mask = -1 << 8 - bits;
        return map(picture, c -> value -> value & mask);
    }

    /** Values from the threshold on inverted. */
    static Picture solarize(Picture picture, double threshold) {
        return map(picture, c -> value -> value < threshold ? value : 255 - value);
    }

    /** Each channel stretched from 0 to 255. */
    static Picture autoContrast(Picture picture) {
        return map(picture, histogram -> {
            int low = 0;
            while (histogram[low] == 0) {
                low++;
            }
            int high = 255;
            while (histogram[high] == 0) {
                high--;
            }
            if (high <= low) {
                return value -> value;
            }
            double scale = 255.0 / (high - low);
            double offset = -low * scale;
            return value -> Math.max(0, Math.min(255, (int) (value * scale + offset)));
        });
    }

    /** Each channel's histogram made even. */
    static Picture equalize(Picture picture) {
        return map(picture, histogram -> {
            int high = 255;
            while (histogram[high] == 0) {
                high--;
            }
            int step = (Arrays.stream(histogram).sum() - histogram[high]) / 255;
            if (step == 0) {
                return value -> value;
            }
            int[] table = new int[256];
            int sum = step / 2;
            for (int i = 0; i < 256; i++) {
                table[i] = Math.min(255, sum / step);
                sum += histogram[i];
            }
            return value -> table[value];
        });
    }

    /** A function of the value, by the channel's histogram. */
    private interface ByHistogram {
        IntUnaryOperator function(int[] histogram);
    }

    private static Picture map(Picture picture, ByHistogram functions) {
        int channels = picture.channels();
        byte[] in = picture.raw();
        byte[] pixels = new byte[in.length];
        for (int c = 0; c < channels; c++) {
            int[] histogram = new int[256];
            for (int i = c; i < in.length; i += channels) {
                histogram[in[i] & 0xff]++;
            }
            IntUnaryOperator function = functions.function(histogram);
            byte[] table = new byte[256];
            for (int value = 0; value < 256; value++) {
                table[value] = (byte) function.applyAsInt(value);
            }
            for (int i = c; i < in.length; i += channels) {
                pixels[i] = table[in[i] & 0xff];
            }
        }
        return Picture.wrap(picture.height(), picture.width(), channels, pixels);
    }
}
