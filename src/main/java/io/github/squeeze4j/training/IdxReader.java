package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * Reads one IDX file of unsigned bytes, raw or compressed: big-endian magic number 0x0000080D with D dimensions, D
 * sizes, then the bytes.
 */
final class IdxReader {
    private static final String AGAIN = "; fetch the file again";

    /** Bytes of the magic number. */
    private static final int HEADER = 4;
    /** Deflate packs at most 258 bytes into 2 bits. */
    private static final long LARGEST_RATIO = 1032;

    private final Path file;
    private final int[] sizes;
    private final byte[] data;

    private IdxReader(Path file, int[] sizes, byte[] data) {
        this.file = file;
        this.sizes = sizes;
        this.data = data;
    }

    /** Reads {@code name} or {@code name.gz} in the folder; the file must have the given number of dimensions. */
    static IdxReader read(Path directory, String name, int dimensions) {
        Path file = find(directory, name);
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(file));
                DataInputStream in = new DataInputStream(unpacked(file, raw))) {
            return read(file, in, dimensions);
        } catch (EOFException e) {
            throw new BadInputException(
                    file + ": content must be a whole IDX file, but ends within its header or compressed data" + AGAIN,
                    e);
        } catch (IOException e) {
            throw new BadInputException(
                    file + ": content must be readable (" + e.getMessage() + ")" + AGAIN + " or check its permissions",
                    e);
        }
    }

    private static Path find(Path directory, String name) {
        if (!Files.isDirectory(directory)) {
            throw new BadInputException("data folder (" + directory
                    + ") must be a folder that exists; name the folder that holds the four IDX files");
        }
        for (String suffix : new String[] {"", ".gz"}) {
            Path file = directory.resolve(name + suffix);
            if (Files.isRegularFile(file)) {
                return file;
            }
        }
        throw new BadInputException("data file (" + directory.resolve(name)
                + ") must exist, raw or with .gz; name the folder that holds the four IDX files");
    }

    private static InputStream unpacked(Path file, InputStream raw) throws IOException {
        return isCompressed(file) ? new GZIPInputStream(raw, 1 << 16) : raw;
    }

    private static IdxReader read(Path file, DataInputStream in, int dimensions) throws IOException {
        int magic = in.readInt();
        int expected = 0x800 + dimensions;
        if (magic != expected) {
            throw new BadInputException(String.format(
                    "%s: magic number (0x%08x) must be 0x%08x for %s; put the right file under this name",
                    file, magic, expected, dimensions == 1 ? "labels" : "images"));
        }
        int[] sizes = new int[dimensions];
        long length = 1;
        for (int i = 0; i < dimensions; i++) {
            sizes[i] = in.readInt();
            length = sizes[i] > 0 && length > 0 && length <= Integer.MAX_VALUE ? length * sizes[i] : -1;
        }
        if (length <= 0 || length > Integer.MAX_VALUE) {
            throw new BadInputException(file + ": sizes (" + Arrays.toString(sizes)
                    + ") must be positive and hold less than 2 GiB" + AGAIN);
        }
        requireRoom(file, sizes, length);
        byte[] data = new byte[(int) length];
        int got = in.readNBytes(data, 0, data.length);
        if (got < length || in.read() >= 0) {
            throw wrongLength(file, got < length ? got + " bytes" : "more bytes", sizes, length);
        }
        return new IdxReader(file, sizes, data);
    }

    private static BadInputException wrongLength(Path file, String found, int[] sizes, long length) {
        return new BadInputException(file + ": content (" + found + " after the header) must be " + length
                + " bytes for sizes " + Arrays.toString(sizes) + AGAIN);
    }

    /** Before memory is asked for: what the file can hold at all, and what Java has left. */
    private static void requireRoom(Path file, int[] sizes, long length) throws IOException {
        if (!isCompressed(file) && Files.size(file) - HEADER - Integer.BYTES * sizes.length < length) {
            throw wrongLength(file, Files.size(file) - HEADER - Integer.BYTES * sizes.length + " bytes", sizes, length);
        }
        if (isCompressed(file) && length > Files.size(file) * LARGEST_RATIO) {
            throw new BadInputException(file + ": content (" + Files.size(file) + " bytes) cannot hold the " + length
                    + " bytes of sizes " + Arrays.toString(sizes) + AGAIN);
        }
        Runtime java = Runtime.getRuntime();
        long left = java.maxMemory() - java.totalMemory() + java.freeMemory();
        if (length > left / 2) {
            throw new BadInputException(file + ": sizes (" + Arrays.toString(sizes) + ", " + (length >> 20)
                    + " MiB) must fit into half of the memory that is left, " + (left >> 21)
                    + " MiB; give Java more memory with -Xmx, or use fewer images");
        }
    }

    private static boolean isCompressed(Path file) {
        return file.toString().endsWith(".gz");
    }

    Path file() {
        return file;
    }

    int size(int dimension) {
        return sizes[dimension];
    }

    byte[] data() {
        return data;
    }
}
