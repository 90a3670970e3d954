package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_init_by_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_nchw;
import static org.bytedeco.dnnl.global.dnnl.dnnl_nhwc;

import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Descriptions of memory. Maps are [N, C, H, W] by name, with the channels of a pixel apart or together. */
final class Layout {
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

    static dnnl_memory_desc_t map(long[] shape, boolean channelsLast) {
        return of(shape, channelsLast ? dnnl_nhwc : dnnl_nchw);
    }

    static dnnl_memory_desc_t any(long... shape) {
        return of(shape, dnnl_format_tag_any);
    }

    static dnnl_memory_desc_t of(long[] shape, int tag) {
        dnnl_memory_desc_t description = new dnnl_memory_desc_t();
        Context.check(dnnl_memory_desc_init_by_tag(description, shape.length, shape, dnnl_f32, tag));
        return description;
    }

    /** Where an array's numbers begin; a buffer's address is that of the array of which it is a view. */
    static long address(INDArray array) {
        return array == null ? 0 : array.data().address() + array.offset() * Float.BYTES;
    }
}
