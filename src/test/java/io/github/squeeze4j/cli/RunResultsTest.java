package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.training.IdxFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
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

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** A training that was to replace old results waits to be resumed, and then takes their place as a whole. */
    @Test
    void resumable() throws Exception {
        old();
        write(folder.resolve("checkpoints/a.zip"), "old");
        try (RunResults results = RunResults.beside(folder)) {
            write(results.file("run.properties"), "new");
            write(results.file("model.zip"), "new");
            write(results.file("checkpoints/b.zip"), "new");
            assertThatThrownBy(() -> RunResults.resumed(folder))
                    .isInstanceOf(BadInputException.class)
                    .hasMessage("folder to resume (" + folder
                            + ") must not be in use by a run that goes on; wait until it ends");
        }
        assertThat(folder.resolve("model.zip")).hasContent("old");
        RunResults.tidy(folder, false);
        assertThat(RunResults.resumable(folder).resolve("checkpoints/b.zip")).hasContent("new");
        try (RunResults results = RunResults.resumed(folder)) {
            assertThat(results.file("model.zip")).hasContent("new");
            assertThat(results.result("model.zip")).hasContent("old");
            results.done();
        }
        assertThat(names()).containsExactly("checkpoints", "curves.png", "mine.txt", "model.zip", "run.properties");
        assertThat(folder.resolve("model.zip")).hasContent("new");
        assertThat(Files.list(folder.resolve("checkpoints"))).containsExactly(folder.resolve("checkpoints/b.zip"));
    }

    /** An interrupted training stays until another one is done, not until it starts. */
    @Test
    void interruptedStaysUntilReplaced() throws Exception {
        old();
        for (String run : List.of("first", "second")) {
            try (RunResults results = RunResults.beside(folder)) {
                write(results.file("run.properties"), run);
                write(results.file("checkpoints/c.zip"), run);
                // The clock of files may not tell the two apart.
                Files.setLastModifiedTime(
                        results.file("run.properties"), FileTime.fromMillis(run.equals("first") ? 1000 : 2000));
            }
            RunResults.tidy(folder, false);
        }
        assertThat(names()).hasSize(5);
        assertThat(RunResults.resumable(folder).resolve("run.properties")).hasContent("second");
        try (RunResults results = RunResults.beside(folder)) {
            write(results.file("model.zip"), "third");
            results.done();
        }
        assertThat(names()).containsExactly("curves.png", "mine.txt", "model.zip");
        assertThat(folder.resolve("model.zip")).hasContent("third");
    }

    private interface Step {
        void take(Path folder) throws IOException;
    }

    private static Step writes(String file) {
        return folder -> write(folder.resolve(file), "new");
    }

    private static Step makes(String made) {
        return folder -> Files.createDirectory(folder.resolve(made));
    }

    private static Step moves(String from, String to) {
        return folder -> Files.move(folder.resolve(from), folder.resolve(to), StandardCopyOption.REPLACE_EXISTING);
    }

    private static Step deletes(String file) {
        return folder -> Files.delete(folder.resolve(file));
    }

    private static final String RUN = ".run-0123456789abcdef.";
    /** What a training does that replaces another. */
    private static final List<Step> STEPS = List.of(
            writes(RUN + "lock"),
            makes(RUN + "part"),
            writes(RUN + "part/run.properties"),
            makes(RUN + "part/checkpoints"),
            writes(RUN + "part/checkpoints/b.zip"),
            writes(RUN + "part/model.zip"),
            moves(RUN + "part", RUN + "done"),
            moves(RUN + "done/run.properties", "run.properties"),
            deletes("checkpoints/a.zip"),
            deletes("checkpoints"),
            moves(RUN + "done/checkpoints", "checkpoints"),
            moves(RUN + "done/model.zip", "model.zip"),
            deletes(RUN + "done"),
            deletes(RUN + "lock"));

    private static final int CONFIGURED = 3;
    private static final int DECIDED = 7;

    private Path killedAfter(int steps, String name) throws IOException {
        Path killed = folder.resolve(name + steps);
        for (String file : List.of("run.properties", "model.zip", "checkpoints/a.zip")) {
            write(killed.resolve(file), "old");
        }
        for (Step step : STEPS.subList(0, steps)) {
            step.take(killed);
        }
        return killed;
    }

    private static void assertWhole(Path run, String text) throws IOException {
        assertThat(run.resolve("run.properties")).hasContent(text);
        assertThat(run.resolve("model.zip")).hasContent(text);
        try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoints"))) {
            assertThat(checkpoints)
                    .containsExactly(run.resolve(text.equals("old") ? "checkpoints/a.zip" : "checkpoints/b.zip"));
        }
    }

    /** Killed between any two steps: what is resumed is the old run whole or the new one, and so is what the next run finds. */
    @Test
    void killedBetweenAnyTwoSteps() throws Exception {
        for (int steps = 0; steps <= STEPS.size(); steps++) {
            Path tidied = killedAfter(steps, "tidied");
            RunResults.tidy(tidied, false);
            assertWhole(tidied, steps < DECIDED ? "old" : "new");

            Path killed = killedAfter(steps, "resumed");
            boolean begun = steps >= CONFIGURED;
            try (RunResults results = RunResults.resumed(killed)) {
                assertThat(results.replaces()).as("step %d", steps).isEqualTo(begun && steps < DECIDED);
                if (results.replaces()) {
                    assertWhole(killed, "old");
                    assertThat(results.file("run.properties")).hasContent("new");
                    assertThat(results.file("checkpoints/a.zip")).doesNotExist();
                    for (String file : List.of("model.zip", "checkpoints/b.zip")) {
                        write(results.file(file), "new");
                    }
                } else {
                    assertWhole(killed, begun ? "new" : "old");
                }
                results.done();
            }
            assertWhole(killed, begun ? "new" : "old");
            try (Stream<Path> files = Files.list(killed)) {
                assertThat(files.filter(file -> file.endsWith(RUN + "part") || file.endsWith(RUN + "done")))
                        .as("step %d", steps)
                        .hasSize(steps == 2 ? 1 : 0);
            }
        }
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

        // Another one, killed before its first checkpoint, starts again from its own options.
        String options = Files.readString(out.resolve("run.properties"));
        assertThat(options).contains("\nseed=42\n");
        write(out.resolve(RUN + "part/run.properties"), options.replace("\nseed=42\n", "\nseed=7\n"));
        Run.of("train", "--data", "" + data, "--model", "resnet20", "--out", "" + out)
                .complains("must not hold model.zip already");
        Run.of("train", "--resume", "" + out).ok();
        assertThat(Files.readString(out.resolve("run.properties"))).contains("\nseed=7\n");
        assertThat(Files.list(out)).hasSize(8);
    }
}
