package io.github.squeeze4j.engine;

/** Maps, or rows, one behind the other along the channels. */
final class ConcatenationNode extends Node {
    private final int axis;

    /** @param axis DL4J's: 1, or 3 for maps with channels last */
    ConcatenationNode(String name, int vertex, int axis, int... inputs) {
        super(name, vertex, inputs);
        this.axis = axis;
    }

    @Override
    void forward(Emission emission) {
        int channels = emission.isMap(vertex) && emission.channelsLast() ? 3 : 1;
        if (axis != channels) {
            throw new Unsupported("vertex " + name + " concatenates along axis " + axis);
        }
        int[] parts = new int[inputs.length];
        boolean rectified = true;
        for (int i = 0; i < parts.length; i++) {
            parts[i] = emission.place(inputs[i]);
            rectified &= emission.isRectified(inputs[i]);
        }
        emission.defineRectified(vertex, rectified);
        emission.define(vertex, emission.steps.concatenation(parts));
    }

    @Override
    void backward(Emission emission) {
        // so that slices are whole blocks
        int gradient = emission.program.as(emission.gradient(vertex), emission.program.kind(emission.place(vertex)));
        long at = 0;
        for (int input : inputs) {
            if (emission.wantsGradient(input)) {
                emission.contribute(input, emission.steps.part(gradient, at, emission.place(input)));
            }
            at += emission.shape(input)[1];
        }
    }
}
