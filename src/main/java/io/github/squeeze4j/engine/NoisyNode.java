package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.gradient.Gradient;

/** A layer with dropout or noise on its weights: in training DL4J computes it, at inference, where there is none, oneDNN does. */
final class NoisyNode extends Node {
    private final Node inference;
    private final VertexNode training;

    NoisyNode(Node inference, VertexNode training) {
        super(inference.name, inference.vertex, inference.inputs);
        this.inference = inference;
        this.training = training;
    }

    private Node node(Emission emission) {
        return emission.training() ? training : inference;
    }

    @Override
    boolean learns() {
        return training.learns();
    }

    @Override
    boolean isForeign(Mode mode) {
        return mode.trains();
    }

    @Override
    String whyNotNative() {
        return training.whyNotNative();
    }

    @Override
    void forward(Emission emission) {
        node(emission).forward(emission);
    }

    @Override
    void backward(Emission emission) {
        node(emission).backward(emission);
    }

    @Override
    Gradient gradient() {
        return training.gradient();
    }
}
