package io.github.squeeze4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The garbage collector frees no array that native code or a loop over raw memory works on. */
class ReachabilityTest {
    @Test
    void arraysAreHeldWhileOneDnnOrALoopWorksOnThem() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(Reachability.OPTIONS);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Reachability.class.getName()));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> expected = new ArrayList<>(Kernels.all(Kernels::integers).keySet());
        expected.addAll(List.of("Floats", "Doubles", "Integers INT", "Integers LONG"));
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(printed.lines())
                .containsExactlyElementsOf(expected.stream()
                        .map(name -> name + ": 0 lost while it ran, all afterwards")
                        .collect(Collectors.toList()));
    }

    /** What a Program and Numbers promise holds for all of the library only if nobody goes around them. */
    @Test
    void nobodyElseTakesAddresses() throws IOException {
        Map<String, String> sources = sources();
        assertThat(sources).hasSizeGreaterThan(100);
        // addresses, and JavaCPP's indexers and pointers, which are addresses
        assertUsedIn(sources, "\\.(address|pointer|addressPointer|platformAddress|indexer)\\(\\)", "Numbers");
        assertUsedIn(sources, "javacpp\\.indexer\\.(?!HalfIndexer)", "Numbers");
        assertUsedIn(sources, "HalfIndexer(?!\\.toFloat\\(|;)"); // which converts a number
        assertUsedIn(sources, "\\bNumbers\\.address\\(", "Program", "Scratch");
        // NetworkShape, Errors and Executors ask how much memory there may be, Layout copies descriptions
        assertUsedIn(
                sources,
                "Unsafe|\\bjavacpp\\.\\w*Pointer",
                "Context",
                "Errors",
                "Executors",
                "Handles",
                "Layout",
                "Numbers",
                "OpenCv",
                "Program",
                "NetworkShape");
        assertUsedIn(sources, "\\bPointer\\.(?=max(Physical)?Bytes\\()", "NetworkShape", "Errors", "Executors");
        // native memory of each thread, and what oneDNN makes
        assertUsedIn(sources, "\\bThreadLocal\\b", "Context");
        assertUsedIn(sources, "dnnl_\\w+_destroy\\(", "Handles");
    }

    @Test
    void whatOneDnnMakesIsOwned() throws IOException {
        Pattern made = Pattern.compile("(\\bown\\(\\s*\\w+(\\[i])?,\\s*)?\\bdnnl_(?!engine)\\w+_create\\(");
        int count = 0;
        for (Map.Entry<String, String> source : sources().entrySet()) {
            Matcher matcher = made.matcher(source.getValue());
            while (matcher.find()) {
                count++;
                assertThat(matcher.group(1))
                        .as("%s: %s", source.getKey(), matcher.group())
                        .isNotNull();
            }
        }
        assertThat(count).isGreaterThan(5);
    }

    private static void assertUsedIn(Map<String, String> sources, String pattern, String... names) {
        Pattern compiled = Pattern.compile(pattern);
        assertThat(sources.entrySet().stream()
                        .filter(source -> compiled.matcher(source.getValue()).find())
                        .map(Map.Entry::getKey))
                .as(pattern)
                .containsOnly(names);
    }

    /** By class, without imports of static names. */
    private static Map<String, String> sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.endsWith("package-info.java"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString().replace(".java", ""),
                            ReachabilityTest::text,
                            (one, other) -> one + other));
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
