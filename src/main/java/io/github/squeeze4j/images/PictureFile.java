package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.opencv.global.opencv_imgcodecs;

/**
 * Turns the bytes of a picture file into a {@link Picture}: its size is read and compared with limits, its structure checked,
 * then it is decoded.
 */
final class PictureFile {
    /** The largest cameras' pictures; what is larger takes seconds to decode. */
    static final long MOST_PIXELS = 64 << 20;
    /** Larger JPEGs are decoded at half their height and width. */
    static final long HALVED_PIXELS = 16 << 20;

    private static final int MOST_BYTES = 256 << 20;

    private final byte[] file;
    private final String name;

    private PictureFile(byte[] file, String name) {
        this.file = file;
        this.name = name;
    }

    /** The bytes of a file that may be a picture. */
    static byte[] bytes(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(
                    "picture (" + file + ") must be a file that exists; check the name and the folder");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new BadInputException("picture (" + file + "): length must be at most " + (MOST_BYTES >> 20)
                        + " MiB; save it smaller");
            }
            return bytes;
        } catch (IOException e) {
            throw new BadInputException(
                    "picture (" + file + ") must be readable (" + e.getMessage() + "); check its permissions", e);
        }
    }

    /**
     * Decodes a file.
     *
     * @param checked whether these very bytes are known to be whole
     */
    static Picture decode(byte[] bytes, String name, boolean checked) {
        PictureFormat format = PictureFormat.of(bytes);
        if (format == null) {
            throw new BadInputException("picture (" + name + ") must be a JPEG, PNG, BMP, GIF, WebP or TIFF file, but "
                    + (bytes.length == 0 ? "is empty" : "begins like none of them") + "; convert it to PNG");
        }
        PictureFile picture = new PictureFile(bytes, name);
        try {
            return picture.decode(format, checked);
        } catch (BadInputException e) {
            throw e;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            // Damaged files make Java's readers throw whatever their arithmetic meets first, or ask for memory that a
            // damaged number names.
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new BadInputException(
                    "picture (" + name + ") must be whole, but could not be decoded (" + why.strip()
                            + "); get it again, or save it again as PNG",
                    e);
        }
    }

    private Picture decode(PictureFormat format, boolean checked) throws IOException {
        switch (format) {
            case JPEG:
                return jpeg(checked);
            case PNG:
                int[] size = PngFile.size(file);
                requireRoom(size[0], size[1]);
                return PngFile.read(file);
            case WEBP:
                return webp();
            default:
                int[] stored = JavaImages.size(file, format);
                requireRoom(stored[0], stored[1]);
                if (format == PictureFormat.BMP) {
                    requireBmp();
                }
                return JavaImages.decode(file, format);
        }
    }

    private void requireRoom(int height, int width) {
        long pixels = (long) height * width;
        if (pixels > MOST_PIXELS) {
            throw new BadInputException("picture (" + name + "): size (" + width + "x" + height + ") must be at most "
                    + (MOST_PIXELS >> 20) + " million pixels; make it smaller");
        }
        Runtime java = Runtime.getRuntime();
        long left = java.maxMemory() - java.totalMemory() + java.freeMemory();
        if (pixels * 3 > left / 2) {
            throw new BadInputException("picture (" + name + "): size (" + width + "x" + height
                    + ") must fit into half of the memory that is left, " + (left >> 21)
                    + " MiB; give Java more memory with -Xmx, or make it smaller");
        }
    }

    private Picture jpeg(boolean checked) throws IOException {
        JpegFile header = JpegFile.header(file);
        requireRoom(header.height(), header.width());
        if (!checked) {
            JpegFile.check(file);
        }
        if (!OpenCv.isAvailable()) {
            if (header.channels() == 4) {
                throw needsOpenCv("JPEG of four colours");
            }
            return Exif.upright(JavaImages.decode(file, PictureFormat.JPEG), header.orientation());
        }
        if (header.channels() == 4 && !header.isAdobe()) {
            throw new BadInputException("picture (" + name
                    + ") must name the meaning of its four colours, which only Adobe's marker does; save it as RGB");
        }
        boolean half = (long) header.height() * header.width() > HALVED_PIXELS;
        int colour = half ? opencv_imgcodecs.IMREAD_REDUCED_COLOR_2 : opencv_imgcodecs.IMREAD_COLOR;
        int grey = half ? opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_2 : opencv_imgcodecs.IMREAD_GRAYSCALE;
        int flags = (header.channels() == 1 ? grey : colour) | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION;
        return Exif.upright(OpenCv.decode(file, flags), header.orientation());
    }

    private Picture webp() throws IOException {
        int[] size = Webp.size(file);
        requireRoom(size[0], size[1]);
        if (!OpenCv.isAvailable()) {
            throw needsOpenCv("WebP");
        }
        Picture picture = OpenCv.decode(file, opencv_imgcodecs.IMREAD_UNCHANGED);
        if (picture.height() != size[0] || picture.width() != size[1]) {
            throw new DamagedPictureException("its header and its pixels differ in size");
        }
        return picture;
    }

    private BadInputException needsOpenCv(String what) {
        return new BadInputException(
                "picture (" + name + "): " + what
                        + " must be decoded by OpenCV; put org.bytedeco:opencv-platform on the class path, or convert it to PNG");
    }

    /** Java's reader fills up what is missing at the end. */
    private void requireBmp() throws DamagedPictureException {
        Bytes bytes = new Bytes(file, true);
        long length = bytes.u32(2);
        if (length > file.length) {
            throw new DamagedPictureException("it has " + file.length + " of " + length + " bytes");
        }
    }
}
