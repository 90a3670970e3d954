package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Pooling;
import io.github.squeeze4j.onednn.Steps;

/** Maxima or means of whole maps: [N, C] of [N, C, H, W]. */
final class GlobalPoolingNode extends Node {
    private final Pooling.Kind kind;

    GlobalPoolingNode(String name, int vertex, int input, Pooling.Kind kind) {
        super(name, vertex, input);
        this.kind = kind;
    }

    @Override
    void forward(Emission emission) {
        long[] in = emission.shape(inputs[0]);
        long[] out = {in[0], in[1], 1, 1};
        Steps.Pooled pooled =
                emission.steps.pooling(kind, Geometry.whole(in), emission.place(inputs[0]), out, emission.training());
        int dense = emission.program.as(pooled.output, Layout.dense(out));
        emission.define(vertex, emission.program.view(dense, Layout.dense(in[0], in[1])));
        emission.defineRectified(vertex, emission.isRectified(inputs[0]));
        emission.remember(this, pooled);
    }

    @Override
    void backward(Emission emission) {
        if (emission.wantsGradient(inputs[0])) {
            long[] in = emission.shape(inputs[0]);
            int gradient = emission.program.as(emission.gradient(vertex), Layout.dense(in[0], in[1]));
            int map = emission.program.view(gradient, Layout.dense(in[0], in[1], 1, 1));
            Steps.Pooled pooled = emission.recall(this);
            emission.contribute(inputs[0], emission.steps.poolingSource(pooled, map));
        }
    }
}
