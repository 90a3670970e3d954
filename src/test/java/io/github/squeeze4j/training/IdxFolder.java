package io.github.squeeze4j.training;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/** Writes small data folders for tests. */
public final class IdxFolder {
    /** The bundled sample. */
    public static final Path SAMPLE = Path.of("src", "sample", "fashion-mnist");

    private IdxFolder() {}

    /** Cuts the first images of the sample, class-balanced, raw and without class names. */
    public static Path cut(Path folder, int train, int test) {
        ImageSet trainSet = ImageSet.train(SAMPLE);
        write(folder, "train", trainSet.limit(train), false);
        write(folder, "t10k", ImageSet.test(SAMPLE, trainSet.classNames()).limit(test), true);
        return folder;
    }

    /** Black images of any size, as many as there are labels. */
    public static Path black(Path folder, int size, byte... labels) {
        for (String part : new String[] {"train", "t10k"}) {
            images(folder, part, new byte[labels.length * size * size], labels.length, size, size, false);
            labels(folder, part, labels, false);
        }
        return folder;
    }

    private static void write(Path folder, String part, ImageSet images, boolean gzip) {
        byte[] labels = new byte[images.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = (byte) images.label(i);
        }
        images(folder, part, images.pixels(), images.size(), images.height(), images.width(), gzip);
        labels(folder, part, labels, gzip);
    }

    static void images(Path folder, String part, byte[] pixels, int count, int height, int width, boolean gzip) {
        ByteBuffer data = ByteBuffer.allocate(16 + pixels.length);
        data.putInt(0x803).putInt(count).putInt(height).putInt(width).put(pixels);
        file(folder.resolve(part + "-images-idx3-ubyte" + (gzip ? ".gz" : "")), data.array());
    }

    static void labels(Path folder, String part, byte[] labels, boolean gzip) {
        ByteBuffer data = ByteBuffer.allocate(8 + labels.length);
        data.putInt(0x801).putInt(labels.length).put(labels);
        file(folder.resolve(part + "-labels-idx1-ubyte" + (gzip ? ".gz" : "")), data.array());
    }

    private static void file(Path file, byte[] data) {
        try {
            Files.createDirectories(file.getParent());
            try (OutputStream raw = Files.newOutputStream(file);
                    OutputStream out = file.toString().endsWith(".gz") ? new GZIPOutputStream(raw) : raw) {
                out.write(data);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
