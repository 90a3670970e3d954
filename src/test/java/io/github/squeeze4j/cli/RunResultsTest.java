package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.training.IdxFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run replaces the one before as a whole or not at all. */
class RunResultsTest {
    @TempDir
    private Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> "" + path.getFileName()).sorted().toList();
        }
    }

    private void old() throws IOException {
        for (String name : List.of("model.zip", "curves.png", "mine.txt")) {
            Files.writeString(folder.resolve(name), "old");
        }
    }

    @Test
    void replacedWhenDone() throws Exception {
        old();
        try (RunResults results = RunResults.beside(folder)) {
            Files.writeString(results.file("model.zip"), "new");
            assertThat(folder.resolve("model.zip")).hasContent("old");
            Files.writeString(results.file("curves.png"), "new");
            results.done();
        }
        assertThat(folder.resolve("model.zip")).hasContent("new");
        assertThat(folder.resolve("curves.png")).hasContent("new");
        assertThat(folder.resolve("mine.txt")).hasContent("old");
        assertThat(names()).containsExactly("curves.png", "mine.txt", "model.zip");
    }

    @Test
    void notReplacedWhenItFails() throws Exception {
        old();
        try (RunResults results = RunResults.beside(folder)) {
            Files.writeString(results.file("model.zip"), "new");
        }
        assertThat(folder.resolve("model.zip")).hasContent("old");
        assertThat(names()).containsExactly("curves.png", "mine.txt", "model.zip");
    }

    /** What programs leave that were killed before and after the results were decided. */
    @Test
    void tidiesAfterKilledRuns() throws Exception {
        old();
        Path undecided = Files.createDirectory(folder.resolve(".run-0123456789abcdef.part"));
        Files.writeString(undecided.resolve("model.zip"), "undecided");
        Files.writeString(folder.resolve(".run-0123456789abcdef.lock"), "");
        Files.writeString(folder.resolve(".run-00000000000000aa.lock"), "");
        Path decided = Files.createDirectory(folder.resolve(".run-00000000000000bb.done"));
        Files.writeString(decided.resolve("curves.png"), "new");
        Files.writeString(decided.resolve(".curves.png.0123456789abcdef.part"), "half");
        Files.writeString(folder.resolve(".run-00000000000000bb.lock"), "");
        try (RunResults other = RunResults.beside(folder)) {
            Files.writeString(other.file("model.zip"), "other");
            RunResults.tidy(folder, true);
            assertThat(other.file("model.zip")).as("a run that goes on").hasContent("other");
            assertThat(names()).hasSize(5);
        }
        assertThat(names()).containsExactly("curves.png", "mine.txt", "model.zip");
        assertThat(folder.resolve("model.zip")).hasContent("old");
        assertThat(folder.resolve("curves.png")).hasContent("new");
    }

    /** A run with checkpoints that was to replace old results waits to be resumed, and then takes their place as a whole. */
    @Test
    void resumable() throws Exception {
        old();
        Files.writeString(Files.createDirectory(folder.resolve("checkpoints")).resolve("a.zip"), "old");
        try (RunResults results = RunResults.beside(folder)) {
            Files.writeString(results.file("model.zip"), "new");
            Files.writeString(Files.createDirectory(results.file("checkpoints")).resolve("b.zip"), "new");
            assertThat(RunResults.resumable(folder)).as("while it runs").isEqualTo(folder);
        }
        assertThat(folder.resolve("model.zip")).hasContent("old");
        RunResults.tidy(folder, false);
        assertThat(RunResults.resumable(folder).resolve("checkpoints/b.zip")).hasContent("new");
        try (RunResults results = RunResults.resumed(folder)) {
            assertThat(results.file("model.zip")).hasContent("new");
            assertThat(results.result("model.zip")).hasContent("old");
            results.done();
        }
        assertThat(names()).containsExactly("checkpoints", "curves.png", "mine.txt", "model.zip");
        assertThat(folder.resolve("model.zip")).hasContent("new");
        assertThat(Files.list(folder.resolve("checkpoints"))).containsExactly(folder.resolve("checkpoints/b.zip"));
        try (RunResults results = RunResults.beside(folder)) {
            Files.writeString(Files.createDirectory(results.file("checkpoints")).resolve("c.zip"), "third");
        }
        RunResults.tidy(folder, true);
        assertThat(names())
                .as("another run replaces")
                .containsExactly("checkpoints", "curves.png", "mine.txt", "model.zip");
    }

    @Test
    void overwritingCommands() throws Exception {
        Path data = IdxFolder.cut(folder.resolve("data"), 20, 10);
        Path out = Files.createDirectory(folder.resolve("out"));
        for (String name : List.of("model.zip", "curves.png", "history.csv", "mine.txt")) {
            Files.writeString(out.resolve(name), "old");
        }
        String[] train = {
            "train", "--model", "resnet20", "--data", "" + data, "--epochs", "1", "--out", "" + out, "--overwrite"
        };
        // A loss that is no number ends the run after it began.
        String[] fails = Stream.concat(Stream.of(train), Stream.of("--learning-rate", "1e30", "--batch", "5"))
                .toArray(String[]::new);
        Run.of(fails).complains("must be finite; use a smaller learning rate");
        for (String name : List.of("model.zip", "curves.png", "history.csv", "mine.txt")) {
            assertThat(out.resolve(name)).hasContent("old");
        }
        assertThat(Files.list(out)).hasSize(4);
        Run.of(train).ok();
        Run.of("verify", "" + out.resolve("model.zip")).ok();
        assertThat(Files.readAllLines(out.resolve("history.csv"))).hasSize(2);
        assertThat(out.resolve("mine.txt")).hasContent("old");
        assertThat(Files.list(out)).hasSize(8);
    }
}
