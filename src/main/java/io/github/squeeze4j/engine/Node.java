package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.gradient.Gradient;

/** One vertex of a network, as steps of a program. It holds options and no state: programs of several sizes share it. */
abstract class Node {
    final String name;
    /** Its number in the network, which is its result's too. */
    final int vertex;
    /** The vertices whose results it takes. */
    final int[] inputs;

    Node(String name, int vertex, int... inputs) {
        this.name = name;
        this.vertex = vertex;
        this.inputs = inputs;
    }

    /** Whether training changes parameters of it. */
    boolean learns() {
        return false;
    }

    /** Whether DL4J computes it in programs of this mode. */
    boolean isForeign(Mode mode) {
        return false;
    }

    /** Why it does not run on oneDNN in every mode, or null. */
    String whyNotNative() {
        return null;
    }

    /** Adds the forward steps and defines the vertex's result. */
    abstract void forward(Emission emission);

    /** Adds the backward steps; the gradient of the result is there. */
    abstract void backward(Emission emission);

    /** The pass is given up, and DL4J runs it again: what the vertex keeps of it is forgotten. */
    void abandon() {}

    /** The gradients that the vertex gives to DL4J: views, whose numbers come later. */
    Gradient gradient() {
        return null;
    }
}
