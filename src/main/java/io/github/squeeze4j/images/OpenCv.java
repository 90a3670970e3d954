package io.github.squeeze4j.images;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/** Decodes JPEG and WebP by OpenCV, where it is on the class path with its natives. */
final class OpenCv {
    private static final boolean AVAILABLE = load();

    private OpenCv() {}

    private static boolean load() {
        try {
            new Mat().close();
            return opencv_imgcodecs.haveImageWriter(".jpg");
        } catch (LinkageError e) {
            return false;
        }
    }

    static boolean isAvailable() {
        return AVAILABLE;
    }

    /** The picture as it is stored, what is transparent on white; null if OpenCV cannot decode it. */
    static Picture decode(byte[] file, int flags) throws DamagedPictureException {
        try (BytePointer bytes = new BytePointer(file);
                Mat encoded = new Mat(bytes);
                Mat decoded = opencv_imgcodecs.imdecode(encoded, flags)) {
            if (decoded.empty()) {
                throw new DamagedPictureException("OpenCV cannot decode it");
            }
            int channels = decoded.channels();
            byte[] pixels = new byte[decoded.rows() * decoded.cols() * channels];
            decoded.data().get(pixels);
            if (channels == 3) {
                swapRedAndBlue(pixels);
            }
            return channels == 4
                    ? Picture.wrap(decoded.rows(), decoded.cols(), 3, onWhite(pixels))
                    : Picture.wrap(decoded.rows(), decoded.cols(), channels, pixels);
        } catch (RuntimeException e) {
            throw new DamagedPictureException("OpenCV cannot decode it");
        }
    }

    /** Here, since OpenCV's own conversion would start threads. */
    private static void swapRedAndBlue(byte[] pixels) {
        for (int i = 0; i + 2 < pixels.length; i += 3) {
            byte kept = pixels[i];
            pixels[i] = pixels[i + 2];
            pixels[i + 2] = kept;
        }
    }

    private static byte[] onWhite(byte[] bgra) {
        byte[] rgb = new byte[bgra.length / 4 * 3];
        for (int i = 0; i < bgra.length / 4; i++) {
            for (int c = 0; c < 3; c++) {
                rgb[3 * i + c] = PngFile.onWhite(bgra[4 * i + 2 - c], bgra[4 * i + 3] & 0xff);
            }
        }
        return rgb;
    }
}
