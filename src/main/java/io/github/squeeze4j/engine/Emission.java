package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.PostOps;
import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Steps;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.deeplearning4j.nn.api.Layer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.RectifiedLinear;
import org.nd4j.linalg.api.ops.impl.scalar.RectifiedLinearDerivative;
import org.nd4j.linalg.api.ops.impl.transforms.gradient.Relu6Derivative;
import org.nd4j.linalg.factory.Nd4j;

/** The making of one program: where each vertex's result and its gradient are. */
final class Emission {
    final Program.Builder program;
    final Steps steps;
    final Mode mode;

    private final Plan plan;
    private final long[][] shapes;
    private final int[] places;
    private final Pending[] pending;
    private final int[] gradients;
    private final int[] uses;
    private final boolean[] shared;
    private final boolean[] rectified;
    private final Map<Node, Object> states = new HashMap<>();
    private final List<Supplier<INDArray>> arrays = new ArrayList<>();
    private final Map<String, Integer> parameters = new HashMap<>();

    /** @param shapes of each vertex's result, as in NCHW */
    Emission(Plan plan, Mode mode, long[][] shapes) {
        this.plan = plan;
        this.mode = mode;
        program = new Program.Builder(plan.constants);
        steps = new Steps(program, maps());
        this.shapes = shapes;
        places = new int[shapes.length];
        gradients = new int[shapes.length];
        pending = new Pending[shapes.length];
        uses = new int[shapes.length];
        shared = new boolean[shapes.length];
        rectified = new boolean[shapes.length];
        Arrays.fill(places, -1);
        Arrays.fill(gradients, -1);
        for (Node node : plan.nodes) {
            for (int input : node.inputs) {
                uses[input]++;
            }
        }
        for (int vertex : plan.results) {
            uses[vertex]++;
        }
    }

    boolean training() {
        return mode.trains();
    }

    /** The type of maps. */
    DataType maps() {
        return training() ? DataType.FLOAT : plan.maps;
    }

    /** Notes a convolution that is FLOAT though maps are not. */
    void note(Node node, Steps.Convolved convolved) {
        if (Layout.type(program.kind(convolved.output)) != maps()) {
            plan.single.add(node.name);
        }
    }

    // ---- results ---------------------------------------------------------------------------------------------------

    long[] shape(int vertex) {
        return shapes[vertex];
    }

    boolean isMap(int vertex) {
        return shapes[vertex].length == 4;
    }

    boolean channelsLast() {
        return plan.channelsLast;
    }

    /** Dense, as DL4J has it: [N, C, H, W], or that of [N, H, W, C] memory; [N, F]. */
    dnnl_memory_desc_t denseKind(int vertex) {
        return isMap(vertex) ? Layout.map(shapes[vertex], plan.channelsLast) : Layout.dense(shapes[vertex]);
    }

    /** Says that a result is at a place. */
    void define(int vertex, int place) {
        places[vertex] = place;
    }

    /** Says that a result is another one, at the same place; nobody may write over it any more. */
    void alias(int vertex, int other) {
        places[vertex] = place(other);
        shared[vertex] = true;
        shared[other] = true;
    }

    /** Says that a result is not computed yet. */
    void defer(int vertex, Pending result) {
        pending[vertex] = result;
    }

    /** A result, in whatever layout; it is computed now if it was pending. */
    int place(int vertex) {
        if (places[vertex] < 0) {
            if (pending[vertex] == null) {
                throw new IllegalStateException("vertex " + vertex + " has no result");
            }
            places[vertex] = pending[vertex].place(this);
        }
        return places[vertex];
    }

    /** A result as DL4J has it. */
    int densePlace(int vertex) {
        return program.as(place(vertex), denseKind(vertex));
    }

    /** A pending result of which the asking node is the only reader, or null. */
    Pending absorbable(int vertex) {
        return places[vertex] < 0 && uses[vertex] == 1 ? pending[vertex] : null;
    }

    /** The pending form of a result, computed or not, or null. */
    Pending pending(int vertex) {
        return pending[vertex];
    }

    /** Whether what is being added is all that still reads a result, so that it may write over it. */
    boolean mayOverwrite(int vertex) {
        boolean own = !shared[vertex] && !plan.isInput(vertex) && !plan.isForeign(vertex, mode);
        return !mode.trains() && uses[vertex] == 1 && own;
    }

    /** A node has read its inputs, or will when its pending result is computed. */
    void used(Node node) {
        Pending result = places[node.vertex] < 0 ? pending[node.vertex] : null;
        for (int input : node.inputs) {
            if (result != null) {
                result.reads.add(input);
            } else {
                uses[input]--;
            }
        }
    }

    void released(List<Integer> reads) {
        for (int input : reads) {
            uses[input]--;
        }
    }

    // ---- what is not a number -------------------------------------------------------------------------------------

    /** The form of a function in which nothing that is not a number is lost, where oneDNN has one. */
    Function kept(Function function) {
        return function == Function.RELU ? Function.KEEPING_RELU : function;
    }

