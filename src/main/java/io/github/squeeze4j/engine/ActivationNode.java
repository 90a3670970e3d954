package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Function;

/** A function of each number. */
final class ActivationNode extends Node {
    private final Function function;

    ActivationNode(String name, int vertex, int input, Function function) {
        super(name, vertex, input);
        this.function = function;
    }

    @Override
    void forward(Emission emission) {
        boolean identity = function == Function.IDENTITY;
        emission.defineRectified(vertex, function == Function.RELU || identity && emission.isRectified(inputs[0]));
        Pending before = emission.absorbable(inputs[0]);
        boolean keepsSource = emission.training() && function.needsSource();
        if (before != null && !keepsSource && before.takesFunction(function)) {
            before.function = function;
            emission.defer(vertex, before);
        } else if (identity) {
            emission.alias(vertex, inputs[0]);
        } else {
            int from = emission.place(inputs[0]);
            // what is read elsewhere, or needed by backward, stays
            int to = emission.mayOverwrite(inputs[0]) ? from : emission.program.temporary(emission.program.kind(from));
            emission.steps.apply(emission.kept(function), from, to);
            emission.define(vertex, to);
        }
    }

    @Override
    void backward(Emission emission) {
        Pending pass = emission.pending(vertex);
        int gradient = emission.gradient(vertex);
        boolean done = function == Function.IDENTITY || pass != null && pass.ownsFunctionGradient();
        if (!done) {
            int known = emission.place(function.needsSource() ? inputs[0] : vertex);
            gradient = emission.functionGradient(function, vertex, known, gradient);
        }
        emission.contribute(inputs[0], gradient);
    }
}
