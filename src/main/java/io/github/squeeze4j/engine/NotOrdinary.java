package io.github.squeeze4j.engine;

/** DL4J must run this pass, for what its numbers are; another of the same size may be the engine's. */
final class NotOrdinary extends Unsupported {
    private static final long serialVersionUID = 1L;

    NotOrdinary(String where) {
        super("there were numbers " + where + " that are infinite, not numbers or above 1e15");
    }
}
