package io.github.squeeze4j.blocks;

import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.javacpp.indexer.LongIndexer;
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
 * The passes over whole feature maps, each in the form that ND4J runs fastest. Maps are contiguous [N, C, H, W];
 * broadcast operands have size 1 where they repeat, for example [N, C, 1, 1] for one number per channel.
 *
 * <p>Whole-map averages go through the pooling operation, which libnd4j vectorises; its reductions along a dimension are
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

    /** out[N, C] = mean over h, w of x. */
    static void mean(INDArray x, INDArray out) {
        averagePool(x, perChannel(out), x.size(2), x.size(3));
    }

    /** out[N, C, H / height, W / width] = means over windows without overlap; what no window covers is left out. */
    static void averagePool(INDArray x, INDArray out, long height, long width) {
        Nd4j.exec(
                pooling("avgpool2d", height, width).addInputs(x).addOutputs(out).build());
    }

    /** out[N, C, H, W] = the gradient of {@link #averagePool} for {@code gradient} of its output's shape. */
    static void averagePoolGradient(INDArray x, INDArray gradient, INDArray out, long height, long width) {
        Nd4j.exec(pooling("avgpool2d_bp", height, width)
                .addInputs(x, gradient)
                .addOutputs(out)
                .build());
    }

    private static DynamicCustomOp.DynamicCustomOpsBuilder pooling(String name, long height, long width) {
        int h = Math.toIntExact(height);
        int w = Math.toIntExact(width);
        // kernel, stride, padding, dilation, not SAME mode, divide by the full window, NCHW
        return DynamicCustomOp.builder(name).addIntegerArguments(h, w, h, w, 0, 0, 1, 1, 0, 1, 0);
    }

    /** out = x * operand, broadcast. */
    static void multiply(INDArray x, INDArray operand, INDArray out) {
        Nd4j.exec(new MulOp(x, operand, out));
    }

    /** map += operand, broadcast. */
    static void add(INDArray map, INDArray operand) {
        Nd4j.exec(new AddOp(map, operand, map));
    }

    /** out[N, C] = sum over h, w of x * y, y broadcast; scratch [N, C, H, W] is overwritten. */
    static void dotChannels(INDArray x, INDArray y, INDArray scratch, INDArray out) {
        multiply(x, y, scratch);
        mean(scratch, out);
        out.muli(x.size(2) * x.size(3));
    }

    /** map += values[N, C]. */
    static void addToChannels(INDArray map, INDArray values) {
        rows(map).addiColumnVector(values.reshape('c', new long[] {values.length(), 1}));
    }

    /**
     * Adds values[e] to the map where a maximum was found: chosen[e] is its position among the map's elements that e stands
     * for, which are {@code inner} apart and repeat every {@code block}.
     */
    static void addAtChosen(INDArray map, INDArray chosen, INDArray values, long inner, long block) {
        boolean raw = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU
                && map.dataType() == DataType.FLOAT
                && chosen.dataType() == DataType.INT64;
        if (!raw) {
            scatterAdd(map, chosen, values, inner, block);
            return;
        }
        // ND4J's scatter_add takes a microsecond per element
        FloatIndexer target = (FloatIndexer) map.data().indexer();
        LongIndexer positions = (LongIndexer) chosen.data().indexer();
        FloatIndexer added = (FloatIndexer) values.data().indexer();
        for (long e = 0; e < chosen.length(); e++) {
            long at = e / inner * block + positions.get(e) * inner + e % inner;
            target.put(at, target.get(at) + added.get(e));
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

    /**
     * out = a b, either transposed first; [rows, columns] each. ND4J's matmul operation, not BLAS, whose threads and those
     * of the other operations wait for each other's processors.
     */
    static void matmul(INDArray a, boolean transposeA, INDArray b, boolean transposeB, INDArray out) {
        MMulTranspose transpose = MMulTranspose.builder()
                .transposeA(transposeA)
                .transposeB(transposeB)
                .transposeResult(false)
                .build();
        Nd4j.exec(new Mmul(a, b, out, transpose));
    }
}
