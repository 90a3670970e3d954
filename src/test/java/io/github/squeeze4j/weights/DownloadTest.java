package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads from a server on this machine that cuts, forgets, changes and refuses. */
@Tag("tiny")
class DownloadTest {
    private static final byte[] CONTENT = new byte[500_000];

    static {
        new Random(3).nextBytes(CONTENT);
    }

    @TempDir
    private Path folder;

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;
    private Path target;
    private byte[] content = CONTENT;
    private String tag = "\"one\"";
    /** Bytes of an answer after which the server closes the connection. */
    private int cutAfter = Integer.MAX_VALUE;

    /** Bytes of the longest range that the server sends. */
    private int longest = Integer.MAX_VALUE;

    private boolean ranges = true;
    private boolean looksAtTag = true;

    @BeforeEach
    void start() throws Exception {
        target = folder.resolve("weights.pth");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        server.setExecutor(threads);
        server.createContext("/file", this::answer);
        server.createContext("/gone", exchange -> status(exchange, 404));
        server.createContext("/part", exchange -> {
            exchange.getResponseHeaders().add("ETag", tag);
            status(exchange, 206);
        });
        server.createContext("/secret", exchange -> status(exchange, 403));
        server.createContext("/busy", exchange -> status(exchange, 503));
        server.createContext("/moved", exchange -> redirect(exchange, "/file"));
        server.createContext("/round", exchange -> redirect(exchange, "/round"));
        server.createContext("/away", exchange -> redirect(exchange, "http://weights.example/file"));
        server.createContext("/silent", exchange -> threads.execute(() -> {}));
        server.createContext("/huge", exchange -> exchange.sendResponseHeaders(200, 1L << 50));
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    private static void status(HttpExchange exchange, int code) throws IOException {
        exchange.sendResponseHeaders(code, -1);
        exchange.close();
    }

    private static void redirect(HttpExchange exchange, String where) throws IOException {
        exchange.getResponseHeaders().add("Location", where);
        status(exchange, 302);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        String condition = exchange.getRequestHeaders().getFirst("If-Range");
        requests.add(String.valueOf(range));
        if (tag != null) {
            exchange.getResponseHeaders().add("ETag", tag);
        }
        boolean part = range != null && ranges && (!looksAtTag || condition.equals(tag));
        int start = part ? Integer.parseInt(range.replaceAll("\\D", "")) : 0;
        if (part && start >= content.length) {
            exchange.getResponseHeaders().add("Content-Range", "bytes */" + content.length);
            status(exchange, 416);
            return;
        }
        int length = part ? Math.min(longest, content.length - start) : content.length;
        if (part) {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + start + "-" + (start + length - 1) + "/" + content.length);
        }
        exchange.sendResponseHeaders(part ? 206 : 200, length);
        exchange.getResponseBody().write(content, start, Math.min(length, cutAfter));
        exchange.getResponseBody().flush();
        exchange.close(); // in the middle, where there is more
    }

    private URI at(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    private Download download(String path) {
        return download(path, "");
    }

    private Download download(String path, String sum) {
        return new Download(at(path), target, sum, false).patience(2_000, 1);
    }

    private void refused(ThrowingCallable call, String... parts) {
        assertThatThrownBy(call).isInstanceOf(WeightsException.class).message().contains(parts);
        assertThat(target).doesNotExist();
    }

    private String sum(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("sum"), bytes);
        String sum = Checksum.of(file);
        Files.delete(file);
        return sum;
    }

    private void isDone(byte[] expected) throws IOException {
        assertThat(target).hasBinaryContent(expected);
        try (java.util.stream.Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(target);
        }
    }

