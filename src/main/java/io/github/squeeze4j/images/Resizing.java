package io.github.squeeze4j.images;

/** A picture in another size. */
final class Resizing implements Transform {
    private final int height;
    private final int width;
    private final Interpolation interpolation;

    /**
     * To a size, or, if the height is 0, to a shorter side.
     */
    Resizing(int height, int width, Interpolation interpolation) {
        this.height = height == 0 ? 0 : Rules.side("height", height);
        this.width = Rules.side(height == 0 ? "shorter side" : "width", width);
        this.interpolation = interpolation;
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        return height == 0
                ? shorterSide(picture, width, interpolation)
                : Resampling.resize(picture, height, width, interpolation);
    }

    /** The other side is rounded down, as torchvision does. */
    static Picture shorterSide(Picture picture, int length, Interpolation interpolation) {
        int shorter = Math.min(picture.height(), picture.width());
        long height = (long) ((double) ((long) length * picture.height()) / shorter);
        long width = (long) ((double) ((long) length * picture.width()) / shorter);
        return Resampling.resize(
                picture,
                Rules.within("resized height", (int) Math.min(height, Integer.MAX_VALUE), 1, 4 * Rules.LARGEST_SIDE),
                Rules.within("resized width", (int) Math.min(width, Integer.MAX_VALUE), 1, 4 * Rules.LARGEST_SIDE),
                interpolation);
    }

    @Override
    public String toString() {
        return (height == 0 ? "shorterSide(" + width : "resize(" + height + "x" + width) + ", " + interpolation + ")";
    }
}
