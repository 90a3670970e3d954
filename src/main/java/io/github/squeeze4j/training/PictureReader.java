package io.github.squeeze4j.training;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;

/** Reads a picture file of any size as the grey pixels that a network takes. */
final class PictureReader {
    private static final List<String> FORMATS = List.of("png", "jpeg", "gif", "bmp");
    /** The largest cameras' pictures; what is larger takes seconds to decode. */
    private static final long MOST_PIXELS = 64 << 20;
    /** Larger pictures are decoded smaller, so that they take no more memory than this many pixels. */
    private static final long DECODED_PIXELS = 16 << 20;

    private PictureReader() {}

    static byte[] read(Path file, int height, int width, boolean invert) {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(
                    "picture (" + file + ") must be a file that exists; check the name and the folder");
        }
        return grey(decode(file), height, width, invert);
    }

    private static BufferedImage decode(Path file) {
        String[] warning = new String[1];
        try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
            ImageReader reader = reader(file, in);
            try {
                // The JPEG reader fills up a file that was cut off and only warns.
                reader.addIIOReadWarningListener((IIOReadWarningListener) (source, text) -> warning[0] = text);
                reader.setInput(in, true, true);
                ImageReadParam param = reader.getDefaultReadParam();
                int step = step(file, reader.getWidth(0), reader.getHeight(0));
                param.setSourceSubsampling(step, step, 0, 0);
                BufferedImage image = reader.read(0, param);
                if (warning[0] != null) {
                    throw damaged(file, warning[0], null);
                }
                return image;
            } finally {
                reader.dispose();
            }
        } catch (BadInputException e) {
            throw e;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            // Damaged files make the readers of the JDK throw whatever their arithmetic meets first, or ask for memory
            // that a
            // damaged number names.
            throw damaged(file, e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage(), e);
        }
    }

    private static ImageReader reader(Path file, ImageInputStream in) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            // Other formats that Java may know are many and rarely tried.
            if (FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
                return reader;
            }
            reader.dispose();
        }
        throw new BadInputException("picture (" + file
                + ") must be a PNG, JPEG, GIF or BMP file, but begins like none of them; convert it to PNG");
    }

    /** Every how many-th pixel of how many-th row is decoded, by the size in the header: all of most pictures. */
    private static int step(Path file, int width, int height) {
        long pixels = (long) width * height;
        if (pixels > MOST_PIXELS) {
            throw new BadInputException("picture (" + file + "): size (" + width + "x" + height + ") must be at most "
                    + (MOST_PIXELS >> 20) + " million pixels; make it smaller");
        }
        return (int) Math.ceil(Math.sqrt((double) pixels / DECODED_PIXELS));
    }

    private static BadInputException damaged(Path file, String why, Throwable cause) {
        return new BadInputException(
                "picture (" + file + ") must be whole, but could not be decoded (" + why.strip()
                        + "); save it again as PNG",
                cause);
    }

    /** Scaled with area averaging, so that thin lines of large pictures survive; transparent parts become black. */
    private static byte[] grey(BufferedImage picture, int height, int width, boolean invert) {
        boolean same = picture.getHeight() == height && picture.getWidth() == width;
        Image scaled = same ? picture : picture.getScaledInstance(width, height, Image.SCALE_AREA_AVERAGING);
        BufferedImage rgb = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = rgb.createGraphics();
        graphics.drawImage(scaled, 0, 0, Color.BLACK, null);
        graphics.dispose();
        byte[] pixels = new byte[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int value = rgb.getRGB(x, y);
                // Luma of ITU-R BT.601, as PIL's convert("L"), in integers; a grey pixel keeps its value.
                int luma = (19595 * (value >> 16 & 0xff) + 38470 * (value >> 8 & 0xff) + 7471 * (value & 0xff) + 32768)
                        >> 16;
                pixels[y * width + x] = (byte) (invert ? 255 - luma : luma);
            }
        }
        return pixels;
    }
}
