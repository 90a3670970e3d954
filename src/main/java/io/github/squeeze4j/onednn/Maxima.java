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
        run(false, new long[] {map.size(2), map.size(3)}, map.shape(), map, out, where);
    }

    /**
     * The largest number of each position.
     *
     * @param map any map
     * @param out dense, N * H * W numbers, overwritten
     * @param where INT of the same length, overwritten: the channel; or null
     */
    public static void ofChannels(INDArray map, INDArray out, INDArray where) {
        // one window of the height C, with the positions as channels, which are last
        long[] turned = {map.size(0), map.size(2) * map.size(3), map.size(1), 1};
        run(true, new long[] {map.size(1), 1}, turned, map, out, where);
    }

    /** Pooling over one window. */
    private static void run(
            boolean channelsLast, long[] window, long[] shape, INDArray map, INDArray out, INDArray where) {
        Context context = Context.current();
        String name = channelsLast ? "channel_max" : "max";
        if (where == null) {
            context.program(name, program -> program(program, channelsLast, window, shape, false), shape)
                    .run(map, out);
        } else {
            context.program(name + "_where", program -> program(program, channelsLast, window, shape, true), shape)
                    .run(map, out, where);
        }
    }

    private static void program(
            Program.Builder program, boolean channelsLast, long[] window, long[] shape, boolean positions) {
        long[] to = {shape[0], shape[1], 1, 1};
        long[] none = {0, 0};
        dnnl_memory_desc_t in = Layout.map(shape, channelsLast);
        dnnl_memory_desc_t out = Layout.map(to, channelsLast);
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
            return;
        }
        dnnl_memory_desc_t integers = new dnnl_memory_desc_t();
        Context.check(dnnl_memory_desc_init_by_tag(integers, 4, to, dnnl_s32, channelsLast ? dnnl_nhwc : dnnl_nchw));
        int where = program.array(integers);
        // bytes where they suffice
        dnnl_memory_desc_t workspace = Program.query(description, dnnl_query_workspace_md, 0);
        int found = program.target(where, workspace);
        program.step(description, DNNL_ARG_SRC, map, DNNL_ARG_DST, maxima, DNNL_ARG_WORKSPACE, found);
        program.deliver(found, where);
    }
}
