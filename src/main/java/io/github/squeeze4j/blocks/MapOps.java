package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Dense;
import io.github.squeeze4j.onednn.MapPasses;
import io.github.squeeze4j.onednn.Maxima;
import io.github.squeeze4j.onednn.Numbers.Floats;
import io.github.squeeze4j.onednn.Numbers.Integers;
import io.github.squeeze4j.onednn.OneDnn;
import io.github.squeeze4j.onednn.Pooling;
import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.AddOp;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.MulOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The passes over whole feature maps. Maps are contiguous [N, C, H, W]; broadcast operands have size 1 where they repeat,
 * for example [N, C, 1, 1] for one number per channel.
 *
 * <p>Each goes to oneDNN where it supports the type, and elsewhere to the ND4J operations that are fastest. Whole-map averages go through the pooling operation, which libnd4j vectorises; its reductions along a dimension are
 * a serial chain of additions. A dot product is a product into scratch space and an average for the same reason.
 */
final class MapOps {
    private MapOps() {}

    /** The map as [N * C, H * W], a view. */
    static INDArray rows(INDArray map) {
        return map.reshape('c', new long[] {map.size(0) * map.size(1), map.size(2) * map.size(3)});
    }

    /** One number per channel, [N, C], as an operand [N, C, 1, 1]; a view. */
    static INDArray perChannel(INDArray values) {
        return values.reshape('c', new long[] {values.size(0), values.size(1), 1, 1});
    }

    /** Whether oneDNN works on maps of this one's type. */
    static boolean direct(INDArray map) {
        return OneDnn.supports(map.dataType());
    }

    /** out[N, C] = mean over h, w of x. */
    static void mean(INDArray x, INDArray out) {
        if (direct(x)) {
            MapPasses.sumPositions(x, 1.0 / (x.size(2) * x.size(3)), out);
        } else {
            averagePool(x, perChannel(out), x.size(2), x.size(3));
        }
    }

    /** out[N, C, H / height, W / width] = means over windows without overlap; what no window covers is left out. */
    static void averagePool(INDArray x, INDArray out, long height, long width) {
        if (direct(x)) {
            pooling(height, width).forward(x, out);
        } else {
            Nd4j.exec(pooling("avgpool2d", height, width)
                    .addInputs(x)
                    .addOutputs(out)
                    .build());
        }
    }

    /** out[N, C, H, W] = the gradient of {@link #averagePool} for {@code gradient} of its output's shape. */
    static void averagePoolGradient(INDArray x, INDArray gradient, INDArray out, long height, long width) {
        if (direct(x)) {
            pooling(height, width).backward(x, gradient, out);
        } else {
            Nd4j.exec(pooling("avgpool2d_bp", height, width)
                    .addInputs(x, gradient)
                    .addOutputs(out)
                    .build());
        }
    }

    private static Pooling pooling(long height, long width) {
        int[] window = {Math.toIntExact(height), Math.toIntExact(width)};
        return new Pooling(Pooling.Kind.AVERAGE, window, window, new int[2], new int[2]);
    }

    private static DynamicCustomOp.DynamicCustomOpsBuilder pooling(String name, long height, long width) {
        int h = Math.toIntExact(height);
        int w = Math.toIntExact(width);
        // kernel, stride, padding, dilation, not SAME mode, divide by the full window, NCHW
        return DynamicCustomOp.builder(name).addIntegerArguments(h, w, h, w, 0, 0, 1, 1, 0, 1, 0);
    }

    /** out = x * operand, broadcast. */
    static void multiply(INDArray x, INDArray operand, INDArray out) {
        if (direct(x)) {
            MapPasses.multiply(x, operand, out);
        } else {
            Nd4j.exec(new MulOp(x, operand, out));
        }
    }

    /** out += x * operand, broadcast. */
    static void multiplyAndAdd(INDArray x, INDArray operand, INDArray out, Memory memory) {
        if (direct(x)) {
            MapPasses.multiplyAndAdd(x, operand, out);
        } else {
            INDArray scratch = memory.temporary(out.shape());
            multiply(x, operand, scratch);
            out.addi(scratch);
        }
    }

    /** out = x * scale[N, C] + shift[N, C]. */
    static void scaleAndShift(INDArray x, INDArray scale, INDArray shift, INDArray out) {
        if (direct(x)) {
            MapPasses.scaleAndShift(x, scale, shift, out);
        } else {
            multiply(x, perChannel(scale), out);
            addToChannels(out, shift);
        }
    }

    /** map += operand, broadcast. */
    static void add(INDArray map, INDArray operand) {
        add(map, operand, map);
    }

