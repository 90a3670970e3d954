package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Listing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lines for photographs in docs/getting-started.md are compiled and run as they stand there, but for the folders. */
class GettingStartedTest {
    private static final Path PAGE = Path.of("docs", "getting-started.md");

    @TempDir
    private Path folder;

    private String page() throws Exception {
        String text = Files.readString(PAGE);
        return text.substring(text.indexOf("## Your own photographs"));
    }

    @Test
    void theProgram() throws Exception {
        PhotographFolder.of(folder.resolve("photos"), 10, "red", "green");
        String printed = Listing.run(
                Listing.of(page(), "GettingStartedTest"),
                folder,
                "io.github.squeeze4j.images.*",
                "io.github.squeeze4j.models.*",
                "io.github.squeeze4j.training.*",
                "java.nio.file.Path",
                "org.deeplearning4j.nn.graph.ComputationGraph");
        assertThat(printed).matches("(red|green) [\\d.]+ %");
    }

    @Test
    void theCommands() throws Exception {
        PhotographFolder.of(folder.resolve("photos"), 10, "red", "green");
        PhotographFolder.of(folder, 2, "new-pictures");
        List<String> commands = page().lines()
                .filter(line -> line.matches(" {4}(train|evaluate|predict) .*"))
                .limit(3)
                .map(line -> line.replaceAll(" +#.*", "").strip())
                .toList();
        assertThat(commands).hasSize(3);
        for (String command : commands) {
            String[] args = command.split(" +");
            for (int i = 1; i < args.length; i++) {
                args[i] = args[i].matches("photos|run.*|mistakes.png|new-pictures")
                        ? folder.resolve(args[i]).toString()
                        : args[i];
            }
            if (args[0].equals("train")) {
                args = java.util.stream.Stream.concat(
                                java.util.Arrays.stream(args), java.util.stream.Stream.of("--epochs=1", "--size=16"))
                        .toArray(String[]::new);
            }
            Run.of(args).ok();
        }
        assertThat(folder.resolve("mistakes.png")).exists();
    }
}
