package io.github.squeeze4j.images;

/** A whole number added to each value of each pixel, evenly spread and independent. */
final class PixelJitter implements Transform {
    private final int most;

    PixelJitter(int most) {
        this.most = Rules.within("pixel jitter", most, 0, 255);
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        byte[] in = picture.raw();
        byte[] pixels = new byte[in.length];
        int values = 2 * most + 1;
        long bits = 0;
        for (int i = 0; i < pixels.length; i++) {
            // Four numbers of each 64 bits: any two of their 511 values differ in probability by 1/65536 at most.
            bits = (i & 3) == 0 ? draws.nextLong() : bits >>> 16;
            int shifted = (in[i] & 0xff) - most + ((int) (bits & 0xffff) * values >>> 16);
            pixels[i] = (byte) Math.max(0, Math.min(255, shifted));
        }
        return Picture.wrap(picture.height(), picture.width(), picture.channels(), pixels);
    }

    @Override
    public String toString() {
        return "pixelJitter(+-" + most + ")";
    }
}
