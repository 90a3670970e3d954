package io.github.squeeze4j.engine;

/** The part of a network that a program stands in for. */
interface Region {
    /** Puts DL4J's own layers back. */
    void remove();

    /** Why DL4J ran the last pass, or null. */
    String refusal();
}
