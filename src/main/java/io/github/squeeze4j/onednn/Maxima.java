package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_pooling_v2_desc_t;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Maxima of whole maps, [N, C, H, W] of FLOAT, dense in that order, and where they are: the first of equals. */
public final class Maxima {
    private Maxima() {}

    /**
     * The largest number of each channel.
     *
     * @param map any map
     * @param out dense, N * C numbers, overwritten
     * @param where INT of the same length, overwritten: the position among H * W; or null
     */
    public static void ofPositions(INDArray map, INDArray out, INDArray where) {
        run(new long[] {map.size(0) * map.size(1), map.size(2) * map.size(3), 1}, map, out, where);
    }

    /**
     * The largest number of each position.
     *
     * @param map any map
     * @param out dense, N * H * W numbers, overwritten
     * @param where INT of the same length, overwritten: the channel; or null
     */
    public static void ofChannels(INDArray map, INDArray out, INDArray where) {
        run(new long[] {map.size(0), map.size(1), map.size(2) * map.size(3)}, map, out, where);
    }

    /** Maxima over the middle axis of three. */
    private static void run(long[] axes, INDArray map, INDArray out, INDArray where) {
        Context context = Context.current();
        if (where == null) {
            context.program("max", () -> program(axes, false), axes).run(Layout.address(map), Layout.address(out));
        } else {
            context.program("max_where", () -> program(axes, true), axes)
                    .run(Layout.address(map), Layout.address(out), Layout.address(where));
        }
    }

    /** Pooling over one window: of maps with one channel, or with the last axis as channels, which are then last. */
    private static Program program(long[] axes, boolean positions) {
        boolean rows = axes[2] == 1;
        long[] from = rows ? new long[] {1, axes[0], axes[1], 1} : new long[] {axes[0], axes[2], axes[1], 1};
        long[] to = {from[0], from[1], 1, 1};
        long[] window = {axes[1], 1};
        long[] none = {0, 0};
        Program.Builder program = new Program.Builder();
        dnnl_memory_desc_t in = Layout.map(from, !rows);
        dnnl_memory_desc_t out = Layout.map(to, !rows);
        dnnl_pooling_v2_desc_t operation = new dnnl_pooling_v2_desc_t();
        Context.check(dnnl_pooling_v2_forward_desc_init(
                operation,
                positions ? dnnl_forward_training : dnnl_forward_inference,
                dnnl_pooling_max,
                in,
                out,
                window,
                window,
                none,
                none,
                none));
        dnnl_primitive_desc description = program.describe(operation);
        int map = program.array(in);
        int maxima = program.array(out);
        if (!positions) {
            program.step(description, DNNL_ARG_SRC, map, DNNL_ARG_DST, maxima);
            return program.build();
        }
        dnnl_memory_desc_t integers = new dnnl_memory_desc_t();
        Context.check(dnnl_memory_desc_init_by_tag(integers, 4, to, dnnl_s32, rows ? dnnl_nchw : dnnl_nhwc));
        int where = program.array(integers);
        // bytes where they suffice
        dnnl_memory_desc_t workspace = Program.query(description, dnnl_query_workspace_md, 0);
        int found = program.target(where, workspace);
        program.step(description, DNNL_ARG_SRC, map, DNNL_ARG_DST, maxima, DNNL_ARG_WORKSPACE, found);
        program.deliver(found, where);
        return program.build();
    }
}
