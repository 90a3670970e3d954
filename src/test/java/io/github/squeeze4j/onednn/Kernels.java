package io.github.squeeze4j.onednn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every way into oneDNN on single arrays, each with arrays that nobody but the call refers to. */
final class Kernels {
    private static final long[] MAP = {2, 4, 5, 6};
    private static final int[] ONE = {1, 1};
    private static final int[] NONE = {0, 0};

    private Kernels() {}

    /** By name; each makes its arrays by giving shapes to a function, and INT32 ones by a second. */
    static Map<String, Consumer<Function<long[], INDArray>>> all(Function<long[], INDArray> integers) {
        Map<String, Consumer<Function<long[], INDArray>>> all = new LinkedHashMap<>();
        all.put("multiply", a -> MapPasses.multiply(a.apply(MAP), of(a, 2, 4, 1, 1), a.apply(MAP)));
        all.put("multiplyAndAdd", a -> MapPasses.multiplyAndAdd(a.apply(MAP), a.apply(MAP), a.apply(MAP)));
        all.put("add", a -> MapPasses.add(a.apply(MAP), of(a, 2, 1, 5, 6), a.apply(MAP)));
        all.put("scaleAndShift", a -> MapPasses.scaleAndShift(a.apply(MAP), of(a, 2, 4), of(a, 2, 4), a.apply(MAP)));
        all.put("sumPositions", a -> MapPasses.sumPositions(a.apply(MAP), 0.5, of(a, 2, 4)));
        all.put("weighted sumPositions", a -> MapPasses.sumPositions(a.apply(MAP), of(a, 2, 1, 5, 6), of(a, 2, 4)));
        all.put("sumChannels", a -> MapPasses.sumChannels(a.apply(MAP), of(a, 2, 1, 5, 6)));
        all.put("weighted sumChannels", a -> MapPasses.sumChannels(a.apply(MAP), of(a, 2, 4), of(a, 2, 1, 5, 6)));
        all.put("outer", a -> MapPasses.outer(of(a, 2, 4, 3), of(a, 2, 3, 5, 6), a.apply(MAP)));
        all.put("maxima of positions", a -> Maxima.ofPositions(a.apply(MAP), of(a, 2, 4), null));
        all.put(
                "places of maxima",
                a -> Maxima.ofPositions(a.apply(MAP), of(a, 2, 4), integers.apply(new long[] {2, 4})));
        all.put("maxima of channels", a -> Maxima.ofChannels(a.apply(MAP), of(a, 2, 30), null));
        all.put("product", a -> Dense.multiply(of(a, 3, 4), false, of(a, 4, 5), false, of(a, 5), of(a, 3, 5)));
        all.put("sumRows", a -> Dense.sumRows(of(a, 3, 4), of(a, 4)));
        all.put("sigmoid", a -> Dense.sigmoid(of(a, 7), of(a, 7)));
        all.put("sigmoidGradient", a -> Dense.sigmoidGradient(of(a, 7), of(a, 7), of(a, 7)));
        all.put("relu", a -> Elementwise.relu(a.apply(MAP), a.apply(MAP)));
        all.put("reluGradient", a -> Elementwise.reluGradient(a.apply(MAP), a.apply(MAP), a.apply(MAP)));
        all.put("addition", a -> Elementwise.add(a.apply(MAP), a.apply(MAP), a.apply(MAP), true));
        all.put(
                "batchNorm",
                a -> BatchNorm.forward(
                        a.apply(MAP),
                        a.apply(MAP),
                        of(a, 1, 4),
                        of(a, 1, 4),
                        of(a, 1, 4),
                        of(a, 1, 4),
                        1e-3,
                        true,
                        true));
        all.put(
                "batchNorm backward",
                a -> BatchNorm.backward(
                        a.apply(MAP),
                        a.apply(MAP),
                        a.apply(MAP),
                        of(a, 1, 4),
                        of(a, 1, 4),
                        of(a, 1, 4),
                        of(a, 1, 4),
                        of(a, 1, 4),
                        1e-3));
        Convolution convolution = new Convolution(1, ONE, ONE, ONE, ONE);
        all.put(
                "convolution",
                a -> convolution.forward(a.apply(MAP), of(a, 8, 4, 3, 3), of(a, 1, 8), of(a, 2, 8, 5, 6), true));
        all.put(
                "convolution backward",
                a -> convolution.backward(
                        a.apply(MAP),
                        of(a, 8, 4, 3, 3),
                        of(a, 2, 8, 5, 6),
                        a.apply(MAP),
                        of(a, 8, 4, 3, 3),
                        of(a, 1, 8)));
        Pooling pooling = new Pooling(Pooling.Kind.MAX, new int[] {2, 2}, ONE, NONE, NONE);
        all.put("pooling", a -> pooling.forward(a.apply(MAP), of(a, 2, 4, 4, 5)));
        all.put("pooling backward", a -> pooling.backward(a.apply(MAP), of(a, 2, 4, 4, 5), a.apply(MAP)));
        return all;
    }

    static INDArray integers(long[] shape) {
        return Nd4j.create(DataType.INT32, shape);
    }

    private static INDArray of(Function<long[], INDArray> arrays, long... shape) {
        return arrays.apply(shape);
    }
}
