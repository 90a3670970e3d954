package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;

/** The bundled sample of Fashion-MNIST: in the checkout, or inside the program's jar. */
final class Sample {
    /** Seen from the root of the project. */
    private static final Path CHECKOUT = Path.of("src", "sample", "fashion-mnist");

    private static final String INSIDE = "sample/fashion-mnist";
    /** The jar as a file system, open until the program ends. */
    private static FileSystem jar;

    private Sample() {}

    static Path folder() {
        return Files.isDirectory(CHECKOUT) ? CHECKOUT : inside(Sample.class.getClassLoader());
    }

    static synchronized Path inside(ClassLoader loader) {
        URL found = loader.getResource(INSIDE + "/classes.txt");
        if (found == null) {
            throw new BadInputException("bundled sample (" + CHECKOUT
                    + ") must lie under the current folder; run from the root of the project or give --data DIR");
        }
        try {
            if (jar == null) {
                URLConnection connection = found.openConnection();
                URI file = ((JarURLConnection) connection).getJarFileURL().toURI();
                jar = FileSystems.newFileSystem(Path.of(file), (ClassLoader) null);
            }
            return jar.getPath(INSIDE);
        } catch (IOException | URISyntaxException e) {
            throw new BadInputException(
                    "bundled sample (" + found + ") must be readable (" + e + "); get the jar again", e);
        }
    }
}
