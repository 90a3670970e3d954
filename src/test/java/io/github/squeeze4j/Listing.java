package io.github.squeeze4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;

/** Lines of Java on a page of docs/, compiled and run as they stand there, but for the folders. */
public final class Listing {
    private Listing() {}

    /**
     * The block of Java behind a comment.
     *
     * @param page its text
     * @param test the class that runs it, which the comment names: {@code <!-- run by CLASS -->}
     * @return the lines
     */
    public static String of(String page, String test) {
        Matcher code = Pattern.compile("<!-- run by " + test + " -->\n```java\n(.*?)```", Pattern.DOTALL)
                .matcher(page);
        assertThat(code.find()).isTrue();
        return code.group(1);
    }

    /**
     * Runs lines; paths in them are taken from a folder.
     *
     * @param lines statements
     * @param folder where the paths lead to, and the class goes
     * @param imports such as {@code java.nio.file.*}
     * @return what was printed
     * @throws Exception if they do not run
     */
    public static String run(String lines, Path folder, String... imports) throws Exception {
        StringBuilder text = new StringBuilder();
        for (String name : imports) {
            text.append("import ").append(name).append(";\n");
        }
        text.append("public class Lines { public static void run() throws Exception {\n")
                .append(lines.replace("Path.of(\"", "Path.of(\"" + folder + "\", \""))
                .append("}}\n");
        Path source = Files.writeString(folder.resolve("Lines.java"), text);
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        int code = ToolProvider.getSystemJavaCompiler()
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
        assertThat(code).as(complaints.toString()).isZero();
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Method run = loader.loadClass("Lines").getMethod("run");
            System.setOut(new PrintStream(printed, true));
            run.invoke(null);
        } finally {
            System.setOut(before);
        }
        return printed.toString().strip();
    }
}
