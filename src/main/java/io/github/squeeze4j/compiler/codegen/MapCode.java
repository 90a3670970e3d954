package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Storage;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Numbers.Floats;
import io.github.squeeze4j.onednn.PostOps;
import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Steps;
import java.util.IdentityHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.dnnl.dnnl_memory_desc_t;

/** oneDNN's passes over maps, all in the layout in which the first one arrives. */
final class MapCode {
    private final Program.Builder program;
    private final Steps steps;
    private final Graph graph;
    private final ProgramCode code;
    private final ProgramCode.Leaves leaves;
    private final UnaryOperator<Function> kept;
    private final long[] shape;
    private final FlatMap flat;
    private final MapReductions reductions;
    private final MapSources sources;

    /** What dots scale besides. */
    private final Map<Value, Integer> scaled = new IdentityHashMap<>();

    /** How many reads of a map are still to come. */
    private final Map<Value, Integer> reads = new IdentityHashMap<>();

    MapCode(
            Program.Builder program,
            Steps steps,
            long batch,
            Graph graph,
            ProgramCode code,
            ProgramCode.Leaves leaves,
            UnaryOperator<Function> kept) {
        this.program = program;
        this.steps = steps;
        this.graph = graph;
        this.code = code;
        this.leaves = leaves;
        this.kept = kept;
        Value first = graph.values().stream()
                .filter(value -> value.is(Op.INPUT))
                .findFirst()
                .orElseThrow();
        shape = first.type().shape(batch);
        flat = new FlatMap(program, steps, shape, program.kind(leaves.input(first.text("name"))), together());
        reductions = new MapReductions(program, steps, shape, flat);
        sources = new MapSources(program, steps, shape, flat, code, reductions);
        for (Value value : graph.values()) {
            reads.put(value, graph.uses(value));
            if (value.is(Op.MAX_SOURCE) || value.is(Op.SAMPLE_SOURCE)) {
                reductions.keep(value.input(0));
            }
        }
    }

    /** The channels that are read together: those of the smallest group, 0 where none are. */
    private long together() {
        long together = 0;
        for (Value value : graph.values()) {
            if (value.is(Op.REPEAT) || MapReductions.readsChannels(value)) {
                long group = value.is(Op.REPEAT)
                        ? value.integer("times", 1)
                        : shape[1] / value.type().size(1);
                together = together == 0 ? group : Math.min(together, group);
            }
        }
        return together;
    }

    // ---- maps ------------------------------------------------------------------------------------------------------

    int place(Value value) {
        if (value.is(Op.INPUT)) {
            return flat.map(leaves.input(value.text("name")));
        }
        if (value.op().family() == Op.Family.UNARY) {
            return unary(value);
        }
        switch (value.op()) {
            case SCALED:
                code.place(value.input(0));
                return scaled.get(value.input(0));
            case FUNCTION_SOURCE:
                return functionSource(value);
            case MAX_SOURCE:
                return maxSource(value);
            case SAMPLE_SOURCE:
                return sources.sample(value);
            case CONVOLUTION_SOURCE:
                return program.as(code.convolutionSource(value), flat.kind());
            default:
                return binary(value);
        }
    }

    private int functionSource(Value value) {
        int known = code.place(value.input(0));
        int g = code.place(value.input(1));
        code.flush();
        value.inputs().forEach(this::read);
        return steps.applySource(
                ProgramCode.function(Op.valueOf(value.text("of").toUpperCase(Locale.ROOT))), known, g);
    }

    /** In the memory of what it is added to, where that is read no more. */
    private int maxSource(Value value) {
        Value addend = value.input(2);
        int from = code.place(addend);
        code.flush();
        read(addend);
        int to = reads.get(addend) == 0 && mayOverwrite(addend) ? from : program.copy(from);
        sources.addAtMaxima(value, to);
        return to;
    }

    /** Within a block the map itself still has what a function of it loses. */
    private Function kept(Value value, Function function) {
        boolean last = graph.outputs().contains(value);
        return last || function == Function.RELU ? kept.apply(function) : function;
    }

    /** As {@link MapReductions#filled}. */
    int filled(double number, long rows, long columns) {
        return reductions.filled(number, rows, columns);
    }

    /** The place to write to: that of a map that nobody reads any more, or a new one. */
    private int target(Value over) {
        return reads.get(over) == 0 && mayOverwrite(over) ? code.place(over) : program.temporary(flat.kind());
    }

