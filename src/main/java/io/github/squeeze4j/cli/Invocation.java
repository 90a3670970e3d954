package io.github.squeeze4j.cli;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
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
        return isFile(classPath, source)
                // The quotes that every shell knows.
                ? "java -jar " + (classPath.contains(" ") ? '"' + classPath + '"' : classPath) + " " + command
                : MAVEN + " -Dexec.args=\"" + command + "\"";
    }

    /** However it is written. A path of several files may be no path at all to Windows; to File it is one that does not exist. */
    private static boolean isFile(String classPath, Path source) {
        File file = new File(classPath);
        try {
            return source != null && file.isFile() && Files.isSameFile(file.toPath(), source);
        } catch (IOException gone) {
            return false;
        }
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
