package io.github.squeeze4j.images;

/**
 * Moves a picture's pixels by an affine map, bit for bit as PIL does: the new pixel with centre (x, y) is what lies at
 * (a x + b y + c, d x + e y + f), to the nearest pixel in 16-bit fixed point or bilinear in double; outside is black.
 */
final class Affine {
    private static final int FIXED = 16;

    private final double a;
    private final double b;
    private final double c;
    private final double d;
    private final double e;
    private final double f;

    Affine(double a, double b, double c, double d, double e, double f) {
        this.a = a;
        this.b = b;
        this.c = c;
        this.d = d;
        this.e = e;
        this.f = f;
    }

    /** A turn about the middle, counter-clockwise, in degrees. */
    static Affine rotation(double degrees, int height, int width) {
        double angle = -Math.toRadians(degrees % 360);
        double cos = rounded(Math.cos(angle));
        double sin = rounded(Math.sin(angle));
        double x = width / 2.0;
        double y = height / 2.0;
        return new Affine(cos, sin, cos * -x + sin * -y + x, -sin, cos, -sin * -x + cos * -y + y);
    }

    /** To 15 digits, as PIL, so that a quarter turn is one. */
    private static double rounded(double value) {
        return Math.rint(value * 1e15) / 1e15;
    }

    Picture apply(Picture picture, boolean bilinear) {
        byte[] pixels = bilinear ? bilinear(picture) : nearest(picture);
        return Picture.wrap(picture.height(), picture.width(), picture.channels(), pixels);
    }

    private static int fixed(double value) {
        return (int) Math.floor(value * (1 << FIXED) + 0.5);
    }

    private byte[] nearest(Picture picture) {
        int height = picture.height();
        int width = picture.width();
        int channels = picture.channels();
        byte[] in = picture.raw();
        byte[] pixels = new byte[in.length];
        int stepX = fixed(a);
        int stepY = fixed(d);
        int rowX = fixed(c + a * 0.5 + b * 0.5);
        int rowY = fixed(f + d * 0.5 + e * 0.5);
        int out = 0;
        for (int y = 0; y < height; y++) {
            int atX = rowX;
            int atY = rowY;
            for (int x = 0; x < width; x++) {
                int column = atX >> FIXED;
                int row = atY >> FIXED;
                if (column >= 0 && column < width && row >= 0 && row < height) {
                    int at = (row * width + column) * channels;
                    for (int i = 0; i < channels; i++) {
                        pixels[out + i] = in[at + i];
                    }
                }
                out += channels;
                atX += stepX;
                atY += stepY;
            }
            rowX += fixed(b);
            rowY += fixed(e);
        }
        return pixels;
    }

    private byte[] bilinear(Picture picture) {
        int height = picture.height();
        int width = picture.width();
        int channels = picture.channels();
        byte[] in = picture.raw();
        byte[] pixels = new byte[in.length];
        int out = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double atX = a * (x + 0.5) + b * (y + 0.5) + c;
                double atY = d * (x + 0.5) + e * (y + 0.5) + f;
                if (atX >= 0 && atX < width && atY >= 0 && atY < height) {
                    // From -0.5 on, where the cast alone would round up.
                    int left = (int) (atX + 0.5) - 1;
                    int top = (int) (atY + 0.5) - 1;
                    double right = atX - 0.5 - left;
                    double down = atY - 0.5 - top;
                    int x0 = Math.max(0, left) * channels;
                    int x1 = Math.min(width - 1, left + 1) * channels;
                    int y0 = Math.max(0, top) * width * channels;
                    int y1 = Math.min(height - 1, top + 1) * width * channels;
                    for (int i = 0; i < channels; i++) {
                        double upper = between(in[y0 + x0 + i] & 0xff, in[y0 + x1 + i] & 0xff, right);
                        double lower = between(in[y1 + x0 + i] & 0xff, in[y1 + x1 + i] & 0xff, right);
                        pixels[out + i] = (byte) (int) between(upper, lower, down);
                    }
                }
                out += channels;
            }
        }
        return pixels;
    }

    private static double between(double low, double high, double share) {
        return low + (high - low) * share;
    }
}