    /** out = map + operand, broadcast. */
    static void add(INDArray map, INDArray operand, INDArray out) {
        if (direct(map)) {
            MapPasses.add(map, operand, out);
        } else {
            Nd4j.exec(new AddOp(map, operand, out));
        }
    }

    /** out[N, C] = sum over h, w of x * y, y broadcast; scratch [N, C, H, W] is overwritten. */
    static void dotChannels(INDArray x, INDArray y, INDArray scratch, INDArray out) {
        if (direct(x) && y.size(1) == 1 && x.size(1) > 1) {
            MapPasses.sumPositions(x, y, out);
            return;
        }
        multiply(x, y, scratch);
        sumPositions(scratch, out);
    }

    /** out[N, 1, H, W] = sum over c of x * y, y broadcast; scratch [N, C, H, W] is overwritten. */
    static void dotPositions(INDArray x, INDArray y, INDArray scratch, INDArray out) {
        if (!direct(x)) {
            multiply(x, y, scratch);
            out.assign(scratch.sum(true, 1));
        } else if (y.size(2) * y.size(3) == 1) {
            MapPasses.sumChannels(x, y, out);
        } else {
            MapPasses.multiply(x, y, scratch);
            MapPasses.sumChannels(scratch, out);
        }
    }

    /** out[N, 1, H, W] = sum over c of x. */
    static void sumChannels(INDArray x, INDArray out) {
        if (direct(x)) {
            MapPasses.sumChannels(x, out);
        } else {
            out.assign(x.sum(true, 1));
        }
    }

    /** out[N, 1, H, W] = mean over c of x. */
    static void channelMean(INDArray x, INDArray out) {
        if (direct(x)) {
            MapPasses.sumChannels(x, out);
            out.divi(x.size(1));
        } else {
            out.assign(x.mean(true, 1));
        }
    }

    /** out[N, C, H, W] = perChannel[N, C] * perPosition[N, 1, H, W] + shift[N, C]. */
    static void outer(INDArray perChannel, INDArray perPosition, INDArray shift, INDArray out, Memory memory) {
        if (!direct(out)) {
            Nd4j.exec(new MulOp(perChannel(perChannel), perPosition, out));
            addToChannels(out, shift);
            return;
        }
        // one product of matrices, [C, 2] by [2, H * W] for each image
        INDArray numbers = memory.temporary(out.size(0), out.size(1), 2);
        concat(2, column(perChannel), column(shift), numbers);
        INDArray ones = memory.temporary(perPosition.shape()).assign(1);
        INDArray positions = memory.temporary(out.size(0), 2, out.size(2), out.size(3));
        concat(1, perPosition, ones, positions);
        MapPasses.outer(numbers, positions, out);
    }

    /** out[N, C, H, W] = a[N, C] * p[N, 1, H, W] + b[N, C] * q[N, 1, H, W]. */
    static void outerSum(INDArray a, INDArray p, INDArray b, INDArray q, INDArray out, Memory memory) {
        if (!direct(out)) {
            Nd4j.exec(new MulOp(perChannel(a), p, out));
            multiplyAndAdd(perChannel(b), q, out, memory);
            return;
        }
        INDArray numbers = memory.temporary(out.size(0), out.size(1), 2);
        concat(2, column(a), column(b), numbers);
        INDArray positions = memory.temporary(out.size(0), 2, out.size(2), out.size(3));
        concat(1, p, q, positions);
        MapPasses.outer(numbers, positions, out);
    }

    private static INDArray column(INDArray values) {
        return values.reshape('c', new long[] {values.size(0), values.size(1), 1});
    }

    private static void concat(int axis, INDArray a, INDArray b, INDArray out) {
        Nd4j.exec(DynamicCustomOp.builder("concat")
                .addInputs(a, b)
                .addIntegerArguments(axis)
                .addOutputs(out)
                .build());
    }

    /** out[N, C] = maximum over h, w of x. */
    static void maximum(INDArray x, INDArray out) {
        if (direct(x)) {
            Maxima.ofPositions(x, out, null);
        } else {
            out.assign(rows(x).max(1).reshape('c', out.shape()));
        }
    }

    /** The positions, among H * W, of the first maximum of each channel, N * C of them. */
    static INDArray whereMaximum(INDArray x, Memory memory) {
        if (!direct(x)) {
            return rows(x).argMax(1);
        }
        INDArray where = memory.temporaryInt(x.size(0), x.size(1));
        Maxima.ofPositions(x, memory.temporary(where.shape()), where);
        return where;
    }

