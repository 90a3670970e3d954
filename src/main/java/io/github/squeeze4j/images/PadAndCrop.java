package io.github.squeeze4j.images;

/** A black frame around, then a random part of the given size (He et al., 1512.03385, section 4.2). */
final class PadAndCrop implements Transform {
    private final int padding;
    private final int height;
    private final int width;

    PadAndCrop(int padding, int height, int width) {
        this.padding = Rules.within("padding", padding, 0, Rules.LARGEST_SIDE);
        this.height = Rules.side("height", height);
        this.width = Rules.side("width", width);
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        int down = Math.max(0, picture.height() + 2 * padding - height);
        int right = Math.max(0, picture.width() + 2 * padding - width);
        return CentreCrop.cut(
                picture, draws.below(down + 1) - padding, draws.below(right + 1) - padding, height, width);
    }

    @Override
    public String toString() {
        return "padAndCrop(" + padding + ", " + height + "x" + width + ")";
    }
}
