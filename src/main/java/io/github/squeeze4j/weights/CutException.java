package io.github.squeeze4j.weights;

/** The connection ended before the file; another attempt may bring more. */
final class CutException extends Exception {
    private static final long serialVersionUID = 1L;

    CutException(String message, Throwable cause) {
        super(message, cause);
    }
}