    /** out[N, 1, H, W] = maximum over c of x. */
    static void channelMaximum(INDArray x, INDArray out) {
        if (direct(x)) {
            Maxima.ofChannels(x, out, null);
        } else {
            out.assign(x.max(true, 1));
        }
    }

    /** The channels of the first maximum of each position, N * H * W of them. */
    static INDArray whereChannelMaximum(INDArray x, Memory memory) {
        if (!direct(x)) {
            return x.argMax(1);
        }
        INDArray where = memory.temporaryInt(x.size(0), x.size(2), x.size(3));
        Maxima.ofChannels(x, memory.temporary(where.shape()), where);
        return where;
    }

    /** out[N, C] = sum over h, w of x. */
    static void sumPositions(INDArray x, INDArray out) {
        if (direct(x)) {
            MapPasses.sumPositions(x, 1, out);
        } else {
            mean(x, out);
            out.muli(x.size(2) * x.size(3));
        }
    }

    /** map += values[N, C]. */
    static void addToChannels(INDArray map, INDArray values) {
        if (direct(map)) {
            MapPasses.add(map, perChannel(values), map);
        } else {
            rows(map).addiColumnVector(values.reshape('c', new long[] {values.length(), 1}));
        }
    }

    /**
     * Adds values[e] to the map where a maximum was found: chosen[e] is its position among the map's elements that e stands
     * for, which are {@code inner} apart and repeat every {@code block}.
     */
    static void addAtChosen(INDArray map, INDArray chosen, INDArray values, long inner, long block) {
        boolean raw = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU
                && map.dataType() == DataType.FLOAT
                && (chosen.dataType() == DataType.INT64 || chosen.dataType() == DataType.INT32);
        if (!raw) {
            scatterAdd(map, chosen, values, inner, block);
            return;
        }
        // ND4J's scatter_add takes a microsecond per element
        Floats target = new Floats(map);
        Integers positions = new Integers(chosen);
        Floats added = new Floats(values);
        long e = 0;
        for (long start = 0; e < chosen.length(); start += block) {
            for (long i = 0; i < inner; i++, e++) {
                long at = start + positions.get(e) * inner + i;
                target.put(at, target.get(at) + added.get(e));
            }
        }
    }

    private static void scatterAdd(INDArray map, INDArray chosen, INDArray values, long inner, long block) {
        long[] start = new long[Math.toIntExact(chosen.length())];
        for (int e = 0; e < start.length; e++) {
            start[e] = e / inner * block + e % inner;
        }
        INDArray index = chosen.reshape('c', new long[] {chosen.length()}).castTo(DataType.INT64);
        index = index.mul(inner).addi(Nd4j.createFromArray(start));
        INDArray flat = map.reshape('c', new long[] {map.length()});
        Nd4j.exec(DynamicCustomOp.builder("scatter_add")
                .addInputs(flat, index, values.reshape('c', new long[] {values.length()}))
                .addOutputs(flat)
                .build());
    }

    /** out = a b, either transposed first; [rows, columns] each. */
    static void matmul(INDArray a, boolean transposeA, INDArray b, boolean transposeB, INDArray out) {
        linear(a, transposeA, b, transposeB, null, out);
    }

    /**
     * out = a b + bias[columns], either transposed first; no bias if it is null. ND4J's matmul operation, not BLAS, whose
     * threads and those of the other operations wait for each other's processors.
     */
    static void linear(INDArray a, boolean transposeA, INDArray b, boolean transposeB, INDArray bias, INDArray out) {
        if (direct(out) && Dense.fits(a) && Dense.fits(b) && Dense.fits(out)) {
            Dense.multiply(a, transposeA, b, transposeB, bias, out);
            return;
        }
        MMulTranspose transpose = MMulTranspose.builder()
                .transposeA(transposeA)
                .transposeB(transposeB)
                .transposeResult(false)
                .build();
        Nd4j.exec(new Mmul(a, b, out, transpose));
        if (bias != null) {
            out.addiRowVector(bias);
        }
    }

    /** values[C], once for each of {@code rows}. */
    static INDArray repeated(INDArray values, long rows, Memory memory) {
        INDArray out = memory.temporary(rows, values.length()).assign(0);
        return out.addiRowVector(values);
    }

    /** out[columns] = sums of a[rows, columns] over its rows. */
    static void sumRows(INDArray a, INDArray out) {
        if (direct(a) && Dense.fits(a)) {
            Dense.sumRows(a, out);
        } else {
            out.assign(a.sum(0));
        }
    }
}
