package io.github.squeeze4j.weights;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Replaces a file as a whole: its content goes to a new file beside, which takes the old one's place once it is on the disk. */
final class WholeFile {
    private static final int BLOCK = 1 << 16;

    private WholeFile() {}

    /** Writes the new content. */
    interface Content {
        void write(OutputStream out) throws IOException;
    }

    static void write(Path path, Content content) {
        Path file = path.toAbsolutePath();
        try {
            Path beside = Files.createTempFile(file.getParent(), "." + file.getFileName(), ".part");
            try {
                try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
                    OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BLOCK);
                    content.write(out);
                    out.flush();
                    channel.force(true);
                }
                Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(beside);
            }
        } catch (IOException e) {
            throw new WeightsException(
                    "output file (" + file + ") must be writable (" + e + "); choose another folder or make room", e);
        }
    }
}
