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
        return Exif.upright(picture, 2);
    }

    @Override
    public String toString() {
        return "mirror(" + probability + ")";
    }
}