    private boolean mayOverwrite(Value map) {
        if (!map.is(Op.INPUT)) {
            return true;
        }
        String name = map.text("name");
        // a copy in another layout is ours
        return leaves.mayOverwrite(name) || code.place(map) != leaves.input(name);
    }

    private void read(Value value) {
        reads.merge(value, -1, Integer::sum);
    }

    private int unary(Value value) {
        Value input = value.input(0);
        int x = code.place(input);
        code.flush();
        read(input);
        int y = target(input);
        if (value.is(Op.AFFINE)) {
            steps.affine(value.number("alpha"), value.number("beta"), x, y);
        } else {
            steps.apply(kept(value, ProgramCode.function(value.op())), x, y);
        }
        return y;
    }

    private int binary(Value value) {
        boolean swapped = value.input(0).type().storage() != Storage.MAP;
        Value map = value.input(swapped ? 1 : 0);
        Value other = value.input(swapped ? 0 : 1);
        if (map.type().storage() != Storage.MAP) {
            return outer(value);
        }
        int x = code.place(map);
        int[] views = operands(value, x, other);
        PostOps post = new PostOps();
        Value addend = value.inputs().size() > 2 ? value.input(2) : null;
        if (addend != null) {
            post.add(program.view(code.place(addend), program.kind(views[0])));
        }
        Function function = ProgramCode.function(value);
        post.apply(kept(value, function));
        code.flush();
        value.inputs().forEach(this::read);
        int y = target(map);
        int to = program.view(y, program.kind(views[0]));
        switch (value.op()) {
            case MULTIPLY:
            case DIVIDE: // by what is small, and inverted
                steps.multiply(views[0], views[1], to, post);
                break;
            case SUBTRACT:
                steps.subtract(views[0], views[1], to, post);
                break;
            case MAXIMUM:
                steps.maximum(views[0], views[1], to, post);
                break;
            default:
                steps.add(views[0], views[1], to, post);
                break;
        }
        return y;
    }

    /** A number per channel times one per position: products of columns and rows, a block of channels at a time. */
    private int outer(Value value) {
        boolean swapped = value.input(0).type().size(1) == 1;
        Value perChannel = value.input(swapped ? 1 : 0);
        Value perPosition = value.input(swapped ? 0 : 1);
        long blocks = flat.channels() / flat.block() / shape[0];
        int pixels = flat.pixels(program.view(small(value, perChannel), rows()));
        int rows = program.view(pixels, Layout.dense(shape[0], blocks, 1, flat.block()));
        int columns = program.view(code.place(perPosition), Layout.dense(shape[0], 1, shape[2] * shape[3], 1));
        code.flush();
        int products = steps.products(columns, rows, new PostOps().apply(ProgramCode.function(value)));
        return flat.map(program.view(products, flat.layout(shape)));
    }

    /** Both operands in shapes of which the second repeats as oneDNN can have it. */
    private int[] operands(Value value, int x, Value other) {
        if (other.type().storage() == Storage.MAP) {
            // oneDNN adds nothing to channels that only begin a block
            return new int[] {flat.flat(x), flat.flat(code.place(other))};
        }
        boolean repeats = other.is(Op.REPEAT);
        Value numbers = repeats ? other.input(0) : other;
        TensorType type = numbers.type();
        boolean channels = type.size(1) == shape[1];
        boolean tall = type.size(2) == shape[2];
        boolean wide = type.size(3) == shape[3];
        long blocks = flat.channels() / flat.block();
        if (channels && type.size(2) == 1 && type.size(3) == 1) {
            int matrix = program.view(small(value, numbers), rows());
            return new int[] {flat.flat(x), flat.pixels(matrix)};
        }
        if (!channels && tall && wide && flat.isChannelsLast()) {
            long groups = type.size(1);
            int rows = program.as(code.place(numbers), flat.layout(type.shape(shape[0])));
            long results = shape[0] * groups * shape[2] * shape[3];
            return new int[] {flat.positions(x, groups), program.view(rows, Layout.dense(1, results, 1, 1))};
        }
        if (!channels && tall && wide) {
            long outer = shape[0] * type.size(1);
            int spread = spread(numbers);
            return new int[] {flat.repeating(x, outer, blocks / outer), spread};
        }
        long[] sizes = {shape[0], shape[1], type.size(2), type.size(3)};
        int dense = program.view(small(value, numbers), Layout.dense(sizes));
        int blocked = program.as(dense, flat.layout(sizes));
        if (channels && tall && wide) {
            return new int[] {flat.flat(x), flat.flat(program.as(dense, flat.kind()))};
        }
        if (tall && flat.block() == 1) { // a number per row of the map, as channels have one
            long rows = blocks * shape[2];
            return new int[] {
                flat.view(x, Layout.dense(1, rows, 1, shape[3])), program.view(blocked, Layout.dense(1, rows, 1, 1))
            };
        }
        long outer = tall ? blocks * shape[2] : blocks;
        long middle = tall ? shape[3] : shape[2];
        long inner = flat.channels() * shape[2] * shape[3] / outer / middle;
        int repeating = program.view(blocked, Layout.dense(outer, 1, 1, inner));
        return new int[] {flat.repeating(x, outer, middle), repeating};
    }

