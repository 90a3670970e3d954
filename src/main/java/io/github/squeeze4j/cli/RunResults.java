package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files of one run. In a folder without results they are written at once. Where they replace others, they gather in a
 * folder within, {@code .run-X.part}; when the run is done it is renamed to {@code .run-X.done}, which decides that the new
 * results hold, and emptied into the folder itself. A run holds a lock on {@code .run-X.lock}. The next run in the same
 * folder, also a resumed one, finishes what was decided. What was not and is held by nobody it deletes, but for a training
 * that began: that one can be resumed, until another run has replaced the results.
 */
final class RunResults implements AutoCloseable {
    private static final SecureRandom NAMES = new SecureRandom();
    private static final Pattern NAME = Pattern.compile("(\\.run-[0-9a-f]{16}\\.)(part|done|lock)");
    /** Locks of this program: where they belong to processes, looking at one gives it up. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private final Path folder;
    private final Path work;
    private final Path lockFile;
    private final FileChannel lock;

    private RunResults(Path folder, Path work, Path lockFile, FileChannel lock) {
        this.folder = folder;
        this.work = work;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    static RunResults in(Path folder) {
        return new RunResults(folder, folder, null, null);
    }

    static RunResults beside(Path folder) throws IOException {
        while (true) {
            String name = String.format(".run-%016x.", NAMES.nextLong());
            Path lockFile = folder.resolve(name + "lock");
            OWN.add(lockFile);
            FileChannel lock = FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            lock.lock();
            // Another run may have taken it for a leftover before it was locked: then once more, with another name.
            if (Files.exists(lockFile)) {
                Path work = Files.createDirectory(folder.resolve(name + "part"));
                return new RunResults(folder, work, lockFile, lock);
            }
            lock.close();
            OWN.remove(lockFile);
        }
    }

    /** The run in a folder that is to go on: one that was to replace its results, if there is one, else the folder's own. */
    static RunResults resumed(Path folder) {
        Path work = resumable(folder);
        if (work.equals(folder)) {
            return in(folder);
        }
        Path lockFile = folder.resolve(work.getFileName().toString().replace(".part", ".lock"));
        OWN.add(lockFile);
        try {
            FileChannel lock = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (lock.tryLock() != null) {
                return new RunResults(folder, work, lockFile, lock);
            }
            lock.close();
        } catch (IOException e) {
            OWN.remove(lockFile);
            throw unwritable(folder, e);
        }
        OWN.remove(lockFile);
        throw inUse(folder);
    }

    private static BadInputException inUse(Path folder) {
        return new BadInputException(
                "folder to resume (" + folder + ") must not be in use by a run that goes on; wait until it ends");
    }

    private static BadInputException unwritable(Path folder, IOException e) {
        return new BadInputException(
                "folder to resume (" + folder + ") must be one that can be written (" + e + "); check its rights", e);
    }

    /** Where the files of the run are that {@link #resumed} would go on with. Finishes what was decided before. */
    static Path resumable(Path folder) {
        if (!Files.isDirectory(folder)) {
            return folder; // Whoever reads from it complains.
        }
        try {
            for (Path left : list(folder)) {
                Matcher name = NAME.matcher(left.getFileName().toString());
                if (name.matches() && isHeld(folder.resolve(name.group(1) + "lock"))) {
                    throw inUse(folder);
                }
            }
            for (Path left : list(folder)) {
                Matcher name = NAME.matcher(left.getFileName().toString());
                if (name.matches() && name.group(2).equals("done")) {
                    settle(left);
                }
            }
            return newestBegun(folder).orElse(folder);
        } catch (IOException e) {
            throw unwritable(folder, e);
        }
    }

    /** Whether a run that was to replace the folder's results ended before it was done, and can be resumed. */
    static boolean hasResumable(Path folder) throws IOException {
        return newestBegun(folder).isPresent();
    }

