package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Sampling;
import io.github.squeeze4j.compiler.ir.Storage;
import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Numbers.Floats;
import io.github.squeeze4j.onednn.Pooling;
import io.github.squeeze4j.onednn.PostOps;
import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Steps;
import io.github.squeeze4j.onednn.Window;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** What becomes of a map's many numbers few: one look at it, dense results. */
final class MapReductions {
    private final Program.Builder program;
    private final Steps steps;
    private final long[] shape;
    private final FlatMap flat;

    /** Poolings of which gradients are asked for, as soon as they are there. */
    private final Map<Value, Optional<Steps.Pooled>> kept = new IdentityHashMap<>();

    /** @param shape of the maps, all of which are as {@code flat} describes them */
    MapReductions(Program.Builder program, Steps steps, long[] shape, FlatMap flat) {
        this.program = program;
        this.steps = steps;
        this.shape = shape;
        this.flat = flat;
    }

    /** Says that the gradient of a pooling is asked for. */
    void keep(Value value) {
        kept.put(value, Optional.empty());
    }

    private void keep(Value value, Steps.Pooled pooled) {
        kept.computeIfPresent(value, (v, none) -> Optional.of(pooled));
    }

    /** A pooling of which the gradient was asked for. */
    Steps.Pooled pooled(Value value) {
        return kept.get(value).orElseThrow();
    }

    /** Whether a value is a reduction of a map along its channels. */
    static boolean readsChannels(Value value) {
        return (value.op().family() == Op.Family.REDUCTION || value.is(Op.DOT))
                && value.input(0).type().storage() == Storage.MAP
                && value.integers("axes")[0] == 1;
    }

    /** @param weights of a weighted sum; else -1 */
    int of(Value value, int x, int weights) {
        if (readsChannels(value)) {
            return channels(value, x);
        }
        if (value.is(Op.WEIGHTED_SUM)) {
            return weighted(value, x, weights);
        }
        long[] to = value.type().shape(shape[0]);
        if (isUneven(value)) {
            return bins(value, x, to);
        }
        Pooling.Kind kind = value.is(Op.MAX)
                ? Pooling.Kind.MAX
                : value.is(Op.AVERAGE_POOL) ? Pooling.Kind.AVERAGE_INSIDE : Pooling.Kind.AVERAGE;
        Steps.Pooled pooling = steps.pooling(kind, window(value, to), x, to, kept.containsKey(value));
        keep(value, pooling);
        int dense = to[2] * to[3] == 1 ? flat.matrix(pooling.output) : program.as(pooling.output, kind(value));
        if (value.is(Op.SUM)) {
            steps.multiply(shape[2] * shape[3] / (to[2] * to[3]), dense, dense);
        }
        return program.view(dense, kind(value));
    }

    /** Whether a pooling has bins of several sizes. */
    boolean isUneven(Value value) {
        return value.is(Op.ADAPTIVE_POOLS)
                || value.is(Op.ADAPTIVE_POOL)
                        && (shape[2] % value.type().size(2) != 0
                                || shape[3] % value.type().size(3) != 0);
    }

    /** The map times the weights, which repeat over the examples, and then sums over positions. */
    private int weighted(Value value, int x, int w) {
        long[] one = {1, shape[1], shape[2], shape[3]};
        int dense = program.view(w, Layout.dense(one));
        int blocked = program.as(dense, flat.layout(one));
        long numbers = flat.channels() / shape[0] * shape[2] * shape[3];
        int map = flat.view(x, Layout.map(new long[] {shape[0], numbers, 1, 1}, true));
        int weights = program.view(blocked, Layout.map(new long[] {1, numbers, 1, 1}, true));
        int products = program.view(steps.multiply(map, weights, -1, new PostOps()), flat.kind());
        long[] to = value.type().shape(shape[0]);
        int means = flat.matrix(steps.pooling(Pooling.Kind.AVERAGE, window(value, to), products, to, false).output);
        steps.multiply(shape[2] * shape[3], means, means);
        return program.view(means, kind(value));
    }

