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

    static Picture shorterSide(Picture picture, int length, Interpolation interpolation) {
        int height = side(picture, length, picture.height());
        int width = side(picture, length, picture.width());
        return Resampling.resize(picture, height, width, interpolation);
    }

    /** What one of the picture's sides becomes when the shorter one gets a length: rounded down, as torchvision does. */
    static int side(Picture picture, int length, int side) {
        int shorter = Math.min(picture.height(), picture.width());
        long resized = (long) ((double) ((long) length * side) / shorter);
        return Rules.within("resized side", (int) Math.min(resized, Integer.MAX_VALUE), 1, 4 * Rules.LARGEST_SIDE);
    }

    @Override
    public String toString() {
        return (height == 0 ? "shorterSide(" + width : "resize(" + height + "x" + width) + ", " + interpolation + ")";
    }
}
