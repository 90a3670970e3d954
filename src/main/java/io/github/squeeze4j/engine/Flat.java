package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Layout;
import org.bytedeco.dnnl.dnnl_memory_desc_t;

/** Maps [N, C, H, W] taken for [1, N * C, H, W], channels rounded up to whole blocks of their layout. */
final class Flat {
    /** How the map itself is described. */
    final dnnl_memory_desc_t kind;

    private final Emission emission;
    private final int block;
    private final long[] shape;
    private final long[] flatShape;

    Flat(Emission emission, int vertex) {
        this.emission = emission;
        shape = emission.shape(vertex);
        dnnl_memory_desc_t own = emission.program.kind(emission.place(vertex));
        int found = Layout.block(own);
        boolean asIs = found > 1
                && emission.steps.multiplies(
                        Layout.blocked(flat(found, shape[2], shape[3]), found),
                        Layout.blocked(flat(found, 1, 1), found));
        block = asIs ? found : 1;
        kind = asIs || found == 1 ? own : Layout.dense(shape);
        flatShape = flat(block, shape[2], shape[3]);
    }

    private long[] flat(int block, long height, long width) {
        long padded = (shape[1] + block - 1) / block * block;
        return new long[] {1, shape[0] * padded, height, width};
    }

    long channels() {
        return flatShape[1];
    }

    /** A map of the same shape, in this layout. */
    int map(int place) {
        return emission.program.as(place, kind);
    }

    /** The same memory, flat. */
    int flat(int map) {
        return emission.program.view(map, Layout.blocked(flatShape, block));
    }

    /** One number for each flat channel. */
    dnnl_memory_desc_t vectorKind() {
        return Layout.dense(channels());
    }

    int vector() {
        return emission.program.temporary(vectorKind());
    }

    /** The same memory as [N, C, 1, 1]. */
    dnnl_memory_desc_t pixelKind() {
        return Layout.blocked(new long[] {shape[0], shape[1], 1, 1}, block);
    }

    /** [N, C] of [N, C, 1, 1] in this layout. */
    int matrix(int pixels) {
        dnnl_memory_desc_t matrix = Layout.dense(shape[0], shape[1]);
        int dense = whole() ? pixels : emission.program.as(pixels, Layout.dense(shape[0], shape[1], 1, 1));
        return emission.program.view(dense, matrix);
    }

    /** [1, N * C, 1, 1] of [N, C]. */
    int pixels(int matrix) {
        int pixels = emission.program.view(matrix, Layout.dense(shape[0], shape[1], 1, 1));
        if (!whole()) {
            pixels = emission.program.as(pixels, pixelKind());
        }
        return emission.program.view(pixels, Layout.blocked(new long[] {1, channels(), 1, 1}, block));
    }

    /** Without padding, [N, C] lies in memory as [N, C, 1, 1] in blocks does. */
    private boolean whole() {
        return shape[1] % block == 0;
    }
}
