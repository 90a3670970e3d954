package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Steps;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Maps [N, C, H, W] taken for other shapes of the same memory, in which one of oneDNN's fast passes does what is wanted. Channels
 * are rounded up to whole blocks of their layout. Channels that lie last, as BFLOAT16 maps have them on processors with AMX, are
 * one block.
 */
final class FlatMap {
    private final Program.Builder program;
    private final dnnl_memory_desc_t kind;
    private final DataType type;
    private final boolean channelsLast;
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
        type = Layout.type(own);
        channelsLast = type == DataType.BFLOAT16 && Layout.isChannelsLast(own);
        int found = channelsLast ? Math.toIntExact(shape[1]) : Layout.block(own);
        boolean asIs = channelsLast
                || found > 1
                        && together % found == 0
                        && steps.multiplies(
                                Layout.as(Layout.blocked(flat(found, shape[2], shape[3]), found), type),
                                Layout.blocked(flat(found, 1, 1), found));
        block = asIs ? found : 1;
        kind = asIs || found == 1 ? own : Layout.as(Layout.dense(shape), type);
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
     * Whether all channels of a pixel lie together.
     *
     * @return true for BFLOAT16 maps with channels last
     */
    boolean isChannelsLast() {
        return channelsLast;
    }

    /** FLOAT in the same layout. */
    dnnl_memory_desc_t layout(long[] other) {
        return channelsLast ? Layout.map(other, true) : Layout.blocked(other, block);
    }

    /** A description of the maps' type. */
    dnnl_memory_desc_t typed(dnnl_memory_desc_t other) {
        return Layout.as(other, type);
    }

    /** The memory of a map in another shape. */
    int view(int map, dnnl_memory_desc_t other) {
        return program.view(map, typed(other));
    }

    /**
     * How many channels of a pixel lie together.
     *
     * @return 1, 8 or 16, or all
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
     * A map as [1, N * C, H, W], or with channels last [N, H * W, 1, C], for numbers per example and channel.
     *
     * @param map a place in this layout
     * @return the same memory
     */
    int flat(int map) {
        return channelsLast
                ? repeating(map, shape[0], shape[2] * shape[3])
                : view(map, Layout.blocked(flatShape, block));
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
        return view(map, Layout.dense(outer, middle, 1, inner));
    }

    /** A map with channels last as [1, N * H * W * groups, 1, C / groups], for numbers that repeat along these channels. */
    int positions(int map, long groups) {
        long rows = shape[0] * shape[2] * shape[3] * groups;
        return view(map, Layout.dense(1, rows, 1, shape[1] / groups));
    }

    /** The same memory as rows of the channels of each group. */
    int positionRows(int map, long groups) {
        return view(map, Layout.dense(shape[0] * shape[2] * shape[3] * groups, shape[1] / groups));
    }

    /**
     * A map's channels as rows: [N, H * W * block, C / block, 1], whose first axis lies together.
     *
     * @param map a place in this layout
     * @return the same memory
     */
    int channelRows(int map) {
        long rows = channels() / shape[0] / block;
        return view(map, Layout.map(new long[] {shape[0], shape[2] * shape[3] * block, rows, 1}, true));
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
        return layout(new long[] {shape[0], shape[1], 1, 1});
    }

    /**
     * [N, C] of [N, C, 1, 1] in this layout.
     *
     * @param pixels a place
     * @return a place of FLOAT
     */
    int matrix(int pixels) {
        dnnl_memory_desc_t matrix = Layout.dense(shape[0], shape[1]);
        boolean asIs = whole() && type == DataType.FLOAT;
        int dense = asIs ? pixels : program.as(pixels, Layout.dense(shape[0], shape[1], 1, 1));
        return program.view(dense, matrix);
    }

    /**
     * [1, N * C, 1, 1], or with channels last [N, 1, 1, C], of [N, C].
     *
     * @param matrix a place of FLOAT
     * @return a place of FLOAT
     */
    int pixels(int matrix) {
        if (channelsLast) {
            return program.view(matrix, Layout.dense(shape[0], 1, 1, shape[1]));
        }
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
