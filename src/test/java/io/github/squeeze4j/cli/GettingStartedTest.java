package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
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
        Matcher code = Pattern.compile("<!-- run by GettingStartedTest -->\n```java\n(.*?)```", Pattern.DOTALL)
                .matcher(page());
        assertThat(code.find()).isTrue();
        String lines = code.group(1).replace("Path.of(\"", "Path.of(\"" + folder + "\", \"");
        Path source = Files.writeString(
                folder.resolve("Photographs.java"),
                "import io.github.squeeze4j.images.*;\nimport io.github.squeeze4j.models.*;\n"
                        + "import io.github.squeeze4j.training.*;\nimport java.nio.file.Path;\n"
                        + "import org.deeplearning4j.nn.graph.ComputationGraph;\n"
                        + "public class Photographs { public static void run() {\n" + lines + "}}\n");
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        int code2 = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        complaints,
                        "-proc:none",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        folder.toString(),
                        source.toString());
        assertThat(code2).as(complaints.toString()).isZero();
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Method run = loader.loadClass("Photographs").getMethod("run");
            System.setOut(new PrintStream(printed, true));
            run.invoke(null);
        } finally {
            System.setOut(before);
        }
        assertThat(printed.toString().strip()).matches("(red|green) [\\d.]+ %");
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
