package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Steps;
import org.bytedeco.dnnl.dnnl_memory_desc_t;

/**
 * Maps [N, C, H, W] taken for other shapes of the same memory, in which one of oneDNN's fast passes does what is wanted. Channels
 * are rounded up to whole blocks of their layout.
 */
final class FlatMap {
    private final Program.Builder program;
    private final dnnl_memory_desc_t kind;
    private final int block;
    private final long[] shape;
    private final long[] flatShape;

    /**
     * Maps of one layout.
     *
     * @param program where they are
     * @param steps that program's
     * @param shape [N, C, H, W]
     * @param own how the first of them is described
     * @param together how many channels must be whole blocks; 0 where channels that only fill a block up are not in the way
     */
    FlatMap(Program.Builder program, Steps steps, long[] shape, dnnl_memory_desc_t own, long together) {
        this.program = program;
        this.shape = shape;
        int found = Layout.block(own);
        boolean asIs = found > 1
                && together % found == 0
                && steps.multiplies(
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

    /**
     * How the maps are described.
     *
     * @return [N, C, H, W]
     */
    dnnl_memory_desc_t kind() {
        return kind;
    }

    /**
     * How many channels of a pixel lie together.
     *
     * @return 1, 8 or 16
     */
    int block() {
        return block;
    }

    /**
     * N * C, with what fills blocks up.
     *
     * @return the flat maps' channels
     */
    long channels() {
        return flatShape[1];
    }

    /**
     * A map of the same shape, in this layout.
     *
     * @param place a map
     * @return the place itself, or that of a copy
     */
    int map(int place) {
        return program.as(place, kind);
    }

    /**
     * A map as [1, N * C, H, W], for numbers per example and channel.
     *
     * @param map a place in this layout
     * @return the same memory
     */
    int flat(int map) {
        return program.view(map, Layout.blocked(flatShape, block));
    }

    /**
     * A map as [outer, middle, 1, inner], for numbers that repeat along the middle.
     *
     * @param map a place in this layout
     * @param outer how many parts of the memory have numbers of their own
     * @param middle how often these repeat
     * @return the same memory
     */
    int repeating(int map, long outer, long middle) {
        long inner = channels() * shape[2] * shape[3] / outer / middle;
        return program.view(map, Layout.dense(outer, middle, 1, inner));
    }

    /**
     * A map's channels as rows: [N, H * W * block, C / block, 1], whose first axis lies together.
     *
     * @param map a place in this layout
     * @return the same memory
     */
    int channelRows(int map) {
        long rows = channels() / shape[0] / block;
        return program.view(map, Layout.map(new long[] {shape[0], shape[2] * shape[3] * block, rows, 1}, true));
    }

    /**
     * One number for each flat channel.
     *
     * @return [N * C]
     */
    dnnl_memory_desc_t vectorKind() {
        return Layout.dense(channels());
    }

    /**
     * Scratch memory for a number per example and channel.
     *
     * @return a place of {@link #vectorKind}
     */
    int vector() {
        return program.temporary(vectorKind());
    }

    /**
     * The same memory as [N, C, 1, 1].
     *
     * @return a description
     */
    dnnl_memory_desc_t pixelKind() {
        return Layout.blocked(new long[] {shape[0], shape[1], 1, 1}, block);
    }

    /**
     * [N, C] of [N, C, 1, 1] in this layout.
     *
     * @param pixels a place
     * @return a place
     */
    int matrix(int pixels) {
        dnnl_memory_desc_t matrix = Layout.dense(shape[0], shape[1]);
        int dense = whole() ? pixels : program.as(pixels, Layout.dense(shape[0], shape[1], 1, 1));
        return program.view(dense, matrix);
    }

    /**
     * [1, N * C, 1, 1] of [N, C].
     *
     * @param matrix a place
     * @return a place
     */
    int pixels(int matrix) {
        int pixels = program.view(matrix, Layout.dense(shape[0], shape[1], 1, 1));
        if (!whole()) {
            pixels = program.as(pixels, pixelKind());
        }
        return program.view(pixels, Layout.blocked(new long[] {1, channels(), 1, 1}, block));
    }

    /** Without padding, [N, C] lies in memory as [N, C, 1, 1] in blocks does. */
    private boolean whole() {
        return shape[1] % block == 0;
    }
}