    private dnnl_memory_desc_t rows() {
        return Layout.dense(shape[0], shape[1]);
    }

    /** The dense place of a small operand that each example has its own of; a divisor inverted. */
    private int small(Value value, Value numbers) {
        if (!value.is(Op.DIVIDE) && numbers.type().isBatched()) {
            return code.place(numbers);
        }
        double[] x = code.array(numbers);
        long length = numbers.type().elements();
        int to = program.temporary(Layout.dense(shape[0], length));
        boolean inverted = value.is(Op.DIVIDE);
        code.write(to, program -> {
            Floats y = program.floats(to);
            for (int i = 0; i < shape[0] * length; i++) {
                double number = x[i % x.length];
                y.put(i, (float) (inverted ? 1 / number : number));
            }
        });
        return to;
    }

    /** [N * groups, 1, 1, H * W * block] of [N, groups, H, W]: each number for all channels of a block, as a product with ones. */
    private int spread(Value numbers) {
        int block = flat.block();
        long groups = numbers.type().size(1);
        long rows = shape[0] * groups * shape[2] * shape[3];
        int dense = code.place(numbers);
        code.flush();
        int spread = block == 1
                ? dense
                : steps.linear(
                        program.view(dense, Layout.dense(rows, 1)), reductions.filled(1, block, 1), -1, new PostOps());
        return program.view(spread, Layout.dense(shape[0] * groups, 1, 1, shape[2] * shape[3] * block));
    }

    /** A reduction of a map, as a dense place. */
    int reduced(Value value) {
        if (value.is(Op.DOT)) {
            return dot(value);
        }
        Value input = value.input(0);
        int x = code.place(input);
        code.flush();
        read(input);
        int weights = value.is(Op.WEIGHTED_SUM) ? code.place(value.input(1)) : -1;
        code.flush();
        return reductions.of(value, x, weights);
    }

    /** A map, or what is as large and lies otherwise. */
    private int whole(Value value, Value other) {
        return other.type().storage() == Storage.MAP
                ? code.place(other)
                : program.as(program.view(small(value, other), Layout.dense(shape)), flat.kind());
    }

    private int dot(Value value) {
        boolean repeats = value.input(1).is(Op.REPEAT);
        Value other = repeats ? value.input(1).input(0) : value.input(1);
        int x = code.place(value.input(0));
        boolean positions = value.integers("axes").length == 2;
        boolean maps = !repeats && other.type().sameShape(value.input(0).type());
        int by = maps ? whole(value, other) : -1;
        Value factor = value.inputs().size() > 2 ? value.input(2) : null;
        int factors = factor == null ? -1 : flat.pixels(program.view(code.place(factor), rows()));
        int numbers = maps ? -1 : positions ? code.place(other) : flat.pixels(program.view(code.place(other), rows()));
        code.flush();
        value.inputs().forEach(this::read);
        if (!maps && positions) {
            return reductions.byPosition(value, x, numbers, other.type().size(1));
        }
        if (!maps && flat.block() > 1) {
            return reductions.byChannel(value, x, numbers);
        }
        if (!positions) {
            int products = steps.multiply(flat.flat(x), maps ? flat.flat(by) : numbers, -1, new PostOps());
            return reductions.channels(value, program.view(products, flat.kind()));
        }
        int dots = flat.vector();
        long[] one = {flat.channels()};
        int zeros = program.view(filled(0, 1, flat.channels()), Layout.dense(one));
        int ones = program.view(filled(1, 1, flat.channels()), Layout.dense(one));
        int scale = factors < 0 ? ones : program.view(factors, flat.vectorKind());
        int product = steps.scaledAndDots(flat.flat(x), flat.flat(by), scale, zeros, ones, dots);
        scaled.put(value, program.view(product, flat.kind()));
        return program.view(flat.matrix(program.view(dots, flat.pixelKind())), code.denseKind(value));
    }
}
