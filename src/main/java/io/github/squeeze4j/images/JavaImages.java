package io.github.squeeze4j.images;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decodes what Java itself reads: BMP, GIF and TIFF always, JPEG where there is no OpenCV. */
final class JavaImages {
    private JavaImages() {}

    /** Height and width of the first picture. */
    static int[] size(byte[] file, PictureFormat format) throws IOException {
        ImageReader reader = reader(format);
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            reader.setInput(in, true, true);
            return new int[] {reader.getHeight(0), reader.getWidth(0)};
        } finally {
            reader.dispose();
        }
    }

    /** The first picture, what is transparent on white. */
    static Picture decode(byte[] file, PictureFormat format) throws IOException {
        String[] warning = new String[1];
        ImageReader reader = reader(format);
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            // The JPEG reader fills up what is missing and only warns.
            reader.addIIOReadWarningListener((IIOReadWarningListener) (source, text) -> warning[0] = text);
            reader.setInput(in, true, true);
            BufferedImage image = reader.read(0);
            if (warning[0] != null) {
                throw new DamagedPictureException(warning[0]);
            }
            return of(image);
        } finally {
            reader.dispose();
        }
    }

    private static ImageReader reader(PictureFormat format) {
        return ImageIO.getImageReadersByFormatName(format.name()).next();
    }

    /** The stored values, without the change of gamma that Java makes of grey. */
    static Picture of(BufferedImage image) {
        ColorModel colours = image.getColorModel();
        boolean indexed = colours instanceof IndexColorModel;
        int channels = !indexed && colours.getNumColorComponents() == 1 ? 1 : 3;
        int height = image.getHeight();
        int width = image.getWidth();
        byte[] pixels = new byte[height * width * channels];
        Raster raster = image.getRaster();
        int shift = Math.max(0, colours.getComponentSize(0) - 8);
        int largest = (1 << Math.min(8, colours.getComponentSize(0))) - 1;
        int[] samples = new int[width * raster.getNumBands()];
        int[] argb = new int[width];
        int out = 0;
        for (int y = 0; y < height; y++) {
            if (channels == 3) {
                image.getRGB(0, y, width, 1, argb, 0, width);
                for (int pixel : argb) {
                    for (int c = 16; c >= 0; c -= 8) {
                        pixels[out++] = PngFile.onWhite((byte) (pixel >> c), pixel >>> 24);
                    }
                }
            } else {
                raster.getPixels(0, y, width, 1, samples);
                int bands = raster.getNumBands();
                for (int x = 0; x < width; x++) {
                    byte grey = (byte) ((samples[x * bands] >> shift) * 255 / largest);
                    int alpha = bands > 1 ? (samples[x * bands + 1] >> shift) * 255 / largest : 255;
                    pixels[out++] = PngFile.onWhite(grey, alpha);
                }
            }
        }
        return Picture.wrap(height, width, channels, pixels);
    }
}
