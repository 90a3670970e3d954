package io.github.squeeze4j.engine;

import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The part of a network that programs stand in for. */
interface Region {
    /** Puts DL4J's own layers back. */
    void remove();

    /** Why DL4J ran the last pass, or null. */
    String refusal();

    /** The network's outputs at inference, in no workspace; null if the program refuses. */
    INDArray[] output(INDArray... inputs);

    /** In how many passes DL4J computed the forward pass once more, for listeners. */
    int passesForListeners();

    /** The type of maps at inference. */
    DataType maps();

    /** Convolutions that are FLOAT though maps are not, as far as is known. */
    Set<String> single();

    /** By name, in the order of computation, why DL4J computes a layer or vertex; null for those that oneDNN computes. */
    Map<String, String> layers();
}