    @Test
    void whole() throws Exception {
        assertThat(download("/file").run()).isEqualTo(sum(CONTENT));
        isDone(CONTENT);
        assertThat(requests).containsExactly("null");
        assertThat(sum("abc".getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void overRedirects() throws Exception {
        download("/moved", sum(CONTENT).substring(0, 8)).run();
        isDone(CONTENT);
    }

    @Test
    void whatIsCutGoesOnWhereItWas() throws Exception {
        cutAfter = 100_000;
        download("/file", sum(CONTENT)).run();
        isDone(CONTENT);
        assertThat(requests)
                .containsExactly("null", "bytes=100000-", "bytes=200000-", "bytes=300000-", "bytes=400000-");
    }

    /** Another run, after the first has given up. */
    @Test
    void anotherRunGoesOnToo() throws Exception {
        cutAfter = 1_000;
        refused(download("/file")::run, "must reach its end", "bytes are kept: run it again to go on");
        long kept = Files.size(folder.resolve("weights.pth.part"));
        assertThat(kept).isEqualTo(5_000);
        cutAfter = Integer.MAX_VALUE;
        requests.clear();
        download("/file", sum(CONTENT)).run();
        isDone(CONTENT);
        assertThat(requests).containsExactly("bytes=5000-");
    }

    @Test
    void aWholePartIsTakenAsItIs() throws Exception {
        cutAfter = 1_000;
        refused(download("/file")::run, "must reach its end");
        Files.write(folder.resolve("weights.pth.part"), CONTENT);
        download("/file", sum(CONTENT)).run();
        isDone(CONTENT);
    }

    @Test
    void serversWithoutRangesStartAgain() throws Exception {
        cutAfter = 1_000;
        refused(download("/file")::run, "must reach its end");
        ranges = false;
        cutAfter = Integer.MAX_VALUE;
        download("/file", sum(CONTENT)).run();
        isDone(CONTENT);
    }

    @Test
    void withoutATagNothingIsGoneOnWith() throws Exception {
        tag = null;
        cutAfter = 1_000;
        refused(download("/file")::run, "must reach its end");
        cutAfter = Integer.MAX_VALUE;
        requests.clear();
        download("/file").run();
        isDone(CONTENT);
        assertThat(requests).containsExactly("null");
    }

    @Test
    void aFileThatHasChangedStartsAgain() throws Exception {
        for (boolean looks : new boolean[] {true, false}) {
            Files.deleteIfExists(target);
            looksAtTag = true;
            content = CONTENT;
            tag = "\"one\"";
            cutAfter = 1_000;
            refused(download("/file")::run, "must reach its end");
            content = new byte[300_000];
            new Random(4).nextBytes(content);
            tag = "\"two\"";
            looksAtTag = looks;
            cutAfter = Integer.MAX_VALUE;
            download("/file").run();
            isDone(content);
        }
    }

    @Test
    void aWrongSumLeavesNothing() throws Exception {
        refused(
                download("/file", "0123456789")::run,
                "downloaded file (" + at("/file") + ", SHA-256 " + sum(CONTENT) + ") must have the sum 0123456789;"
                        + " it was deleted");
        assertThat(Files.list(folder)).isEmpty();
        Files.write(target, new byte[] {1});
        assertThatThrownBy(download("/file", "0123456789")::run).isInstanceOf(WeightsException.class);
        assertThat(target).hasBinaryContent(new byte[] {1});
    }

    @Test
    void serversThatRefuse() {
        refused(
                download("/gone")::run,
                "address (" + at("/gone") + ") must be that of a file, but the server answers 404");
        refused(download("/secret")::run, "must be open to all, but the server answers 403");
        refused(download("/busy")::run, "must reach its end, but the server answers 503 again and again");
        refused(download("/round")::run, "must lead to a file in 5 steps");
        refused(download("/huge")::run, "(1125899906842624 bytes) must be at most 8589934592 bytes to be weights");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aSilentServerDoesNotHang() {
        refused(download("/silent").patience(50, 1)::run, "the connection was lost", "timed out");
    }

    @Test
    void withoutANetwork() {
        URI closed = at("/file");
        server.stop(0);
        refused(
                new Download(closed, target, "", false).patience(2_000, 1)::run,
                "server of " + closed + " must be within reach",
                "look at the network connection");
    }

    @Test
    void onlyEncryptedOrOnThisMachine() {
        refused(
                new Download(URI.create("http://weights.example/file"), target, "", false)::run,
                "address (http://weights.example/file) must begin with https, so that nobody on the way can change the file;"
                        + " if you trust the way, allow plain http with weights get NAME --plain-http or WeightCache.plainHttp()");
        refused(new Download(URI.create("ftp://127.0.0.1/file"), target, "", true)::run, "must begin with https");
        refused(new Download(URI.create("file:/etc/passwd"), target, "", true)::run, "must begin with https");
        refused(download("/away")::run, "address (http://weights.example/file) must begin with https");
    }

    @Test
    void twoAtOnce() throws Exception {
        try (FileChannel part = FileChannel.open(
                folder.resolve("weights.pth.part"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            part.lock();
            refused(download("/file")::run, "must not be in use, but another program downloads it");
        }
    }

    /** Each that succeeds leaves the whole file, whenever the other writes. */
    @Test
    void twoAtOnceInTurns() throws Exception {
        tag = null;
        String right = sum(CONTENT);
        Callable<Void> several = () -> {
            for (int got = 0; got < 20; ) {
                try {
                    assertThat(download("/file").run()).isEqualTo(right);
                    got++;
                } catch (WeightsException e) {
                    assertThat(e).hasMessageContaining("must not be in use");
                }
                if (got > 0) {
                    assertThat(target).hasBinaryContent(CONTENT);
                }
            }
            return null;
        };
        for (Future<Void> each : threads.invokeAll(List.of(several, several))) {
            each.get();
        }
    }

    @Test
    void shortRangesAreNotTheEnd() throws Exception {
        cutAfter = 100_000;
        longest = 70_000;
        download("/file").run();
        isDone(CONTENT);
    }

    @Test
    void aPartThatNobodyAskedFor() {
        refused(download("/part")::run, "the server sent another part than was asked for again and again");
        assertThat(folder).isEmptyDirectory();
    }

    /** Answers without a length that end with the connection; to one who speaks TLS, such a server makes no sense. */
    @Test
    void withoutALength() throws Exception {
        byte[] answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc".getBytes(StandardCharsets.US_ASCII);
        try (ServerSocket socket = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            threads.execute(() -> {
                while (!socket.isClosed()) {
                    try (Socket one = socket.accept()) {
                        one.getInputStream().read(new byte[10_000]);
                        one.getOutputStream().write(answer);
                    } catch (IOException e) {
                        return; // closed
                    }
                }
            });
            String at = "://127.0.0.1:" + socket.getLocalPort() + "/file";
            refused(
                    new Download(URI.create("http" + at), target, "", false).patience(2_000, 1)::run,
                    "answer of http" + at + " must say how long the file is, as no sum is published");
            refused(
                    new Download(URI.create("https" + at), target, "", false).patience(2_000, 1)::run,
                    "must be one with which Java can speak and that it trusts");
            new Download(URI.create("http" + at), target, "ba7816bf", false)
                    .patience(2_000, 1)
                    .run();
        }
        isDone("abc".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void aFullDisk() {
        refused(
                download("/file").room(1_000)::run,
                "disk of " + target.toAbsolutePath() + " (1000 bytes free) must have room for 500000 bytes; make room");
        refused(
                new Download(at("/file"), folder.resolve("none/weights.pth"), "", false)::run,
                "must be writable (java.nio.file.NoSuchFileException");
    }
}
