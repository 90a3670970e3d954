package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Descriptions of memory, of FLOAT unless {@link #as} says otherwise. Maps are [N, C, H, W] by name, with the channels of a
 * pixel apart, together, or together in blocks of 8 or 16, oneDNN's own layout.
 */
public final class Layout {
    private static final int[] DENSE = {0, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde};

    private Layout() {}

    /** Whether a map is without gaps in the order N, C, H, W or, channels last, N, H, W, C. */
    static boolean dense(INDArray map, boolean channelsLast) {
        long expected = 1;
        for (int i = 3; i >= 0; i--) {
            int axis = channelsLast && i > 0 ? i % 3 + 1 : i;
            if (map.size(axis) != 1 && map.stride(axis) != expected) {
                return false;
            }
            expected *= map.size(axis);
        }
        return true;
    }

    /** Channels last; a map that is both (one pixel or one channel) counts as channels first. */
    static boolean channelsLast(INDArray map) {
        if (dense(map, false)) {
            return false;
        }
        if (dense(map, true)) {
            return true;
        }
        throw new IllegalArgumentException("map must have no gaps; duplicate it first");
    }

    /**
     * A map without gaps.
     *
     * @param shape [N, C, H, W]
     * @param channelsLast whether memory is in the order N, H, W, C
     * @return the description
     */
    public static dnnl_memory_desc_t map(long[] shape, boolean channelsLast) {
        return of(shape, channelsLast ? dnnl_nhwc : dnnl_nchw);
    }

    static dnnl_memory_desc_t any(long... shape) {
        return of(shape, dnnl_format_tag_any);
    }

    static dnnl_memory_desc_t any(DataType type, long... shape) {
        return as(any(shape), type);
    }

    /**
     * A dense array in C order.
     *
     * @param shape of one to five axes
     * @return the description
     */
    public static dnnl_memory_desc_t dense(long... shape) {
        return of(shape, DENSE[shape.length]);
    }

    /**
     * A matrix in Fortran order.
     *
     * @param shape rows, columns
     * @return the description
     */
    public static dnnl_memory_desc_t transposed(long... shape) {
        return of(shape, dnnl_ba);
    }

    /**
     * A map with channels in blocks.
     *
     * @param shape [N, C, H, W]
     * @param block what {@link #block} gave
     * @return the description
     */
    public static dnnl_memory_desc_t blocked(long[] shape, int block) {
        return of(shape, block == 16 ? dnnl_nChw16c : block == 8 ? dnnl_nChw8c : dnnl_nchw);
    }

    /**
     * How many channels of a pixel lie together.
     *
     * @param kind a map's description, of any type
     * @return 16 or 8, 1 with channels first, 0 for any other layout
     */
    public static int block(dnnl_memory_desc_t kind) {
        long[] shape = shape(kind);
        for (int block : new int[] {16, 8, 1}) {
            if (shape.length == 4 && Program.Builder.same(kind, as(blocked(shape, block), type(kind)))) {
                return block;
            }
        }
        return 0;
    }

    /**
     * Whether memory is in the order N, H, W, C and in no other that {@link #block} knows.
     *
     * @param kind a map's description, of any type
     * @return true if so
     */
    public static boolean isChannelsLast(dnnl_memory_desc_t kind) {
        return kind.ndims() == 4
                && Program.Builder.same(kind, as(map(shape(kind), true), type(kind)))
                && block(kind) == 0;
    }

    /**
     * The type of the numbers.
     *
     * @param kind any description
     * @return BFLOAT16, or FLOAT for every other type that is described here
     */
    public static DataType type(dnnl_memory_desc_t kind) {
        return kind.data_type() == dnnl_bf16 ? DataType.BFLOAT16 : DataType.FLOAT;
    }

    /**
     * The same layout of numbers of another type.
     *
     * @param kind any description
     * @param type FLOAT or BFLOAT16
     * @return the description itself where it is of that type
     */
    public static dnnl_memory_desc_t as(dnnl_memory_desc_t kind, DataType type) {
        if (type(kind) == type) {
            return kind;
        }
        dnnl_memory_desc_t other = new dnnl_memory_desc_t();
        Pointer.memcpy(other, kind, kind.sizeof());
        return other.data_type(type == DataType.BFLOAT16 ? dnnl_bf16 : dnnl_f32);
    }

    static boolean plain(dnnl_memory_desc_t kind) {
        return block(kind) == 1;
    }

    /**
     * The shape, whatever the layout.
     *
     * @param kind a description
     * @return its axes' sizes
     */
    public static long[] shape(dnnl_memory_desc_t kind) {
        long[] shape = new long[kind.ndims()];
        kind.dims().get(shape);
        return shape;
    }

    static dnnl_memory_desc_t of(long[] shape, int tag) {
        dnnl_memory_desc_t description = new dnnl_memory_desc_t();
        Context.check(dnnl_memory_desc_init_by_tag(description, shape.length, shape, dnnl_f32, tag));
        return description;
    }

    /**
     * The size of memory of a kind, with what pads its blocks.
     *
     * @param kind any description
     * @return bytes
     */
    public static long bytes(dnnl_memory_desc_t kind) {
        return dnnl_memory_desc_get_size(kind);
    }
}
