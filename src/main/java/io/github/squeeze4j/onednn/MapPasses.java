package io.github.squeeze4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.*;

import org.bytedeco.dnnl.dnnl_binary_desc_t;
import org.bytedeco.dnnl.dnnl_inner_product_desc_t;
import org.bytedeco.dnnl.dnnl_matmul_desc_t;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Re-weighting and summing of maps, one pass over memory each.
 *
 * <p>Maps are FLOAT [N, C, H, W], dense in that order; numbers per channel dense [N, C], numbers per position dense
 * [N, 1, H, W].
 */
public final class MapPasses {
    private MapPasses() {}

    /**
     * out = map * operand.
     *
     * @param map any map
     * @param operand of the map's shape, [N, C, 1, 1] or [N, 1, H, W]
     * @param out of the map's shape, overwritten; may be the map
     */
    public static void multiply(INDArray map, INDArray operand, INDArray out) {
        binary(dnnl_binary_mul, map, operand, out, false);
    }

    /**
     * out += map * operand.
     *
     * @param map any map
     * @param operand of the map's shape, [N, C, 1, 1] or [N, 1, H, W]
     * @param out of the map's shape, added to
     */
    public static void multiplyAndAdd(INDArray map, INDArray operand, INDArray out) {
        binary(dnnl_binary_mul, map, operand, out, true);
    }

    /**
     * out = map + operand.
     *
     * @param map any map
     * @param operand of the map's shape, [N, C, 1, 1] or [N, 1, H, W]
     * @param out of the map's shape, overwritten; may be the map
     */
    public static void add(INDArray map, INDArray operand, INDArray out) {
        binary(dnnl_binary_add, map, operand, out, false);
    }

    /**
     * out = map * scale + shift.
     *
     * @param map any map
     * @param scale one number per channel
     * @param shift one number per channel
     * @param out of the map's shape, overwritten; may be the map
     */
    public static void scaleAndShift(INDArray map, INDArray scale, INDArray shift, INDArray out) {
        long rows = rows(map);
        Context.current()
                .program(
                        "scale_shift",
                        program -> scaleAndShiftProgram(program, rows, map.size(2), map.size(3)),
                        rows,
                        map.size(2),
                        map.size(3))
                .run(map, scale, shift, out);
    }

    /**
     * out[n, c] = factor * sum over h, w of map.
     *
     * @param map any map
     * @param factor what the sums are multiplied by
     * @param out one number per channel, overwritten
     */
    public static void sumPositions(INDArray map, double factor, INDArray out) {
        long rows = rows(map);
        long area = area(map);
        Context context = Context.current();
        context.program(
                        "sum_positions",
                        program -> sumPositionsProgram(program, rows, area, factor),
                        rows,
                        area,
                        Double.doubleToLongBits(factor))
                .run(map, context.ones(area), out);
    }

    /**
     * out[n, c] = sum over h, w of map * weights.
     *
     * @param map any map
     * @param weights one number per position
     * @param out one number per channel, overwritten
     */
    public static void sumPositions(INDArray map, INDArray weights, INDArray out) {
        long images = map.size(0);
        product(map, new long[] {images, map.size(1), area(map)}, weights, new long[] {images, area(map), 1}, out);
    }

    /**
     * out[n, h, w] = sum over c of map.
     *
     * @param map any map
     * @param out one number per position, overwritten
     */
    public static void sumChannels(INDArray map, INDArray out) {
        sumChannels(map, Context.current().ones(rows(map)), out);
    }

    /**
     * out[n, h, w] = sum over c of map * weights.
     *
     * @param map any map
     * @param weights one number per channel
     * @param out one number per position, overwritten
     */
    public static void sumChannels(INDArray map, INDArray weights, INDArray out) {
        long images = map.size(0);
        long channels = map.size(1);
        product(weights, new long[] {images, 1, channels}, map, new long[] {images, channels, area(map)}, out);
    }

    /**
     * out[n, c, h, w] = sum over k of perChannel[n, c, k] * perPosition[n, k, h, w].
     *
     * @param perChannel dense [N, C, K]
     * @param perPosition dense [N, K, H, W]
     * @param out a map, overwritten
     */
    public static void outer(INDArray perChannel, INDArray perPosition, INDArray out) {
        long images = out.size(0);
        long inner = perChannel.size(2);
        product(
                perChannel,
                new long[] {images, out.size(1), inner},
                perPosition,
                new long[] {images, inner, area(out)},
                out);
    }

    private static long rows(INDArray map) {
        return map.size(0) * map.size(1);
    }

    private static long area(INDArray map) {
        return map.size(2) * map.size(3);
    }

    private static dnnl_memory_desc_t dense(long... shape) {
        int[] tags = {dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd};
        return Layout.of(shape, tags[shape.length - 1]);
    }

