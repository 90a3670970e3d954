package io.github.squeeze4j.weights;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One file over HTTP. It grows beside its place, as {@code NAME.part}, and goes there when it is whole and its sum is right. What was cut
 * goes on where it was, if the server can say that the file is still the same (If-Range with its ETag or date); else from the start.
 */
final class Download {
    private static final int ATTEMPTS = 5;
    private static final int BLOCK = 1 << 16;
    /** An attempt that brought less counts as one without progress. */
    private static final long PROGRESS = 1 << 16;
    /** No network of this library has weights of that size. */
    private static final long LARGEST = 1L << 33;

    private static final Pattern RANGE = Pattern.compile("bytes \\d+-\\d+/(\\d{1,18})");
    private static final int RANGE_NOT_SATISFIABLE = 416;
    private static final long NANOS = 1_000_000L;

    private final URI url;
    private final Path target;
    private final String sum;
    private final FileServer server;
    private int timeoutMillis = FileServer.TIMEOUT;
    private int pauseMillis = 1_000;
    private long room = -1;

    /** @param sum the first digits of SHA-256, all of them, or none */
    Download(URI url, Path target, String sum, boolean plainHttp) {
        this.url = url;
        this.target = target.toAbsolutePath();
        this.sum = sum;
        server = new FileServer(url, this.target, plainHttp);
    }

    /** How long the server may be silent, and how long to wait before another attempt. */
    Download patience(int timeout, int pause) {
        timeoutMillis = timeout;
        server.timeout(timeout);
        pauseMillis = pause;
        return this;
    }

    /** Takes the disk for one with so many free bytes. */
    Download room(long bytes) {
        room = bytes;
        return this;
    }

