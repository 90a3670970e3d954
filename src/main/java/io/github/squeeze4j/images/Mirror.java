package io.github.squeeze4j.images;

/** Left and right swapped with a probability. */
final class Mirror implements Transform {
    private final double probability;

    Mirror(double probability) {
        this.probability = Rules.within("probability", probability, 0, 1);
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        return draws.chance(probability) ? swapped(picture) : picture;
    }

    static Picture swapped(Picture picture) {
        int channels = picture.channels();
        int row = picture.width() * channels;
        byte[] from = picture.raw();
        byte[] to = new byte[from.length];
        for (int start = 0; start < from.length; start += row) {
            int last = start + row - channels;
            if (channels == 3) {
                for (int i = 0; i < row; i += 3) {
                    to[start + i] = from[last - i];
                    to[start + i + 1] = from[last - i + 1];
                    to[start + i + 2] = from[last - i + 2];
                }
            } else {
                for (int i = 0; i < row; i++) {
                    to[start + i] = from[last - i];
                }
            }
        }
        return Picture.wrap(picture.height(), picture.width(), channels, to);
    }

    @Override
    public String toString() {
        return "mirror(" + probability + ")";
    }
}
