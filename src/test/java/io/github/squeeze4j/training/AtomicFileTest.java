package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The old file or the new one, whatever fails. */
class AtomicFileTest {
    @TempDir
    private Path folder;

    private Path file;
    private ImageClassifier classifier;

    @BeforeEach
    void makeOne() {
        file = folder.resolve("model.zip");
        classifier = ImageClassifier.untrained(
                "tiny",
                TinyGraph.create(28, 10, 0.1),
                ImageSet.train(IdxFolder.SAMPLE).limit(30));
    }

    private enum Fault {
        /** The disk is full: half of the bytes arrive, then an exception. */
        FAILS,
        /** The disk lies: half of the bytes arrive, and nobody says so. */
        LOSES
    }

    /** Counts everything asked of the disk, and lets one of it go wrong. */
    private static final class FaultyDisk extends Storage {
        private final int bad;
        private final Fault fault;
        private int count;

        FaultyDisk(int bad, Fault fault) {
            this.bad = bad;
            this.fault = fault;
        }

        private boolean isBad() {
            return ++count == bad;
        }

        private void fail() throws IOException {
            if (isBad() && fault == Fault.FAILS) {
                throw new IOException("No space left on device");
            }
        }

        @Override
        FileChannel create(Path path) throws IOException {
            fail();
            return super.create(path);
        }

        @Override
        void write(FileChannel channel, ByteBuffer bytes) throws IOException {
            if (isBad()) {
                super.write(channel, bytes.limit(bytes.limit() / 2));
                if (fault == Fault.FAILS) {
                    throw new IOException("No space left on device");
                }
            } else {
                super.write(channel, bytes);
            }
        }

        @Override
        void force(FileChannel channel) throws IOException {
            fail();
            super.force(channel);
        }

        @Override
        void move(Path from, Path to) throws IOException {
            fail();
            super.move(from, to);
        }
    }

    /** Some 500 KB, so that a file takes several writes. */
    private static final Map<String, String> NOTES =
            IntStream.range(0, 500).boxed().collect(Collectors.toMap(i -> "note " + i, i -> "x".repeat(990)));

    /** Every write, flush, creation and move of a save fails once. */
    @Test
    void theNthOperationFails() throws Exception {
        classifier.save(file);
        byte[] before = Files.readAllBytes(file);
        FaultyDisk whole = new FaultyDisk(0, Fault.FAILS);
        ModelFile.standard().save(classifier, folder.resolve("other.zip"), NOTES, whole);
        assertThat(whole.count).isGreaterThan(8);
        for (int n = 1; n <= whole.count; n++) {
            FaultyDisk disk = new FaultyDisk(n, Fault.FAILS);
            assertThatThrownBy(() -> ModelFile.standard().save(classifier, file, NOTES, disk))
                    .as("operation %d of %d", n, whole.count)
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("output file (" + file + ") must be writable")
                    .hasMessageContaining("No space left on device");
            assertThat(Files.readAllBytes(file)).isEqualTo(before);
            assertThat(names()).containsExactly("model.zip", "other.zip");
        }
    }

    /** After the move there is no way back: the new file is whole, and the failure is said. */
    @Test
    void theFolderCannotBeFlushed() {
        Storage disk = new Storage() {
            @Override
            void forceFolder(Path flushed) throws IOException {
                throw new IOException("Input/output error");
            }
        };
        assertThatThrownBy(() -> ModelFile.standard().save(classifier, file, Map.of(), disk))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("Input/output error");
        assertThat(ImageClassifier.load(file).modelName()).isEqualTo("tiny");
    }