    private static void binary(int algorithm, INDArray map, INDArray operand, INDArray out, boolean sum) {
        long images = map.size(0);
        long channels = map.size(1);
        long area = area(map);
        boolean sameChannel = operand.size(1) == channels;
        boolean samePosition = operand.size(2) * operand.size(3) == area;
        // the fewest axes: oneDNN's loops then run over the longest rows
        long[] shape;
        long[] operandShape;
        if (sameChannel && samePosition) {
            shape = new long[] {images * channels * area};
            operandShape = shape;
        } else if (sameChannel) {
            shape = new long[] {images * channels, area};
            operandShape = new long[] {images * channels, 1};
        } else {
            shape = new long[] {images, channels, area};
            operandShape = new long[] {images, 1, area};
        }
        Context.current()
                .program(
                        sum ? "binary_sum" : "binary",
                        program -> binaryProgram(program, algorithm, shape, operandShape, sum),
                        algorithm,
                        images,
                        channels,
                        area,
                        sameChannel ? 1 : 0,
                        samePosition ? 1 : 0)
                .run(map, operand, out);
    }

    private static void binaryProgram(
            Program.Builder program, int algorithm, long[] shape, long[] operandShape, boolean sum) {
        dnnl_memory_desc_t kind = dense(shape);
        dnnl_memory_desc_t operandKind = dense(operandShape);
        dnnl_binary_desc_t operation = new dnnl_binary_desc_t();
        Context.check(dnnl_binary_desc_init(operation, algorithm, kind, operandKind, kind));
        dnnl_primitive_attr attributes = null;
        if (sum) {
            dnnl_post_ops added = program.postOps();
            Context.check(dnnl_post_ops_append_sum(added, 1));
            attributes = program.attributes(added);
        }
        program.step(
                program.describe(operation, attributes, null),
                DNNL_ARG_SRC_0,
                program.array(kind),
                DNNL_ARG_SRC_1,
                program.array(operandKind),
                DNNL_ARG_DST,
                program.array(kind));
    }

    private static void scaleAndShiftProgram(Program.Builder program, long rows, long height, long width) {
        // a single image of N * C channels: only numbers per channel are fast as post-operation
        dnnl_memory_desc_t kind = dense(1, rows, height, width);
        dnnl_memory_desc_t numbers = dense(1, rows, 1, 1);
        dnnl_binary_desc_t operation = new dnnl_binary_desc_t();
        Context.check(dnnl_binary_desc_init(operation, dnnl_binary_mul, kind, numbers, kind));
        dnnl_post_ops shifted = program.postOps();
        Context.check(dnnl_post_ops_append_binary(shifted, dnnl_binary_add, numbers));
        dnnl_primitive_desc description = program.describe(operation, program.attributes(shifted), null);
        int map = program.array(kind);
        int scale = program.array(numbers);
        int shift = program.array(numbers);
        program.step(
                description,
                DNNL_ARG_SRC_0,
                map,
                DNNL_ARG_SRC_1,
                scale,
                DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE | DNNL_ARG_SRC_1,
                shift,
                DNNL_ARG_DST,
                program.array(kind));
    }

    /** An inner product with ones: oneDNN's reduction takes a long time for each of its results. */
    private static void sumPositionsProgram(Program.Builder program, long rows, long area, double factor) {
        dnnl_memory_desc_t map = dense(rows, area);
        dnnl_memory_desc_t ones = dense(1, area);
        dnnl_memory_desc_t sums = dense(rows, 1);
        dnnl_inner_product_desc_t operation = new dnnl_inner_product_desc_t();
        Context.check(dnnl_inner_product_forward_desc_init(operation, dnnl_forward_inference, map, ones, null, sums));
        program.step(
                program.describe(operation, times(program, factor), null),
                DNNL_ARG_SRC,
                program.array(map),
                DNNL_ARG_WEIGHTS,
                program.array(ones),
                DNNL_ARG_DST,
                program.array(sums));
    }

    /** out[n] = a[n] b[n]. */
    private static void product(INDArray a, long[] aShape, INDArray b, long[] bShape, INDArray out) {
        Context.current()
                .program(
                        "batch_product",
                        program -> productProgram(program, aShape, bShape),
                        aShape[0],
                        aShape[1],
                        aShape[2],
                        bShape[2])
                .run(a, b, out);
    }

    private static void productProgram(Program.Builder program, long[] aShape, long[] bShape) {
        dnnl_memory_desc_t a = dense(aShape);
        dnnl_memory_desc_t b = dense(bShape);
        dnnl_memory_desc_t out = dense(aShape[0], aShape[1], bShape[2]);
        dnnl_matmul_desc_t operation = new dnnl_matmul_desc_t();
        Context.check(dnnl_matmul_desc_init(operation, a, b, null, out));
        program.step(
                program.describe(operation),
                DNNL_ARG_SRC,
                program.array(a),
                DNNL_ARG_WEIGHTS,
                program.array(b),
                DNNL_ARG_DST,
                program.array(out));
    }

    private static dnnl_primitive_attr times(Program.Builder program, double factor) {
        if (factor == 1) {
            return null;
        }
        dnnl_post_ops scaled = program.postOps();
        Context.check(dnnl_post_ops_append_eltwise(scaled, 1, dnnl_eltwise_linear, (float) factor, 0));
        return program.attributes(scaled);
    }
}
