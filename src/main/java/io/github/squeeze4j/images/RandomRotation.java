package io.github.squeeze4j.images;

/** Turned about the middle by an angle that is evenly spread; the corners become black. */
final class RandomRotation implements Transform {
    private final double degrees;

    RandomRotation(double degrees) {
        this.degrees = Rules.within("degrees", degrees, 0, 180);
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        double angle = draws.between(-degrees, degrees);
        return Affine.rotation(angle, picture.height(), picture.width()).apply(picture, true);
    }

    @Override
    public String toString() {
        return "rotation(+-" + degrees + " degrees, BILINEAR)";
    }
}