    /** Every write loses bytes once, as if all were well. */
    @Test
    void theNthWriteLosesBytes() throws Exception {
        classifier.save(file);
        byte[] before = Files.readAllBytes(file);
        Path other = folder.resolve("other.zip");
        ModelFile.standard().save(classifier, other, NOTES);
        byte[] after = Files.readAllBytes(other);
        int failures = 0;
        int writes = 0;
        for (int n = 1; n == 1 || writes >= n; n++) {
            FaultyDisk disk = new FaultyDisk(n, Fault.LOSES);
            Files.write(file, before);
            try {
                ModelFile.standard().save(classifier, file, NOTES, disk);
                assertThat(Files.readAllBytes(file)).isEqualTo(after);
            } catch (BadInputException e) {
                failures++;
                assertThat(e).hasMessageContaining("what was read back differs from what was written");
                assertThat(Files.readAllBytes(file)).isEqualTo(before);
            }
            writes = disk.count;
        }
        // All but the creation, the flush and the move, which lose nothing.
        assertThat(failures).isEqualTo(writes - 3).isGreaterThan(5);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> "" + path.getFileName()).sorted().collect(Collectors.toList());
        }
    }

    @Test
    void anyOtherFailure() throws Exception {
        Files.writeString(file, "precious");
        assertThatThrownBy(() -> AtomicFile.write(file, out -> {
                    out.write(new byte[1_000_000]);
                    throw new IllegalStateException("anything");
                }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(file).hasContent("precious");
        assertThat(names()).containsExactly("model.zip");
    }

    /** A link of the name that versions before wrote beside: its target is not ours. */
    @Test
    void linksAreNotFollowed() throws Exception {
        Path precious = Files.writeString(folder.resolve("precious"), "precious");
        Files.createSymbolicLink(folder.resolve("model.zip.part"), precious);
        Files.createSymbolicLink(folder.resolve(".model.zip.0123456789abcdef.part"), precious);
        classifier.save(file);
        assertThat(precious).hasContent("precious");
        assertThat(ImageClassifier.load(file).modelName()).isEqualTo("tiny");
        assertThat(names())
                .containsExactly(".model.zip.0123456789abcdef.part", "model.zip", "model.zip.part", "precious");
        Path taken = folder.resolve("taken");
        Files.createSymbolicLink(taken, folder.resolve("nowhere"));
        assertThatThrownBy(() -> Storage.DISK.create(taken)).isInstanceOf(IOException.class);
        assertThat(folder.resolve("nowhere")).doesNotExist();
        // Where the model itself is a link, the link is replaced and its target stays.
        Path link = folder.resolve("link.zip");
        Files.createSymbolicLink(link, precious);
        classifier.save(link);
        assertThat(precious).hasContent("precious");
        assertThat(Files.isRegularFile(link, LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void leftoversOfKilledProgramsGo() throws Exception {
        Files.write(folder.resolve(".model.zip.0123456789abcdef.part"), new byte[1000]);
        Files.write(folder.resolve(".other.zip.0123456789abcdef.part"), new byte[1000]);
        Files.write(folder.resolve(".model.zip.mine.part"), new byte[1000]);
        classifier.save(file);
        assertThat(names())
                .as("those of this file alone")
                .containsExactly(".model.zip.mine.part", ".other.zip.0123456789abcdef.part", "model.zip");
    }

    /** Another program's file beside, which it still writes: it holds the lock. */
    @Test
    void filesInUseStay() throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        assumeThat(java).as("this Java can start another").isExecutable();
        Path source = Files.writeString(
                folder.resolve("Hold.java"),
                "public class Hold { public static void main(String[] a) throws Exception {"
                        + " java.nio.channels.FileChannel c = java.nio.channels.FileChannel.open("
                        + "java.nio.file.Path.of(a[0]), java.nio.file.StandardOpenOption.CREATE_NEW,"
                        + " java.nio.file.StandardOpenOption.WRITE);"
                        + " c.lock(); System.out.println(\"held\"); System.in.read(); } }");
        Path held = folder.resolve(".model.zip.00000000000000aa.part");
        Process other = new ProcessBuilder("" + java, "" + source, "" + held).start();
        try {
            assertThat(other.inputReader().readLine()).isEqualTo("held");
            classifier.save(file);
            assertThat(held).exists();
        } finally {
            other.destroyForcibly().waitFor();
        }
        classifier.save(file);
        assertThat(held).doesNotExist();
    }

    /** Threads of one program that save the same file: each file seen is whole, and nothing is left. */
    @Test
    void manyThreads() throws Exception {
        List<Thread> threads = Stream.generate(() -> new Thread(() -> {
                    for (int i = 0; i < 10; i++) {
                        AtomicFile.write(file, out -> out.write(new byte[300_000]));
                    }
                }))
                .limit(4)
                .collect(Collectors.toList());
        int[] failed = new int[1];
        threads.forEach(thread -> thread.setUncaughtExceptionHandler((t, e) -> failed[0]++));
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failed[0]).isZero();
        assertThat(Files.size(file)).isEqualTo(300_000);
        assertThat(names()).containsExactly("model.zip");
    }
}
