package io.github.squeeze4j;

import static io.github.squeeze4j.NamedPackages.SOURCES;
import static io.github.squeeze4j.NamedPackages.namedBy;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Site;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a user sees of networks, and what is named internal and stays inside: docs/architecture.md. */
@Tag("tiny")
class RoomsTest {
    private static final List<String> INTERNAL =
            List.of("models.internal.graph", "models.internal.retrofit", "models.internal.summary");

    private static List<String> packages() throws IOException {
        try (Stream<Path> folders = Files.walk(SOURCES)) {
            return folders.filter(RoomsTest::hasSources)
                    .map(folder -> SOURCES.relativize(folder).toString().replace('\\', '/'))
                    .filter(folder -> !folder.isEmpty())
                    .collect(Collectors.toList());
        }
    }

    private static boolean hasSources(Path folder) {
        String[] files = folder.toFile().list((parent, name) -> name.endsWith(".java"));
        return files != null && files.length > 0;
    }

    /** But for the packages between which it stands. */
    @Test
    void whatIsInternalIsNamedByItsOwnOnly() throws IOException {
        Set<String> internal = new TreeSet<>();
        for (String folder : packages()) {
            String name = folder.replace('/', '.');
            if (name.endsWith(".internal") || name.contains(".internal.")) {
                internal.add(name);
            }
            String around = name.replaceFirst("\\..*", "");
            for (String named : namedBy(folder)) {
                if (named.contains(".internal")) {
                    assertThat(named).as("named by " + folder).startsWith(around + ".");
                }
            }
        }
        assertThat(internal).containsExactlyElementsOf(INTERNAL);
    }

    @Test
    void familiesAreWrittenWithBlocksAndLayersOnly() {
        assertThat(namedBy("models/families"))
                .containsExactly("blocks", "internal", "layers", "models", "models.internal.graph");
    }

    @Test
    void theRegistryKnowsNoFamily() {
        assertThat(namedBy("models")).contains("models.internal.graph").doesNotContain("models.families");
    }

    @Test
    void roomsBelowKnowNoNetwork() {
        assertThat(namedBy("models/internal/graph")).containsExactly("blocks", "engine", "layers");
        assertThat(namedBy("models/internal/retrofit")).containsExactly("internal");
        assertThat(namedBy("models/internal/summary")).containsExactly("blocks", "layers");
    }

    @Test
    void networksKnowNoPicturesAndNoTraining() {
        for (String folder : List.of("models", "models/families", "models/internal/graph")) {
            assertThat(namedBy(folder)).as(folder).doesNotContain("images", "training", "explain", "cli");
        }
        assertThat(namedBy("weights")).doesNotContain("models", "models.families", "training", "images");
        assertThat(namedBy("training")).doesNotContain("explain", "cli");
    }

    @Test
    void usersSeeWhatTheyType() throws IOException {
        assertThat(publicTypes("models"))
                .containsExactly(
                        "Attention",
                        "Family",
                        "FeatureMap",
                        "ModelSummary",
                        "Models",
                        "Network",
                        "NetworkBuilder",
                        "Retrofit",
                        "RetrofitInsertion",
                        "RetrofitResult",
                        "RetrofitVertex",
                        "Site");
    }

    /** The page of the blocks names each that a name stands for. */
    @Test
    void thePageOfBlocksHasAll() throws IOException {
        String page = Files.readString(SOURCES.resolve("blocks/package-info.java"));
        for (String name : Attention.names()) {
            Layer layer = Attention.named(name).at(new Site(32, 28, 28, 1, 1));
            if (layer != null) {
                assertThat(page).as(name).contains("blocks." + layer.getClass().getSimpleName() + "}");
            }
        }
    }

    private static List<String> publicTypes(String folder) throws IOException {
        try (Stream<Path> files = Files.list(SOURCES.resolve(folder))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java") && !name.equals("package-info.java"))
                    .map(name -> name.replace(".java", ""))
                    .filter(name -> isPublic(SOURCES.resolve(folder).resolve(name + ".java"), name))
                    .sorted()
                    .collect(Collectors.toList());
        }
    }

    private static boolean isPublic(Path source, String name) {
        try {
            return Files.readString(source)
                    .matches("(?s).*\\npublic (abstract |final )?(class|interface|enum) " + name + "\\b.*");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