    /** Downloads the file, and returns its sum. */
    String run() {
        server.requireAllowed(url);
        Path part = beside(".part");
        try {
            FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)
                    .close();
            return locked(part, key(part));
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private String locked(Path part, Object key) throws IOException {
        try (FileChannel file = FileChannel.open(
                        part, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                FileLock lock = lock(file)) {
            if (lock == null) {
                throw new WeightsException("file " + part + " must not be in use, but another program downloads it;"
                        + " wait until it is done");
            }
            if (!Files.exists(part) || !Objects.equals(key, key(part))) {
                // it was moved between the opening and the lock: what is open is the other's finished file
                throw new WeightsException(
                        "file " + part + " must not be in use, but another program has just got it; run it again");
            }
            return finish(part, file);
        }
    }

    /** What tells a file from another that has its name later; null where there is none, and where the system has no such. */
    private static Object key(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** All under the lock, so that nobody else writes what is looked at and moved. */
    private String finish(Path part, FileChannel file) throws IOException {
        boolean whole = false;
        try {
            transferAll(file);
            file.force(true);
            whole = true;
        } finally {
            if (!whole && file.size() == 0) {
                Files.deleteIfExists(part);
            }
        }
        String found = Checksum.of(Channels.newInputStream(file.position(0)));
        if (!found.startsWith(sum)) {
            Files.deleteIfExists(part);
            Files.deleteIfExists(validatorFile());
            throw new WeightsException("downloaded file (" + url + ", SHA-256 " + found + ") must have the sum " + sum
                    + "; it was deleted: try again, and if that fails tell who publishes it");
        }
        Files.deleteIfExists(validatorFile());
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return found;
    }

    private void transferAll(FileChannel file) throws IOException {
        int left = ATTEMPTS;
        while (true) {
            long before = file.size();
            try {
                transfer(file);
                return;
            } catch (CutException e) {
                left = file.size() - before >= PROGRESS ? ATTEMPTS : left - 1;
                if (left == 0) {
                    throw new WeightsException(
                            "download (" + url + ") must reach its end, but " + e.getMessage() + " again and again; "
                                    + file.size() + " bytes are kept: run it again to go on",
                            e);
                }
                pause();
            }
        }
    }

    private static FileLock lock(FileChannel file) throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private void pause() {
        try {
            Thread.sleep(pauseMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new WeightsException("download (" + url + ") must not be interrupted; run it again to go on", e);
        }
    }

    /** One answer of the server, from where the file ends to its end. */
    private void transfer(FileChannel file) throws IOException, CutException {
        String validator = file.size() > 0 ? validator() : null;
        if (validator == null) {
            file.truncate(0);
        }
        long start = file.size();
        HttpURLConnection connection = server.connect(start, validator);
        try {
            int code = server.status(connection);
            if (code == RANGE_NOT_SATISFIABLE && start > 0) {
                if (("bytes */" + start).equals(connection.getHeaderField("Content-Range"))) {
                    return; // nothing is missing
                }
                file.truncate(0);
                throw new CutException("the server has not the part that is missing", null);
            }
            boolean goesOn =
                    code == HttpURLConnection.HTTP_PARTIAL && start > 0 && continues(connection, start, validator);
            if (code == HttpURLConnection.HTTP_PARTIAL && !goesOn) {
                file.truncate(0);
                throw new CutException("the server sent another part than was asked for", null);
            }
            if (!goesOn) {
                requireOk(code);
                file.truncate(0);
                keepValidator(connection);
            }
            long length = connection.getContentLengthLong();
            requireSane(length);
            requireRoom(length);
            if (!goesOn) {
                requireKnownEnd(connection, length);
            }
            long total = goesOn ? total(connection) : length;
            file.position(file.size());
            long copied = copy(connection, file);
            if (length >= 0 && copied < length) {
                throw new CutException("the connection ended after " + copied + " of " + length + " bytes", null);
            }
            if (file.size() < total) {
                throw new CutException("the server sent " + file.size() + " of " + total + " bytes", null);
            }
        } finally {
            connection.disconnect();
        }
    }

    private void requireOk(int code) {
        if (code == HttpURLConnection.HTTP_NOT_FOUND || code == HttpURLConnection.HTTP_GONE) {
            throw new WeightsException("address (" + url + ") must be that of a file, but the server answers " + code
                    + ": it is there no more; get the file from where it is now and put it at " + target);
        }
        if (code != HttpURLConnection.HTTP_OK) {
            throw new WeightsException("address (" + url + ") must be open to all, but the server answers " + code
                    + "; get the file otherwise and put it at " + target);
        }
    }

    /** Whether an answer to a request for the rest is the rest of the same file. */
    private static boolean continues(HttpURLConnection connection, long start, String validator) {
        String range = connection.getHeaderField("Content-Range");
        String tag = connection.getHeaderField("ETag");
        boolean same = tag == null || !validator.startsWith("\"") || tag.equals(validator);
        return same && range != null && range.startsWith("bytes " + start + "-");
    }

    /** How long the whole file is, as an answer with a part of it says; -1 if it does not. */
    private static long total(HttpURLConnection connection) {
        Matcher range = RANGE.matcher(connection.getHeaderField("Content-Range"));
        return range.matches() ? Long.parseLong(range.group(1)) : -1;
    }

    /** Where neither the length nor the chunks nor a sum tells the end of the file, a lost connection looks like it. */
    private void requireKnownEnd(HttpURLConnection connection, long length) {
        boolean chunked = "chunked".equalsIgnoreCase(connection.getHeaderField("Transfer-Encoding"));
        if (length < 0 && !chunked && sum.isEmpty()) {
            throw new WeightsException(
                    "answer of " + url + " must say how long the file is, as no sum is published that"
                            + " would show a cut; get the file otherwise and put it at " + target);
        }
    }

    private long copy(HttpURLConnection connection, FileChannel file) throws IOException, CutException {
        byte[] block = new byte[BLOCK];
        long copied = 0;
        long since = System.nanoTime();
        long slow = 0;
        try (InputStream in = server.body(connection)) {
            while (true) {
                int count = server.read(in, block);
                if (count < 0) {
                    return copied;
                }
                file.write(ByteBuffer.wrap(block, 0, count));
                copied += count;
                slow += count;
                requireSane(copied);
                long now = System.nanoTime();
                if (now - since > 2 * timeoutMillis * NANOS) {
                    // a server that sends a byte now and then would otherwise hold the line for ever
                    if (slow < PROGRESS) {
                        throw new CutException("the server is too slow", null);
                    }
                    since = now;
                    slow = 0;
                }
            }
        }
    }

    private void requireSane(long bytes) {
        if (bytes > LARGEST) {
            throw new WeightsException("file at " + url + " (" + bytes + " bytes) must be at most " + LARGEST
                    + " bytes to be weights; see whether the address is right");
        }
    }

    private void requireRoom(long bytes) throws IOException {
        long free = room < 0 ? Files.getFileStore(target.getParent()).getUsableSpace() : room;
        if (bytes > free) {
            throw new WeightsException("disk of " + target + " (" + free + " bytes free) must have room for " + bytes
                    + " bytes; make room and run it again");
        }
    }

    // ---- what to go on with ----------------------------------------------------------------------------------------

    private Path beside(String ending) {
        return target.resolveSibling(target.getFileName() + ending);
    }

    private Path validatorFile() {
        return beside(".part.from");
    }

    /** What tells whether the file is still the one that the part is of: null if nothing does. */
    private String validator() throws IOException {
        if (!Files.exists(validatorFile())) {
            return null;
        }
        List<String> lines = Files.readAllLines(validatorFile(), StandardCharsets.ISO_8859_1);
        return lines.size() == 2 && lines.get(0).equals(url.toString()) ? lines.get(1) : null;
    }

    private void keepValidator(HttpURLConnection connection) throws IOException {
        String tag = connection.getHeaderField("ETag");
        String validator = tag != null && tag.startsWith("\"") ? tag : connection.getHeaderField("Last-Modified");
        if (validator == null) {
            Files.deleteIfExists(validatorFile());
        } else {
            Files.write(validatorFile(), List.of(url.toString(), validator), StandardCharsets.ISO_8859_1);
        }
    }

    private WeightsException unwritable(IOException e) {
        return new WeightsException(
                "file " + target + " must be writable (" + e
                        + "); choose another folder or make room, and run it again",
                e);
    }
}
