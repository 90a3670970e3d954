package io.github.squeeze4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.models.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The committed tables are what the generator writes now; run it again where they are not. */
class NetworkTablesTest {
    private static final Path ROOT = Path.of("");

    @Test
    void networksAreThoseCountedNow() throws IOException {
        // Other tests may register networks of their own.
        String now = NetworkTables.networks()
                .lines()
                .filter(line -> !line.startsWith("| `my_"))
                .map(line -> line + "\n")
                .reduce("", String::concat);
        assertThat(now).isEqualTo(committed("networks.md"));
        assertThat(Models.names()).allMatch(name -> name.startsWith("my_") || now.contains("| `" + name + "` |"));
    }

    @Test
    void publishedFiguresStandBesideTheCountsOfNow() throws IOException {
        assertThat(NetworkTables.published(ROOT)).isEqualTo(committed("published.md"));
    }

    private static String committed(String name) throws IOException {
        return Files.readString(ROOT.resolve("docs").resolve(name)).replace("\r\n", "\n");
    }
}
