package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.training.IdxFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings in a Java of their own that has too little memory: one line, exit code 2, and no crash dump. */
@Tag("heavy")
class OutOfMemoryTest {
    @TempDir
    private Path folder;

    private void complains(int batch, List<String> options, String... parts) throws Exception {
        Path data = IdxFolder.cut(folder.resolve("data"), 600, 20);
        Path current = Files.createDirectory(folder.resolve("current"));
        Path err = folder.resolve("err.txt");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of(
                "-cp",
                absolute(System.getProperty("java.class.path")),
                Main.class.getName(),
                "train",
                "--model",
                "se_resnet20",
                "--preset",
                "rgsenet",
                "--size",
                "128",
                "--batch",
                "" + batch,
                "--epochs",
                "1",
                "--data",
                data.toString(),
                "--out",
                folder.resolve("out").toString()));
        Process child = new ProcessBuilder(command)
                .directory(current.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(err.toFile())
                .start();
        try {
            assertThat(child.waitFor(240, TimeUnit.SECONDS)).as("it ends").isTrue();
        } finally {
            child.destroyForcibly();
        }
        List<String> lines = Files.readAllLines(err);
        assertThat(lines).as("standard error").hasSize(1);
        assertThat(lines.get(0)).startsWith("squeeze4j: memory ").contains(parts);
        assertThat(child.exitValue()).isEqualTo(2);
        try (Stream<Path> left = Files.list(current)) {
            assertThat(left).as("crash dumps").isEmpty();
        }
    }

    private static String absolute(String classPath) {
        return Stream.of(classPath.split(java.io.File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(java.util.stream.Collectors.joining(java.io.File.pathSeparator));
    }

    @Test
    void heap() throws Exception {
        complains(
                512,
                List.of("-Xmx64m"),
                "memory of the heap must hold network and images, but does not (Java heap space)",
                "try --batch 256 --accumulate 2 instead of --batch 512, or give more with -Xmx");
    }

    @Test
    void outsideTheHeap() throws Exception {
        complains(
                64,
                List.of(
                        "-Xmx256m",
                        "-D" + NativeBuild.MAX_BYTES + "=300m",
                        "-D" + NativeBuild.MAX_PHYSICAL_BYTES + "=600m"),
                "memory outside the heap must hold network and images, but does not (",
                "try --batch 32 --accumulate 2 instead of --batch 64",
                "-D" + NativeBuild.MAX_BYTES,
                "(now 300 and 600 MiB)");
    }
}
