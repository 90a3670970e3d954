package io.github.squeeze4j.images;

/** The middle of a picture, where it is too small with black around: torchvision's. */
final class CentreCrop implements Transform {
    private final int height;
    private final int width;

    CentreCrop(int height, int width) {
        this.height = Rules.side("height", height);
        this.width = Rules.side("width", width);
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        return cut(picture, start(picture.height(), height), start(picture.width(), width), height, width);
    }

    /** Half of what is cut off, to the even number; of what is added, the smaller half comes first. */
    static int start(int has, int gets) {
        return has >= gets ? (int) Math.rint((has - gets) / 2.0) : -((gets - has) / 2);
    }

    /** A part that may reach beyond the picture: black is there. */
    static Picture cut(Picture picture, int top, int left, int height, int width) {
        if (top == 0 && left == 0 && height == picture.height() && width == picture.width()) {
            return picture;
        }
        int channels = picture.channels();
        byte[] pixels = new byte[height * width * channels];
        int from = Math.max(0, left);
        int to = Math.min(picture.width(), left + width);
        for (int y = Math.max(0, top); y < Math.min(picture.height(), top + height) && from < to; y++) {
            System.arraycopy(
                    picture.raw(),
                    (y * picture.width() + from) * channels,
                    pixels,
                    ((y - top) * width + from - left) * channels,
                    (to - from) * channels);
        }
        return Picture.wrap(height, width, channels, pixels);
    }

    @Override
    public String toString() {
        return "centreCrop(" + height + "x" + width + ")";
    }
}
