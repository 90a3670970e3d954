package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Numbers.Floats;
import org.bytedeco.dnnl.dnnl_memory_desc_t;

/**
 * Groups of four channels, as in ResNeXt's first stage, computed four at a time as groups of sixteen with zeros between
 * them. oneDNN has no fast gradient of the weights of so narrow groups, and would want another layout of the map.
 */
final class GroupPacking {
    private static final int NARROW = 4;
    private static final int WIDE = 16;
    private static final int TOGETHER = WIDE / NARROW;

    private final long groups;
    private final long pixels;
    private final long[] shape;

    private GroupPacking(long[] weights, long groups) {
        this.groups = groups;
        pixels = weights[2] * weights[3];
        shape = new long[] {groups / TOGETHER, WIDE, WIDE, weights[2], weights[3]};
    }

    /** Null where it does not help. */
    static GroupPacking of(long[] weights, long groups) {
        boolean narrow = weights[1] == NARROW && weights[0] == NARROW * groups && groups % TOGETHER == 0;
        return narrow ? new GroupPacking(weights, groups) : null;
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

    void pack(Floats narrow, Floats wide) {
        for (long i = 0; i < groups / TOGETHER * WIDE * WIDE * pixels; i++) {
            wide.put(i, 0);
        }
        for (long row = 0; row < groups * NARROW; row++) {
            for (long i = 0; i < NARROW * pixels; i++) {
                wide.put(at(row) + i, narrow.get(row * NARROW * pixels + i));
            }
        }
    }

    void unpack(Floats wide, Floats narrow) {
        for (long row = 0; row < groups * NARROW; row++) {
            for (long i = 0; i < NARROW * pixels; i++) {
                narrow.put(row * NARROW * pixels + i, wide.get(at(row) + i));
            }
        }
    }

    /** Where the weights of an output channel begin among the packed ones. */
    private long at(long output) {
        long inputOfGroup = output / NARROW % TOGETHER * NARROW;
        return (output * WIDE + inputOfGroup) * pixels;
    }
}