    private Window window(Value value, long[] to) {
        int[] kernel = {Math.toIntExact(shape[2] / to[2]), Math.toIntExact(shape[3] / to[3])};
        int[] stride = kernel;
        int[] begin = {0, 0};
        int[] end = {0, 0};
        if (value.is(Op.AVERAGE_POOL)) {
            int size = value.integer("kernel", 1);
            int step = value.integer("stride", 1);
            int padding = value.integer("padding", 0);
            kernel = new int[] {size, size};
            stride = new int[] {step, step};
            begin = new int[] {padding, padding};
            for (int i = 0; i < 2; i++) {
                end[i] = (int) Math.max(0, (to[2 + i] - 1) * step + size - padding - shape[2 + i]);
            }
        }
        return new Window(kernel, stride, new int[] {1, 1}, begin, end);
    }

    /** Bins of unequal size are rows of a matrix; a block of channels is what it is multiplied by. */
    private int bins(Value value, int x, long[] to) {
        long positions = shape[2] * shape[3];
        long cells = to[2] * to[3];
        int matrix = bins(value, cells, false);
        int block = flat.block();
        if (block == 1) {
            int rows = flat.view(x, Layout.dense(flat.channels(), positions));
            int by = program.view(matrix, Layout.dense(cells, positions));
            return program.view(steps.linear(rows, by, -1, new PostOps()), kind(value));
        }
        int blocks = flat.view(x, Layout.dense(flat.channels() / block, positions, block));
        int products = steps.products(matrix, blocks, new PostOps());
        return program.as(program.view(products, flat.layout(to)), kind(value));
    }

    /** [1, bins, positions], or [1, positions, bins]. */
    int bins(Value value, long cells, boolean turned) {
        long positions = shape[2] * shape[3];
        String name = "bins " + value.attributes().get("bins") + " of " + shape[2] + " x " + shape[3];
        return turned
                ? program.constant(
                        name + " turned",
                        Layout.dense(1, positions, cells),
                        () -> matrix(value).permute(0, 2, 1).dup('c'))
                : program.constant(name, Layout.dense(1, cells, positions), () -> matrix(value));
    }

    private static INDArray matrix(Value value) {
        Value map = value.input(0);
        int[] bins = value.is(Op.ADAPTIVE_POOL) ? new int[] {value.integer("bins", 1)} : value.integers("bins");
        long positions = map.type().size(2) * map.type().size(3);
        INDArray matrix = Nd4j.create(
                DataType.FLOAT, 1, value.type().size(2) * value.type().size(3), positions);
        Floats numbers = new Floats(matrix);
        long at = 0;
        for (int count : bins) {
            Value pool = new Ops().adaptivePool(map, count);
            double[][] across = Sampling.matrix(pool, 3);
            for (double[] row : Sampling.matrix(pool, 2)) {
                for (double[] column : across) {
                    for (double one : row) {
                        for (double two : column) {
                            numbers.put(at++, (float) (one * two));
                        }
                    }
                }
            }
        }
        return matrix;
    }

    /**
     * A reduction of a map along its channels, as a dense place: blocks by a pooling of rows, then what is left of each block by a
     * product with ones, or for maxima by a pooling of what lay side by side one behind the other.
     */
    int channels(Value value, int x) {
        int block = flat.block();
        long groups = value.type().size(1);
        if (flat.isChannelsLast()) {
            return channelsLast(value, x, groups);
        }
        int rows = Math.toIntExact(flat.channels() / shape[0] / block / groups);
        Pooling.Kind kind = value.is(Op.MAX) ? Pooling.Kind.MAX : Pooling.Kind.AVERAGE;
        int lanes = firstAxis(value, kind, flat.channelRows(x), rows, shape[0], shape[2] * shape[3] * block, groups);
        long results = shape[0] * groups * shape[2] * shape[3];
        int matrix = flat.view(lanes, Layout.dense(results, block));
        double sum = value.is(Op.MEAN) || value.is(Op.MAX) ? 1 : rows * block;
        int y = lanes;
        if (block > 1 && value.is(Op.MAX)) {
            int apart = program.as(matrix, flat.typed(Layout.transposed(results, block)));
            y = firstAxis(
                    null,
                    kind,
                    flat.view(apart, Layout.map(new long[] {1, results, block, 1}, true)),
                    block,
                    1,
                    results,
                    1);
        } else if (block > 1) {
            y = steps.linear(matrix, filled(sum / block, 1, block), -1, new PostOps());
        } else if (sum != 1) {
            steps.multiply(sum, lanes, lanes);
        }
        return program.view(program.single(y), kind(value));
    }

