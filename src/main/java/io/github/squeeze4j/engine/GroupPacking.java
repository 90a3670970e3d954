package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Numbers.Floats;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Groups of four channels, as in ResNeXt's first stage, computed four at a time as groups of sixteen with zeros between
 * them. oneDNN has no fast gradient of the weights of so narrow groups, and would want another layout of the map. In bfloat16
 * groups of eight, too, for which it does not use AMX.
 */
final class GroupPacking {
    private static final int WIDE = 16;

    private final int narrow;
    private final int together;
    private final long groups;
    private final long pixels;
    private final long[] shape;

    private GroupPacking(long[] weights, long groups) {
        this.groups = groups;
        narrow = Math.toIntExact(weights[1]);
        together = WIDE / narrow;
        pixels = weights[2] * weights[3];
        shape = new long[] {groups / together, WIDE, WIDE, weights[2], weights[3]};
    }

    /** Null where it does not help for maps of a type. */
    static GroupPacking of(long[] weights, long groups, DataType maps) {
        boolean narrow = weights[1] == 4 || weights[1] == 8 && maps == DataType.BFLOAT16;
        boolean even = narrow && weights[0] == weights[1] * groups && groups % (WIDE / weights[1]) == 0;
        return even ? new GroupPacking(weights, groups) : null;
    }

    /** [groups, out / groups, in / groups, kernelH, kernelW] of [out, in / groups, kernelH, kernelW]. */
    static long[] grouped(long[] weights, long groups) {
        return new long[] {groups, weights[0] / groups, weights[1], weights[2], weights[3]};
    }

    long[] shape() {
        return shape.clone();
    }

    dnnl_memory_desc_t kind() {
        return Layout.dense(shape);
    }

    void pack(Floats from, Floats wide) {
        for (long i = 0; i < groups / together * WIDE * WIDE * pixels; i++) {
            wide.put(i, 0);
        }
        for (long row = 0; row < groups * narrow; row++) {
            for (long i = 0; i < narrow * pixels; i++) {
                wide.put(at(row) + i, from.get(row * narrow * pixels + i));
            }
        }
    }

    void unpack(Floats wide, Floats to) {
        for (long row = 0; row < groups * narrow; row++) {
            for (long i = 0; i < narrow * pixels; i++) {
                to.put(row * narrow * pixels + i, wide.get(at(row) + i));
            }
        }
    }

    /** Where the weights of an output channel begin among the packed ones. */
    private long at(long output) {
        long inputOfGroup = output / narrow % together * narrow;
        return (output * WIDE + inputOfGroup) * pixels;
    }
}
