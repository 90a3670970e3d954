package io.github.squeeze4j.engine;

import org.nd4j.linalg.api.ndarray.INDArray;

/** The part of a network that a program stands in for. */
interface Region {
    /** Puts DL4J's own layers back. */
    void remove();

    /** Why DL4J ran the last pass, or null. */
    String refusal();

    /** The network's outputs at inference, in no workspace; null if the program refuses. */
    INDArray[] output(INDArray... inputs);
}