    /** Sums are products with ones; of maxima, groups of up to 16 channels are what is left of a first pooling. */
    private int channelsLast(Value value, int x, long groups) {
        long results = shape[0] * groups * shape[2] * shape[3];
        long channels = shape[1] / groups;
        int y;
        if (value.is(Op.MAX)) {
            long lanes = Math.min(16, Long.lowestOneBit(channels));
            long[] apart = {results, lanes, channels / lanes, 1};
            int some = firstAxis(
                    null,
                    Pooling.Kind.MAX,
                    flat.view(x, Layout.map(apart, true)),
                    Math.toIntExact(channels / lanes),
                    results,
                    lanes,
                    1);
            int columns = program.as(
                    flat.view(some, Layout.dense(results, lanes)), flat.typed(Layout.transposed(results, lanes)));
            int rows = flat.view(columns, Layout.map(new long[] {1, results, lanes, 1}, true));
            y = program.single(firstAxis(null, Pooling.Kind.MAX, rows, Math.toIntExact(lanes), 1, results, 1));
        } else {
            // in bfloat16 only the inverses of powers of two are exact
            boolean exact = Long.bitCount(channels) == 1;
            boolean mean = value.is(Op.MEAN);
            double weight = mean && exact ? 1.0 / channels : 1;
            y = steps.linear(flat.positionRows(x, groups), filled(weight, 1, channels), -1, new PostOps());
            if (mean && !exact) {
                steps.multiply(1.0 / channels, y, y);
            }
        }
        return program.as(program.view(y, flat.layout(value.type().shape(shape[0]))), kind(value));
    }

    /** Sums of the map times a number per position: products of rows of these with positions by blocks of channels. */
    int byPosition(Value value, int x, int numbers, long groups) {
        int block = flat.block();
        long positions = shape[2] * shape[3];
        long outer = shape[0] * groups;
        int rows = program.view(numbers, Layout.dense(outer, 1, 1, positions));
        int map = program.view(x, Layout.dense(outer, flat.channels() / outer / block, positions, block));
        int products = steps.products(rows, map, new PostOps());
        return program.view(flat.matrix(program.view(products, flat.pixelKind())), kind(value));
    }

    /** Sums of the map times a number per channel: products of positions by blocks of channels with columns of these. */
    int byChannel(Value value, int x, int numbers) {
        int block = flat.block();
        long positions = shape[2] * shape[3];
        long blocks = flat.channels() / shape[0] / block;
        int columns = program.view(numbers, Layout.dense(shape[0], blocks, block, 1));
        int map = program.view(x, Layout.dense(shape[0], blocks, positions, block));
        int products = steps.products(map, columns, new PostOps());
        long groups = value.type().size(1);
        int rows = Math.toIntExact(blocks / groups);
        int turned = program.view(products, Layout.map(new long[] {shape[0], positions, blocks, 1}, true));
        int means = firstAxis(null, Pooling.Kind.AVERAGE, turned, rows, shape[0], positions, groups);
        steps.multiply(rows, means, means);
        return program.view(means, kind(value));
    }

    /**
     * [outer, groups, inner] of [outer, groups, rows, inner].
     *
     * @param of which value it is the pooling to keep, or null
     */
    private int firstAxis(Value of, Pooling.Kind kind, int x, int rows, long outer, long inner, long groups) {
        int[] kernel = {rows, 1};
        int[] none = {0, 0};
        long[] to = {outer, inner, groups, 1};
        Window window = new Window(kernel, kernel, new int[] {1, 1}, none, none);
        Steps.Pooled pooled = steps.pooling(kind, window, x, to, kept.containsKey(of));
        keep(of, pooled);
        return program.as(pooled.output, flat.typed(Layout.map(to, true)));
    }

    private dnnl_memory_desc_t kind(Value value) {
        return Layout.dense(value.type().shape(shape[0]));
    }

    /** A constant matrix of the same number everywhere. */
    int filled(double number, long rows, long columns) {
        String name = rows + " x " + columns + " times " + number;
        return program.constant(
                name,
                Layout.dense(rows, columns),
                () -> Nd4j.valueArrayOf(new long[] {rows, columns}, number, DataType.FLOAT));
    }
}