    /** Of the trainings that ended before they were done, the one that was started last. */
    private static Optional<Path> newestBegun(Path folder) throws IOException {
        Path newest = null;
        FileTime last = null;
        for (Path left : list(folder)) {
            Matcher name = NAME.matcher(left.getFileName().toString());
            if (name.matches()
                    && name.group(2).equals("part")
                    && isBegun(left)
                    && !isHeld(folder.resolve(name.group(1) + "lock"))) {
                FileTime started = Files.getLastModifiedTime(left.resolve(Recipes.RUN_FILE));
                if (last == null || started.compareTo(last) > 0) {
                    newest = left;
                    last = started;
                }
            }
        }
        return Optional.ofNullable(newest);
    }

    /** The configuration is what a training writes first; without a checkpoint it starts again from it. */
    private static boolean isBegun(Path work) {
        return Files.isRegularFile(work.resolve(Recipes.RUN_FILE));
    }

    private static boolean hasCheckpoints(Path work) throws IOException {
        Path checkpoints = work.resolve(TrainCommand.CHECKPOINTS);
        return Files.isDirectory(checkpoints) && !list(checkpoints).isEmpty();
    }

    /** Whether old results stand until the run is done. */
    boolean replaces() {
        return lock != null;
    }

    /** Where to write a file now. */
    Path file(String name) {
        return work.resolve(name);
    }

    /** Where a file is when the run is done. */
    Path result(String name) {
        return folder.resolve(name);
    }

    /** Lets the new results take the old ones' place. */
    void done() {
        if (lock == null) {
            return;
        }
        try {
            Path decided = folder.resolve(work.getFileName().toString().replace(".part", ".done"));
            Files.move(work, decided, StandardCopyOption.ATOMIC_MOVE);
            settle(decided);
        } catch (IOException e) {
            throw new BadInputException(
                    "output folder (" + folder + ") must be a folder that can be written (" + e
                            + "); the results are in " + work,
                    e);
        }
        try {
            tidy(folder, true);
        } catch (IOException e) {
            // The next run tidies up.
        }
    }

    /** Gives up what is not done and cannot be resumed. */
    @Override
    public void close() {
        if (lock != null) {
            try {
                if (!hasCheckpoints(work)) {
                    delete(work);
                }
                lock.close();
                Files.deleteIfExists(lockFile);
            } catch (IOException e) {
                // The next run tidies up.
            } finally {
                OWN.remove(lockFile);
            }
        }
    }

    /**
     * Finishes and deletes what ended runs left.
     *
     * @param all also those that could be resumed
     */
    static void tidy(Path folder, boolean all) throws IOException {
        for (Path left : list(folder)) {
            Matcher name = NAME.matcher(left.getFileName().toString());
            if (name.matches()) {
                Path lockFile = folder.resolve(name.group(1) + "lock");
                if (isHeld(lockFile)) {
                    continue;
                }
                if (name.group(2).equals("done")) {
                    settle(left);
                } else {
                    Path work = folder.resolve(name.group(1) + "part");
                    if (all || !isBegun(work)) {
                        delete(work);
                    }
                    Files.deleteIfExists(lockFile);
                }
            }
        }
    }

    private static boolean isHeld(Path lockFile) {
        if (OWN.contains(lockFile)) {
            return true;
        }
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
                FileLock free = channel.tryLock()) {
            return free == null;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static void settle(Path decided) throws IOException {
        for (Path file : list(decided)) {
            // Hidden is what an interrupted write left.
            if (!file.getFileName().toString().startsWith(".")) {
                try {
                    Path target = decided.resolveSibling(file.getFileName());
                    if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                        delete(target);
                    }
                    Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
                } catch (NoSuchFileException e) {
                    // Another run settles the same folder.
                }
            }
        }
        delete(decided);
    }

    private static void delete(Path work) throws IOException {
        if (Files.isDirectory(work, LinkOption.NOFOLLOW_LINKS)) {
            for (Path file : list(work)) {
                delete(file);
            }
        }
        Files.deleteIfExists(work);
    }

    private static List<Path> list(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(files::add);
        }
        return files;
    }
}
