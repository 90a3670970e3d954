package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.Checksum;

/**
 * Replaces a file as a whole: its content goes by one stream to a new file beside, of a name that nobody else has, is flushed
 * to the disk, read back and compared, and then takes the old one's place in one step. The old file stays as it was on any
 * failure before that step, and whoever reads sees the old file or the new one, never a part.
 *
 * <p>The writer of a file beside holds a lock on it. Files beside that nobody holds were left by a program that was killed:
 * the next write of the same file deletes them.
 */
final class AtomicFile {
    private static final int BLOCK = 1 << 16;
    private static final SecureRandom NAMES = new SecureRandom();
    /** Files beside of this program: where locks belong to processes, its own would not keep it from deleting them. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    /** Writes the new content. */
    interface Content {
        void write(OutputStream out) throws IOException;
    }

    /** Looks at what stands on the disk before it takes the old file's place, and throws if it will not do. */
    interface Inspection {
        void inspect(FileChannel written) throws IOException;
    }

    private final Path target;
    private final Storage storage;

    private AtomicFile(Path file, Storage storage) {
        target = file.toAbsolutePath();
        this.storage = storage;
    }

    static void write(Path file, Content content) {
        write(file, content, written -> {}, Storage.DISK);
    }

    static void write(Path file, Content content, Inspection inspection, Storage storage) {
        AtomicFile atomic = new AtomicFile(file, storage);
        Path folder = atomic.target.getParent();
        try {
            Files.createDirectories(folder);
            atomic.deleteLeftovers();
            atomic.replace(content, inspection);
        } catch (FileAlreadyExistsException | NotDirectoryException e) {
            throw new BadInputException(
                    "output folder (" + folder + ") must be a folder, but " + e.getMessage()
                            + " is a file; choose another folder",
                    e);
        } catch (IOException e) {
            throw new BadInputException(
                    "output file (" + atomic.target + ") must be writable (" + e
                            + "); choose another folder or make room",
                    e);
        }
    }

    private void replace(Content content, Inspection inspection) throws IOException {
        boolean done = false;
        while (!done) {
            Path beside =
                    target.resolveSibling(String.format(".%s.%016x.part", target.getFileName(), NAMES.nextLong()));
            OWN.add(beside);
            try (FileChannel channel = storage.create(beside)) {
                try {
                    done = isOurs(channel, beside);
                    if (done) {
                        long sum = fill(channel, content);
                        storage.force(channel);
                        readBack(channel, sum);
                        inspection.inspect(channel);
                        storage.move(beside, target);
                    }
                } finally {
                    deleteQuietly(beside);
                }
            } finally {
                OWN.remove(beside);
            }
        }
        storage.forceFolder(target.getParent());
    }

    /** Locks a new file; not ours is one that another program took for a leftover before it was locked. */
    private static boolean isOurs(FileChannel channel, Path beside) {
        try {
            channel.lock();
        } catch (IOException e) {
            // A file system without locks: leftovers stay there, as nobody can tell them from files in use.
            return true;
        }
        return Files.exists(beside, LinkOption.NOFOLLOW_LINKS);
    }

    private long fill(FileChannel channel, Content content) throws IOException {
        Checksum sum = new CRC32();
        OutputStream checked = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                sum.update(bytes, offset, length);
                storage.write(channel, ByteBuffer.wrap(bytes, offset, length));
            }
        };
        OutputStream out = new BufferedOutputStream(checked, BLOCK);
        content.write(out);
        out.flush();
        return sum.getValue();
    }

    private static void readBack(FileChannel channel, long expected) throws IOException {
        Checksum sum = new CRC32();
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        for (long position = 0; channel.read(block.clear(), position) > 0; position += block.position()) {
            sum.update(block.array(), 0, block.position());
        }
        if (sum.getValue() != expected) {
            throw new IOException("what was read back differs from what was written");
        }
    }

    private void deleteLeftovers() throws IOException {
        Pattern name = Pattern.compile(Pattern.quote("." + target.getFileName()) + "\\.[0-9a-f]{16}\\.part");
        try (DirectoryStream<Path> files = Files.newDirectoryStream(
                target.getParent(),
                file -> name.matcher("" + file.getFileName()).matches())) {
            for (Path file : files) {
                if (!OWN.contains(file)) {
                    deleteLeftover(file);
                }
            }
        }
    }

    private static void deleteLeftover(Path file) {
        try (FileChannel channel = FileChannel.open(file, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | OverlappingFileLockException e) {
            // Another's file, a link, or gone already: not ours to delete, and no harm to what is written now.
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The file is unfinished and unwanted: whatever went wrong before is what the user must hear.
        }
    }
}
