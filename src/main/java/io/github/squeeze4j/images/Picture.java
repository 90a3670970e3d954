package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;

/** An unchanging picture of bytes (0 black to 255 white), [height, width, channels]: RGB or grey. */
public final class Picture {
    private final int height;
    private final int width;
    private final int channels;
    private final byte[] pixels;

    private Picture(int height, int width, int channels, byte[] pixels) {
        this.height = height;
        this.width = width;
        this.channels = channels;
        this.pixels = pixels;
    }

    /** A picture of these very bytes, which nobody changes any more. */
    static Picture wrap(int height, int width, int channels, byte[] pixels) {
        return new Picture(height, width, channels, pixels);
    }

    /**
     * A picture of given bytes.
     *
     * @param height in pixels, positive
     * @param width in pixels, positive
     * @param channels 1 (grey) or 3 (red, green, blue)
     * @param pixels height * width * channels bytes, row by row, the channels of a pixel side by side; copied
     * @return the picture
     * @throws BadInputException if the numbers do not fit
     */
    public static Picture of(int height, int width, int channels, byte[] pixels) {
        if (height < 1
                || width < 1
                || (channels != 1 && channels != 3)
                || (long) height * width * channels != pixels.length) {
            throw new BadInputException("pixels (" + pixels.length + " bytes) must be height (" + height + ") * width ("
                    + width + ") * channels (" + channels + ", 1 or 3), all positive; give that many");
        }
        return new Picture(height, width, channels, pixels.clone());
    }

    /**
     * Reads a picture file: JPEG, PNG, BMP, GIF, WebP or TIFF, whatever its name ends in.
     *
     * @param file the file
     * @return the picture as it is to be seen: turned as EXIF says, on white where it is transparent
     * @throws BadInputException if it is missing, of no such format, damaged or too large
     */
    public static Picture read(Path file) {
        return PictureFile.decode(PictureFile.bytes(file), file.toString(), false);
    }

    /**
     * Reads a picture from memory.
     *
     * @param encoded the bytes of a picture file
     * @param name what messages call it
     * @return the picture, as {@link #read} gives it
     * @throws BadInputException if it is of no known format, damaged or too large
     */
    public static Picture decode(byte[] encoded, String name) {
        return PictureFile.decode(encoded, name, false);
    }

    /**
     * A picture of Java's: its stored values, what is transparent on white.
     *
     * @param image of any type
     * @return RGB, or grey where the image is
     */
    public static Picture of(BufferedImage image) {
        return JavaImages.of(image);
    }

    /**
     * The picture for Java's own drawing and writing.
     *
     * @return a new image of type RGB
     */
    public BufferedImage toImage() {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        byte[] rgb = toRgb().pixels;
        int[] line = new int[width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int at = (y * width + x) * 3;
                line[x] = (rgb[at] & 0xff) << 16 | (rgb[at + 1] & 0xff) << 8 | rgb[at + 2] & 0xff;
            }
            image.setRGB(0, y, width, 1, line, 0, width);
        }
        return image;
    }

    /**
     * Height.
     *
     * @return pixels
     */
    public int height() {
        return height;
    }

    /**
     * Width.
     *
     * @return pixels
     */
    public int width() {
        return width;
    }

    /**
     * Number of values of a pixel.
     *
     * @return 1 (grey) or 3 (red, green, blue)
     */
    public int channels() {
        return channels;
    }

    /**
     * All values.
     *
     * @return a copy, [height, width, channels]
     */
    public byte[] pixels() {
        return pixels.clone();
    }

    /** All values: for reading only. */
    byte[] raw() {
        return pixels;
    }

    /**
     * One value.
     *
     * @param y row, from 0
     * @param x column, from 0
     * @param channel from 0
     * @return from 0 to 255
     */
    public int value(int y, int x, int channel) {
        return pixels[(y * width + x) * channels + channel] & 0xff;
    }

    /**
     * The picture in three channels.
     *
     * @return this picture, or its grey three times
     */
    public Picture toRgb() {
        if (channels == 3) {
            return this;
        }
        byte[] rgb = new byte[pixels.length * 3];
        for (int i = 0; i < pixels.length; i++) {
            rgb[3 * i] = pixels[i];
            rgb[3 * i + 1] = pixels[i];
            rgb[3 * i + 2] = pixels[i];
        }
        return new Picture(height, width, 3, rgb);
    }

    /**
     * The picture in one channel: (19595 R + 38470 G + 7471 B + 32768) / 65536, the luma of ITU-R BT.601 as PIL has it.
     *
     * @return this picture, or its luma
     */
    public Picture toGrey() {
        if (channels == 1) {
            return this;
        }
        byte[] grey = new byte[height * width];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = (byte) luma(pixels[3 * i] & 0xff, pixels[3 * i + 1] & 0xff, pixels[3 * i + 2] & 0xff);
        }
        return new Picture(height, width, 1, grey);
    }

    static int luma(int red, int green, int blue) {
        return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
    }

    /**
     * Bright and dark swapped.
     *
     * @return a picture of 255 - value
     */
    public Picture inverted() {
        byte[] inverted = new byte[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            inverted[i] = (byte) ~pixels[i];
        }
        return new Picture(height, width, channels, inverted);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Picture
                && height == ((Picture) other).height
                && width == ((Picture) other).width
                && channels == ((Picture) other).channels
                && Arrays.equals(pixels, ((Picture) other).pixels);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * height + width) + Arrays.hashCode(pixels);
    }

    @Override
    public String toString() {
        return (channels == 1 ? "grey" : "RGB") + " picture " + width + "x" + height;
    }
}
