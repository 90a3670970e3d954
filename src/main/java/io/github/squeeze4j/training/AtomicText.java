package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Small files written as a whole or not at all. */
public final class AtomicText {
    private AtomicText() {}

    /**
     * Writes a text.
     *
     * @param file which is replaced; missing folders are made
     * @param text its content, as UTF-8
     * @throws BadInputException if it cannot be written; an old file is then as it was
     */
    public static void write(Path file, String text) {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Writes bytes.
     *
     * @param file which is replaced; missing folders are made
     * @param content its content
     * @throws BadInputException if it cannot be written; an old file is then as it was
     */
    public static void write(Path file, byte[] content) {
        AtomicFile.write(file, out -> out.write(content));
    }
}
