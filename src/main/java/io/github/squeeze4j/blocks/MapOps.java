package io.github.squeeze4j.blocks;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce3.Dot;
import org.nd4j.linalg.factory.Broadcast;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The passes over whole feature maps, each in the form that ND4J runs fastest. Maps are contiguous [N, C, H, W],
 * per-channel vectors [N, C].
 */
final class MapOps {
    private MapOps() {}

    /** The map as [N * C, H * W], a view. */
    static INDArray rows(INDArray map) {
        return map.reshape('c', new long[] {map.size(0) * map.size(1), map.size(2) * map.size(3)});
    }

    /** out[n, c] = mean over h, w of x. */
    static void mean(INDArray x, INDArray out) {
        out.assign(rows(x).mean(1).reshape('c', out.shape()));
    }

    /** out = x * weight[n, c]. */
    static void scaleChannels(INDArray x, INDArray weight, INDArray out) {
        Broadcast.mul(x, weight, out, 0, 1);
    }

    /** out[n, c] = sum over h, w of x * y. */
    static void dotChannels(INDArray x, INDArray y, INDArray out) {
        Nd4j.exec(new Dot(rows(x), rows(y), out.reshape('c', new long[] {out.length()}), 1));
    }

    /** map += value[n, c]. */
    static void addToChannels(INDArray map, INDArray value) {
        rows(map).addiColumnVector(value.reshape('c', new long[] {value.length(), 1}));
    }
}
