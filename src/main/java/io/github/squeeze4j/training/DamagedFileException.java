package io.github.squeeze4j.training;

import java.io.IOException;

/** What is wrong within a file, in words that go on after the file's name. */
final class DamagedFileException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedFileException(String message) {
        super(message);
    }
}
