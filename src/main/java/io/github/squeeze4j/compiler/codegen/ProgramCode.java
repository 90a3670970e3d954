package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Storage;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Numbers.Floats;
import io.github.squeeze4j.onednn.Pooling;
import io.github.squeeze4j.onednn.PostOps;
import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Steps;
import io.github.squeeze4j.onednn.Window;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A graph as steps of a oneDNN program. What has {@link Storage#MAP} is a pass of oneDNN's over maps ({@link MapCode}); what is
 * {@link Storage#DENSE} is computed by oneDNN or lies in its memory; what is {@link Storage#HEAP} is a loop in Java, and all loops
 * between two of oneDNN's primitives are one step.
 */
public final class ProgramCode {
    /** What the graph's leaves are in the program. */
    public interface Leaves {
        /**
         * A parameter.
         *
         * @param name its name
         * @param form a name of the kind
         * @param kind how to describe its memory
         * @return its place
         */
        int parameter(String name, String form, dnnl_memory_desc_t kind);

        /**
         * A map that is given.
         *
         * @param name its name
         * @return its place, in any layout
         */
        int input(String name);

        /**
         * Whether parameters never change.
         *
         * @return true if what is computed of them alone is computed once
         */
        boolean constant();

        /**
         * Whether nothing else reads a given map's memory.
         *
         * @param name its name
         * @return true if it may be written over
         */
        boolean mayOverwrite(String name);

        /**
         * What the gradient of a parameter is written to.
         *
         * @param name the parameter's name
         * @param kind how to describe its memory
         * @return its place
         */
        int gradient(String name, dnnl_memory_desc_t kind);
    }

    private final Program.Builder program;
    private final Steps steps;
    private final long batch;
    private final Leaves leaves;
    private final Graph graph;
    private final MapCode maps;
    private final HeapCode loops;

    private final Map<Value, Integer> places = new IdentityHashMap<>();
    private final Map<Value, double[]> arrays = new IdentityHashMap<>();
    private final Map<Value, Steps.Convolved> convolutions = new IdentityHashMap<>();

    /** Loops that wait to become one step, and the places that they read and write. */
    private List<Consumer<Program>> pending = new ArrayList<>();

    private final List<Integer> touched = new ArrayList<>();

    /**
     * A graph to be added to a program.
     *
     * @param program the program
     * @param steps that program's
     * @param batch the number of examples
     * @param graph behind {@link io.github.squeeze4j.compiler.passes.ChooseStorage}
     * @param leaves what goes in
     * @param kept the form of a function of maps that loses nothing
     */
    public ProgramCode(
            Program.Builder program,
            Steps steps,
            long batch,
            Graph graph,
            Leaves leaves,
            UnaryOperator<Function> kept) {
        this.program = program;
        this.steps = steps;
        this.batch = batch;
        this.graph = graph;
        this.leaves = leaves;
        loops = new HeapCode(batch);
        maps = new MapCode(program, steps, batch, graph, this, leaves, kept);
    }

    /**
     * Adds what an output needs and is not there yet.
     *
     * @param index which output, a map
     * @return its place, in the layout of the first input
     */
    public int map(int index) {
        Value output = graph.outputs().get(index);
        // maps in their order, so that one that is read no more may be written over; smaller values where they are
        // needed
        for (Value value : new Graph(graph.name(), output).values()) {
            if (value.type().storage() == Storage.MAP) {
                place(value);
            }
        }
        return place(output);
    }

    /**
     * Adds what an output needs and is not there yet, and writes it to {@link Leaves#gradient}.
     *
     * @param index which output
     * @param parameter of which it is the gradient
     */
    public void gradient(int index, String parameter) {
        Value output = graph.outputs().get(index);
        boolean weights = output.is(Op.DENSE_WEIGHTS);
        TensorType type = output.type();
        int to =
                leaves.gradient(parameter, weights ? Layout.transposed(type.size(1), type.size(0)) : denseKind(output));
        if (weights) {
            denseWeights(output, to);
        } else if (output.is(Op.CONVOLUTION_WEIGHTS) && type.storage() == Storage.DENSE) {
            convolutionWeights(output, to);
        } else if (output.is(Op.ADD) && type.storage() == Storage.DENSE) {
            steps.add(addend(output, 0), addend(output, 1), to, new PostOps());
        } else {
            double[] numbers = array(output);
            write(to, program -> {
                Floats floats = program.floats(to);
                for (int i = 0; i < numbers.length; i++) {
                    floats.put(i, (float) numbers[i]);
                }
            });
        }
    }

    /**
     * Why a graph cannot be such steps.
     *
     * @param graph behind {@link io.github.squeeze4j.compiler.passes.ChooseStorage}
     * @return the reason; null if it can
     */
    public static String refusal(Graph graph) {
        return Refusals.of(graph);
    }

    // ---- places ----------------------------------------------------------------------------------------------------

    /** Where a value lies: a map in its layout, else dense. */
    int place(Value value) {
        Integer known = places.get(value);
        if (known == null) {
            known = make(value);
            places.put(value, known);
        }
        return known;
    }

    private int make(Value value) {
        switch (value.type().storage()) {
            case MAP:
                return maps.place(value);
            case DENSE:
                return dense(value);
            default:
                return stored(value);
        }
    }

    private int dense(Value value) {
        switch (value.op()) {
            case PARAMETER:
                return weights(value);
            case RESHAPE:
                return parameter(value) == null
                        ? program.view(unblocked(value.input(0)), denseKind(value))
                        : weights(value);
            case DENSE:
                return linear(value);
            case CONVOLUTION:
                return convolution(value, value.input(1), windowOf(value));
            case CONCAT:
                return concatenation(value);
            case SLICE:
                return slice(value);
            case DENSE_WEIGHTS:
                TensorType weights = value.type();
                return denseWeights(value, program.temporary(Layout.transposed(weights.size(1), weights.size(0))));
            case CONVOLUTION_WEIGHTS:
                return convolutionWeights(value, program.temporary(denseKind(value)));
            case CONVOLUTION_SOURCE:
                return program.as(convolutionSource(value), denseKind(value));
            case ADD:
                return program.view(steps.add(addend(value, 0), addend(value, 1), -1, new PostOps()), denseKind(value));
            default:
                if (value.op().family() == Op.Family.UNARY) {
                    return applied(value);
                }
                return value.input(0).type().storage() == Storage.MAP ? maps.reduced(value) : small(value);
        }
    }

    /** Both as rows of the same length. */
    private int addend(Value value, int index) {
        return program.view(
                unblocked(value.input(index)), Layout.dense(value.type().elements()));
    }

    private int applied(Value value) {
        int x = place(value.input(0));
        flush();
        int y = program.temporary(program.kind(x));
        steps.apply(function(value.op()), x, y);
        return y;
    }

    /** A part of each row, as which the axes behind the one that is cut, and it, are read. */
    private int slice(Value value) {
        int axis = value.integer("axis", 1);
        long[] from = value.input(0).type().shape(batch);
        long rows = 1;
        long behind = 1;
        for (int i = 0; i < from.length; i++) {
            rows *= i < axis ? from[i] : 1;
            behind *= i > axis ? from[i] : 1;
        }
        int x = unblocked(value.input(0));
        flush();
        int whole = program.view(x, Layout.dense(rows, from[axis] * behind));
        int like = program.temporary(Layout.dense(rows, value.integer("size", 1) * behind));
        return program.view(steps.part(whole, value.integer("from", 0) * behind, like), denseKind(value));
    }

    /** A pooling of equal bins, or a weighted sum over positions, of what is dense already. */
    private int small(Value value) {
        int x = unblocked(value.input(0));
        TensorType in = value.input(0).type();
        if (value.is(Op.ADAPTIVE_POOL)) {
            flush();
            int[] kernel = {
                Math.toIntExact(in.size(2) / value.type().size(2)),
                Math.toIntExact(in.size(3) / value.type().size(3))
            };
            int[] none = {0, 0};
            Window window = new Window(kernel, kernel, new int[] {1, 1}, none, none);
            long[] to = value.type().shape(batch);
            return program.as(steps.pooling(Pooling.Kind.AVERAGE, window, x, to, false).output, denseKind(value));
        }
        int w = place(value.input(1));
        flush();
        long positions = in.size(2) * in.size(3);
        int rows = program.view(x, Layout.map(new long[] {batch, in.elements(), 1, 1}, true));
        int weights = program.view(w, Layout.map(new long[] {1, in.elements(), 1, 1}, true));
        int products = steps.multiply(rows, weights, -1, new PostOps());
        int matrix = program.view(products, Layout.dense(batch * in.size(1), positions));
        return program.view(steps.linear(matrix, maps.filled(1, 1, positions), -1, new PostOps()), denseKind(value));
    }

    private int concatenation(Value value) {
        int[] parts = value.inputs().stream().mapToInt(this::place).toArray();
        flush();
        return program.as(steps.concatenation(parts), denseKind(value));
    }

    /** A place in which channels fill what they lie in, which those of maps of one pixel, read as small values are, may not do. */
    private int unblocked(Value value) {
        int place = place(value);
        return value.type().storage() == Storage.MAP ? program.as(place, denseKind(value)) : program.single(place);
    }

    dnnl_memory_desc_t denseKind(Value value) {
        return Layout.dense(value.type().shape(batch));
    }

    /** The parameter of which a value is another shape, or null. */
    private static Value parameter(Value value) {
        Value of = value;
        while (of.is(Op.RESHAPE)) {
            of = of.input(0);
        }
        return of.is(Op.PARAMETER) ? of : null;
    }

    /** A parameter in the shape that the value has. */
    private int weights(Value value) {
        return leaves.parameter(parameter(value).text("name"), value.type().toString(), denseKind(value));
    }

    private int linear(Value value) {
        Value x = value.input(0);
        TensorType weights = value.input(1).type();
        if (x.type().size(2) * x.type().size(3) > 1) {
            return pointwise(value);
        }
        int rows = program.view(unblocked(x), Layout.dense(batch, weights.size(0)));
        Value w = value.input(1);
        boolean turned = w.is(Op.TRANSPOSE);
        int by = turned
                ? leaves.parameter(
                        parameter(w.input(0)).text("name"), " rows", Layout.dense(weights.size(1), weights.size(0)))
                : leaves.parameter(
                        parameter(w).text("name"), " transposed", Layout.transposed(weights.size(1), weights.size(0)));
        int bias = value.inputs().size() > 2 ? place(value.input(2)) : -1;
        flush();
        int y = steps.linear(rows, by, bias, new PostOps().apply(function(value)));
        return program.view(y, denseKind(value));
    }

    /** To one channel, whose weights [in, 1] lie as [1, in, 1, 1]. */
    private int pointwise(Value value) {
        long in = value.input(0).type().size(1);
        Value w = value.input(1);
        int by = leaves.parameter(parameter(w).text("name"), " pointwise", Layout.dense(1, in, 1, 1));
        int[] one = {1, 1};
        int[] none = {0, 0};
        return convolution(value, by, new Window(one, one, one, none, none));
    }

    private int convolution(Value value, Value weights, Window window) {
        return convolution(value, parameter(weights) == null ? place(weights) : weights(weights), window);
    }

    private int convolution(Value value, int weights, Window window) {
        int x = place(value.input(0));
        int bias = value.inputs().size() > 2 ? place(value.input(2)) : -1;
        flush();
        Steps.Convolved convolved = steps.convolution(
                window, x, weights, bias, value.type().shape(batch), -1, new PostOps().apply(function(value)), null);
        convolutions.put(value, convolved);
        return program.as(convolved.output, denseKind(value));
    }

    /** Of what is dense, or as the convolution has it of a map. */
    int convolutionSource(Value value) {
        place(value.input(0));
        int g = place(value.input(1));
        flush();
        return steps.convolutionSource(convolutions.get(value.input(0)), g);
    }

    private int convolutionWeights(Value value, int to) {
        place(value.input(0));
        int g = place(value.input(1));
        flush();
        steps.convolutionWeights(convolutions.get(value.input(0)), g, to, -1);
        return to;
    }

    private int denseWeights(Value value, int to) {
        int x = program.view(
                unblocked(value.input(0)), Layout.dense(batch, value.type().size(0)));
        int g = program.view(
                unblocked(value.input(1)), Layout.dense(batch, value.type().size(1)));
        flush();
        steps.linearWeights(x, g, to, -1);
        return to;
    }

    private static Window windowOf(Value value) {
        TensorType weights = value.input(1).type();
        int[] kernel = {Math.toIntExact(weights.size(2)), Math.toIntExact(weights.size(3))};
        int[] padding = value.integers("padding");
        return new Window(kernel, value.integers("stride"), value.integers("dilation"), padding, padding);
    }

    /** What was fused into an operation. */
    static Function function(Value value) {
        String name = value.text("function");
        return name == null ? Function.IDENTITY : function(Op.valueOf(name.toUpperCase(Locale.ROOT)));
    }

    /**
     * The operation that applies a function.
     *
     * @param function not the identity
     * @return an operation of one number
     */
    public static Op op(Function function) {
        for (Op op : Op.values()) {
            if (function(op) == function) {
                return op;
            }
        }
        throw new IllegalArgumentException("function (" + function + ") must be one that a graph has an operation for");
    }

    /** oneDNN's form of a function, or null. */
    static Function function(Op op) {
        switch (op) {
            case RELU:
                return Function.RELU;
            case RELU6:
                return Function.RELU6;
            case SIGMOID:
                return Function.SIGMOID;
            case HARD_SIGMOID:
                return Function.HARD_SIGMOID;
            case TANH:
                return Function.TANH;
            case SWISH:
                return Function.SILU;
            case HARD_SWISH:
                return Function.HARD_SWISH;
            case ABS:
                return Function.ABS;
            case EXP:
                return Function.EXP;
            default:
                return null;
        }
    }

    // ---- Java arrays -----------------------------------------------------------------------------------------------

    /** The numbers of a value, computed when the loops that are waiting have run. */
    double[] array(Value value) {
        double[] known = arrays.get(value);
        if (known == null) {
            known = loaded(value);
            arrays.put(value, known);
        }
        return known;
    }

    private double[] loaded(Value value) {
        if (value.type().storage() == Storage.HEAP && value.is(Op.RESHAPE)) {
            return array(value.input(0));
        }
        if (value.is(Op.CAST) && value.type().dataType() == DataType.DOUBLE) {
            return array(value.input(0)); // which holds them in double precision
        }
        double[] y = loops.array(value.type());
        if (value.type().storage() != Storage.HEAP) {
            int from = unblocked(value);
            later(value, program -> {
                Floats numbers = program.floats(from);
                for (int i = 0; i < y.length; i++) {
                    y[i] = numbers.get(i);
                }
            });
            touched.add(from);
            return y;
        }
        Runnable loop = loops.loop(value, this::array, y);
        later(value, program -> loop.run());
        return y;
    }

    private int stored(Value value) {
        double[] x = array(value);
        int to = program.temporary(denseKind(value));
        write(to, program -> {
            Floats numbers = program.floats(to);
            for (int i = 0; i < x.length; i++) {
                numbers.put(i, (float) x[i]);
            }
        });
        return to;
    }

    /** A loop that writes to a place. */
    void write(int place, Consumer<Program> loop) {
        later(loop);
        touched.add(place);
        flush();
    }

    /** A loop that computes a value: once where that comes of constants alone. */
    private void later(Value value, Consumer<Program> loop) {
        boolean[] done = {false};
        boolean once = leaves.constant() && isOfParameters(value);
        later(program -> {
            if (!done[0]) {
                loop.accept(program);
                done[0] = once;
            }
        });
    }

    private static boolean isOfParameters(Value value) {
        return value.is(Op.PARAMETER)
                || !value.inputs().isEmpty() && value.inputs().stream().allMatch(ProgramCode::isOfParameters);
    }

    private void later(Consumer<Program> loop) {
        pending.add(loop);
    }

    /** Makes the loops that wait a step. */
    void flush() {
        if (!pending.isEmpty()) {
            List<Consumer<Program>> all = pending;
            pending = new ArrayList<>();
            program.call(
                    program -> all.forEach(loop -> loop.accept(program)),
                    touched.stream().mapToInt(Integer::intValue).toArray());
            touched.clear();
        }
    }
}