    /**
     * The gradient of a function's source. Where the function's derivative is 0, DL4J's gradient is 0 whatever it is
     * multiplied by; oneDNN multiplies. That matters behind layers of DL4J's that give what is not a number, such as a norm of
     * zeros.
     *
     * @param vertex whose result the function gives
     * @param known what backward reads: that result, or the function's argument
     */
    int functionGradient(Function function, int vertex, int known, int gradOutput) {
        boolean select = (function == Function.RELU || function == Function.RELU6) && plan.isBeforeForeign(vertex);
        if (!select) {
            return steps.applySource(function, known, gradOutput);
        }
        dnnl_memory_desc_t kind = program.kind(known);
        int given = program.as(gradOutput, kind);
        int gradient = program.temporary(kind);
        long[] length = {Layout.bytes(kind) / Float.BYTES};
        program.call(
                program -> {
                    INDArray y = program.array(known, length);
                    INDArray gradY = program.array(given, length);
                    INDArray gradX = program.array(gradient, length);
                    if (function == Function.RELU) {
                        Nd4j.getExecutioner().exec(new RectifiedLinearDerivative(y, gradY, gradX, 0));
                    } else {
                        Nd4j.getExecutioner().exec(new Relu6Derivative(y, gradY, gradX));
                    }
                },
                known,
                given,
                gradient);
        return gradient;
    }

    /** Says that a result has no negative numbers but those that {@link Function#KEEPING_RELU} leaves. */
    void defineRectified(int vertex, boolean rectified) {
        this.rectified[vertex] = rectified;
    }

    boolean isRectified(int vertex) {
        return rectified[vertex];
    }

    /** A result as DL4J has it, exactly. */
    int exactPlace(int vertex) {
        int dense = densePlace(vertex);
        if (!rectified[vertex]) {
            return dense;
        }
        int exact = program.copy(dense);
        long[] shape = plan.run.shape(shapes[vertex]);
        program.call(
                program -> {
                    INDArray array = program.array(exact, shape);
                    Nd4j.getExecutioner().exec(new RectifiedLinear(array, array));
                },
                exact);
        return exact;
    }

    /** Before a step that loses what is not a number: looks for it in one channel of a map, which stands for all. */
    void guard(int vertex) {
        int place = program.single(place(vertex));
        int block = Math.max(1, Layout.block(program.kind(place)));
        long[] shape = shapes[vertex];
        long pixels = shape[2] * shape[3];
        long image = (shape[1] + block - 1) / block * block * pixels;
        program.call(
                program -> {
                    for (long n = 0; n < shape[0]; n++) {
                        Ordinary.require(program.floats(place), n * image, pixels, block);
                    }
                },
                place);
    }

    void remember(Node node, Object state) {
        states.put(node, state);
    }

    @SuppressWarnings("unchecked") // each node gets back what it gave
    <T> T recall(Node node) {
        return (T) states.get(node);
    }

    // ---- gradients -------------------------------------------------------------------------------------------------

    /** Whether anything needs the gradient of a result. */
    boolean wantsGradient(int vertex) {
        return plan.isTrained(vertex, mode);
    }

    /** The gradient of a result so far, or -1. */
    int gradient(int vertex) {
        return gradients[vertex];
    }

    /** Adds to the gradient of a result. Places are never written to twice, so several results may share one. */
    void contribute(int vertex, int place) {
        if (!wantsGradient(vertex)) {
            return;
        }
        if (gradients[vertex] < 0) {
            gradients[vertex] = place;
        } else {
            int other = program.as(place, program.kind(gradients[vertex]));
            gradients[vertex] = steps.add(gradients[vertex], other, -1, new PostOps());
        }
    }

    // ---- arrays of the network -------------------------------------------------------------------------------------

    /** A parameter of a node's layer, wherever it lies at each run. */
    int parameter(Node node, Layer layer, String key, dnnl_memory_desc_t kind) {
        return parameter(node, layer, key, "", kind);
    }

    /** As {@link #parameter(Node, Layer, String, dnnl_memory_desc_t)}, of a parameter that is read in several forms. */
    int parameter(Node node, Layer layer, String key, String form, dnnl_memory_desc_t kind) {
        String name = node.name + "/" + key + form;
        return parameters.computeIfAbsent(
                name,
                n -> mode == Mode.FROZEN
                        ? program.constant(n, kind, () -> layer.getParam(key).dup('c'))
                        : array(kind, () -> layer.getParam(key)));
    }

    /** The gradient view of a parameter. */
    int gradientOf(GradientViews views, String key, dnnl_memory_desc_t kind) {
        return array(kind, () -> views.get(key));
    }

    /** An array that is asked for at each run. */
    int array(dnnl_memory_desc_t kind, Supplier<INDArray> array) {
        arrays.add(array);
        return program.array(kind);
    }

    /** What a node computes from its parameters once. */
    int constant(Node node, String what, dnnl_memory_desc_t kind, Supplier<INDArray> values) {
        return program.constant(node.name + "/" + what, kind, values);
    }

    List<Supplier<INDArray>> arrays() {
        return arrays;
    }
}
