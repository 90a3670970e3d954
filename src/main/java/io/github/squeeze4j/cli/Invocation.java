package io.github.squeeze4j.cli;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;

/** What a user types to have the command line run something: as it was started itself. */
final class Invocation {
    /** How the README starts the command line in the checkout. */
    static final String MAVEN = "mvn -q compile exec:java";

    private Invocation() {}

    /** The whole line for a command and its options. */
    static String of(String command) {
        return of(command, System.getProperty("java.class.path"), source());
    }

    /** With {@code java -jar} the class path is the jar, and this class comes from it. */
    static String of(String command, String classPath, Path source) {
        boolean jar = classPath.endsWith(".jar")
                && Path.of(classPath).toAbsolutePath().equals(source);
        return jar
                ? "java -jar " + (classPath.contains(" ") ? "'" + classPath + "'" : classPath) + " " + command
                : MAVEN + " -Dexec.args=\"" + command + "\"";
    }

    private static Path source() {
        CodeSource source = Invocation.class.getProtectionDomain().getCodeSource();
        try {
            return source == null ? null : Path.of(source.getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
