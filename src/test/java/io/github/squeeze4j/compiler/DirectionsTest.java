package io.github.squeeze4j.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which package may name which: the picture at the head of docs/architecture.md, as far as the compiler goes. */
@Tag("tiny")
class DirectionsTest {
    private static final Path SOURCES = Paths.get("src/main/java");
    private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern OURS = Pattern.compile("\\bio\\.github\\.squeeze4j\\.([a-z]+(?:\\.[a-z]+)*)\\.[A-Z]");

    private static Set<String> namedBy(String folder) {
        try (Stream<Path> files =
                Files.walk(SOURCES.resolve("io/github/squeeze4j").resolve(folder))) {
            List<Path> sources =
                    files.filter(file -> file.toString().endsWith(".java")).collect(Collectors.toList());
            assertThat(sources).as(folder).isNotEmpty();
            Set<String> named = new TreeSet<>();
            for (Path source : sources) {
                Matcher ours =
                        OURS.matcher(COMMENT.matcher(Files.readString(source)).replaceAll(""));
                while (ours.find()) {
                    named.add(ours.group(1));
                }
            }
            named.remove(folder.replace('/', '.'));
            return named;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theRepresentationNamesNothingOfOurs() {
        assertThat(namedBy("compiler/ir")).isEmpty();
    }

    @Test
    void passesNameTheRepresentationAlone() {
        assertThat(namedBy("compiler/passes")).containsExactly("compiler.ir");
    }

    @Test
    void gradientsNameTheRepresentationAlone() {
        assertThat(namedBy("compiler/gradients")).containsExactly("compiler.ir");
    }

    @Test
    void codeNamesTheRepresentationAndOneDnn() {
        assertThat(namedBy("compiler/codegen")).containsExactly("compiler.ir", "onednn");
    }

    @Test
    void blocksNameTheCompilerAndNotTheEngine() {
        assertThat(namedBy("blocks"))
                .containsExactly("compiler.codegen", "compiler.gradients", "compiler.ir", "internal", "onednn");
    }

    @Test
    void oneDnnNamesNoCompiler() {
        assertThat(namedBy("onednn")).doesNotContain("compiler.ir", "compiler.passes", "compiler.codegen", "blocks");
    }
}
