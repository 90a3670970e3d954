package io.github.squeeze4j.training;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;

/** Reads a picture file of any size as the grey pixels that a network takes. */
final class PictureReader {
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
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new BadInputException("picture (" + file
                        + ") must be a PNG, JPEG, GIF or BMP file, but begins like none of them; convert it to PNG");
            }
            ImageReader reader = readers.next();
            try {
                // The JPEG reader fills up a file that was cut off and only warns.
                reader.addIIOReadWarningListener((IIOReadWarningListener) (source, text) -> warning[0] = text);
                reader.setInput(in, true, true);
                BufferedImage image = reader.read(0);
                if (warning[0] != null) {
                    throw damaged(file, warning[0], null);
                }
                return image;
            } finally {
                reader.dispose();
            }
        } catch (BadInputException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Damaged files make the readers of the JDK throw whatever their arithmetic meets first.
            throw damaged(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static BadInputException damaged(Path file, String why, Exception cause) {
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
