package io.github.squeeze4j.images;

/** A random rectangle of one colour (Zhong et al., 1708.04896), drawn as torchvision does. */
final class RandomErasing implements Transform {
    private static final int ATTEMPTS = 10;
    private static final double LEAST_RATIO = 0.3;
    private static final double MOST_RATIO = 3.3;

    private final double probability;
    private final double leastArea;
    private final double mostArea;
    private final byte[] colour;

    RandomErasing(double probability, double leastArea, double mostArea, int red, int green, int blue) {
        this.probability = Rules.within("probability", probability, 0, 1);
        Rules.range("area", leastArea, mostArea, 1e-4, 1);
        this.leastArea = leastArea;
        this.mostArea = mostArea;
        this.colour = new byte[] {
            (byte) Rules.within("red", red, 0, 255),
            (byte) Rules.within("green", green, 0, 255),
            (byte) Rules.within("blue", blue, 0, 255)
        };
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        if (!draws.chance(probability)) {
            return picture;
        }
        double pixels = (double) picture.height() * picture.width();
        for (int i = 0; i < ATTEMPTS; i++) {
            double area = pixels * draws.between(leastArea, mostArea);
            double ratio = Math.exp(draws.between(Math.log(LEAST_RATIO), Math.log(MOST_RATIO)));
            int h = (int) Math.rint(Math.sqrt(area * ratio));
            int w = (int) Math.rint(Math.sqrt(area / ratio));
            if (h < picture.height() && w < picture.width()) {
                int top = draws.below(picture.height() - h + 1);
                return erased(picture, top, draws.below(picture.width() - w + 1), h, w);
            }
        }
        return picture;
    }

    private Picture erased(Picture picture, int top, int left, int height, int width) {
        int channels = picture.channels();
        byte[] fill = channels == 3
                ? colour
                : new byte[] {(byte) Picture.luma(colour[0] & 0xff, colour[1] & 0xff, colour[2] & 0xff)};
        byte[] pixels = picture.pixels();
        for (int y = top; y < top + height; y++) {
            int from = (y * picture.width() + left) * channels;
            for (int i = 0; i < width * channels; i++) {
                pixels[from + i] = fill[i % channels];
            }
        }
        return Picture.wrap(picture.height(), picture.width(), channels, pixels);
    }

    @Override
    public String toString() {
        return String.format(
                "randomErasing(%s, area %s to %s, #%02x%02x%02x)",
                probability, leastArea, mostArea, colour[0], colour[1], colour[2]);
    }
}
