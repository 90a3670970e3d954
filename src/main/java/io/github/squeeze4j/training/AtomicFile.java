package io.github.squeeze4j.training;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Replaces a file as a whole: written beside it, then moved, so that a failure leaves the old file as it was. */
final class AtomicFile {
    /** Writes the new content into the file that it is given. */
    interface Writer {
        void write(Path beside) throws IOException;
    }

    private AtomicFile() {}

    static void write(Path file, Writer writer) {
        Path target = file.toAbsolutePath();
        Path beside = null;
        try {
            Files.createDirectories(target.getParent());
            beside = target.resolveSibling(target.getFileName() + ".part");
            writer.write(beside);
            move(beside, target);
        } catch (FileAlreadyExistsException | NotDirectoryException e) {
            throw new BadInputException(
                    "output folder (" + target.getParent() + ") must be a folder, but " + e.getMessage()
                            + " is a file; choose another folder",
                    e);
        } catch (IOException e) {
            throw new BadInputException(
                    "output file (" + target + ") must be writable (" + e + "); choose another folder or make room", e);
        } finally {
            deleteQuietly(beside);
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // The file is unfinished and unwanted: whatever went wrong before is what the user must hear.
        }
    }
}
