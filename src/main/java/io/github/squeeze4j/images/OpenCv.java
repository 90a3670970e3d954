package io.github.squeeze4j.images;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/** Decodes JPEG and WebP by OpenCV, where it is on the class path with its natives. */
final class OpenCv {
    private static final boolean AVAILABLE = load();
    private static final VarHandle LITTLE_ENDIAN =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

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

    /** Here, since OpenCV's own conversion would start threads; four pixels at a time. */
    private static void swapRedAndBlue(byte[] pixels) {
        int i = 0;
        for (; i + 12 <= pixels.length; i += 12) {
            int first = (int) LITTLE_ENDIAN.get(pixels, i);
            int second = (int) LITTLE_ENDIAN.get(pixels, i + 4);
            int third = (int) LITTLE_ENDIAN.get(pixels, i + 8);
            LITTLE_ENDIAN.set(
                    pixels, i, first >>> 16 & 0xff | first & 0xff00 | (first & 0xff) << 16 | second << 16 & 0xff000000);
            LITTLE_ENDIAN.set(
                    pixels, i + 4, second & 0xff | first >>> 16 & 0xff00 | (third & 0xff) << 16 | second & 0xff000000);
            LITTLE_ENDIAN.set(
                    pixels,
                    i + 8,
                    second >>> 16 & 0xff | third >>> 16 & 0xff00 | third & 0xff0000 | (third & 0xff00) << 16);
        }
        for (; i + 2 < pixels.length; i += 3) {
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
