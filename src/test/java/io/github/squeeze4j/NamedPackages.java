package io.github.squeeze4j;

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

/** Which packages of ours the code of a package names, read from the sources. */
public final class NamedPackages {
    /** The sources of the library's root package. */
    public static final Path SOURCES = Paths.get("src/main/java/io/github/squeeze4j");

    private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern OURS = Pattern.compile("\\bio\\.github\\.squeeze4j\\.([a-z]+(?:\\.[a-z]+)*)\\.[A-Z]");

    private NamedPackages() {}

    /**
     * The packages that this one names, outside of comments.
     *
     * @param folder below the root package, such as compiler/ir; packages below it are others
     * @return names below the root package, such as compiler.ir, without the package itself
     */
    public static Set<String> namedBy(String folder) {
        try (Stream<Path> files = Files.list(SOURCES.resolve(folder))) {
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
}
