package io.github.squeeze4j.engine;

/** The engine cannot take this network, or maps of this size; DL4J's own way can. */
class Unsupported extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unsupported(String message) {
        super(message);
    }
}
