package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Pooling;
import io.github.squeeze4j.onednn.Steps;

/** Maxima or means of windows. */
final class PoolingNode extends Node {
    private final Pooling.Kind kind;
    private final Geometry geometry;

    PoolingNode(String name, int vertex, int input, Pooling.Kind kind, Geometry geometry) {
        super(name, vertex, input);
        this.kind = kind;
        this.geometry = geometry;
    }

    @Override
    void forward(Emission emission) {
        long[] in = emission.shape(inputs[0]);
        long[] out = emission.shape(vertex);
        Steps.Pooled pooled = emission.steps.pooling(
                kind, geometry.window(in, out), emission.place(inputs[0]), out, emission.training());
        emission.define(vertex, pooled.output);
        emission.defineRectified(vertex, emission.isRectified(inputs[0]));
        emission.remember(this, pooled);
    }

    @Override
    void backward(Emission emission) {
        if (emission.wantsGradient(inputs[0])) {
            Steps.Pooled pooled = emission.recall(this);
            emission.contribute(inputs[0], emission.steps.poolingSource(pooled, emission.gradient(vertex)));
        }
    }
}
