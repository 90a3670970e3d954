package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Recent;
import io.github.squeeze4j.onednn.RefusedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Runs a plan: one program for each mode and size, all in the same scratch memory. */
final class Executor implements AutoCloseable {
    /** Sizes that alternate, such as the last batch of an epoch, keep their programs. */
    private static final int PROGRAMS = 8;

    private static final int REFUSALS = 64;

    static final String CLOSED = "it is closed";

    private final Plan plan;
    private final OrdinaryParameters parameters;
    private final Run run;
    private final INDArray[] inputs;
    private final Map<List<Object>, Compiled> programs = new Recent<>(PROGRAMS, compiled -> compiled.program.close());

    private final Map<List<Object>, String> refused = new Recent<>(REFUSALS, reason -> {});
    private Compiled current;
    private boolean closed;

    Executor(Plan plan) {
        this.plan = plan;
        parameters = new OrdinaryParameters(plan);
        run = plan.run;
        inputs = new INDArray[plan.topology.inputs.size()];
    }

    /** A program and what it needs to know at each run. */
    private static final class Compiled {
        final Program program;
        final List<Supplier<INDArray>> suppliers;
        final INDArray[] arrays;
        final int forward;
        final Map<Integer, Integer> results;
        final List<Segment> segments;
        final int inputGradient;
        final long[][] shapes;

        Compiled(
                Emission emission,
                int forward,
                Map<Integer, Integer> results,
                List<Segment> segments,
                int inputGradient,
                long[][] shapes) {
            program = emission.program.build();
            suppliers = emission.arrays();
            arrays = new INDArray[suppliers.size()];
            this.forward = forward;
            this.results = results;
            this.segments = segments;
            this.inputGradient = inputGradient;
            this.shapes = shapes;
        }

        void begin(INDArray scratch) {
            for (int i = 0; i < arrays.length; i++) {
                arrays[i] = suppliers.get(i).get();
            }
            program.begin(scratch, arrays);
            Arrays.fill(arrays, null);
        }
    }

    /** The steps of the backward pass from one result, whose gradient DL4J has by then, to the next. */
    private static final class Segment {
        final int result;
        final int given;
        final int from;
        int to;

        Segment(int result, int given, int from) {
            this.result = result;
            this.given = given;
            this.from = from;
        }
    }

    /**
     * The forward pass.
     *
     * @param given the network's inputs, dense
     * @throws Unsupported if there is no program for inputs of these shapes
     */
    void forward(Mode mode, INDArray[] given, LayerWorkspaceMgr workspaces) {
        for (INDArray input : given) {
            if (!Ordinary.is(input)) {
                throw new NotOrdinary("in its input");
            }
        }
        current = compiled(mode, given);
        if (mode != Mode.FROZEN) {
            parameters.require(mode.trains());
        }
        System.arraycopy(given, 0, inputs, 0, inputs.length);
        run.begin(workspaces, mode.trains(), current.segments.size() > 1);
        current.begin(run.scratch(current.program.scratchBytes()));
        try {
            current.program.run(0, current.forward);
            requireOrdinaryResults();
        } catch (NotOrdinary e) {
            throw e;
        } catch (Unsupported e) {
            refused.put(key(mode, given), e.getMessage());
            throw e;
        }
    }

    private void requireOrdinaryResults() {
        for (int vertex : plan.results) {
            if (!Ordinary.is(view(vertex))) {
                throw new NotOrdinary("in its results");
            }
        }
    }

    private INDArray view(int vertex) {
        return current.program.array(current.results.get(vertex), resultShape(vertex));
    }

    /** The result of a vertex of {@link Plan#results}, copied. */
    INDArray result(int vertex, LayerWorkspaceMgr workspaces) {
        return workspaces.dup(ArrayType.ACTIVATIONS, view(vertex), 'c');
    }

    /** The network's outputs behind the last forward pass, its output layers computed by DL4J. */
    INDArray[] outputs(LayerWorkspaceMgr workspaces) {
        INDArray[] outputs = new INDArray[plan.topology.outputs.size()];
        for (int i = 0; i < outputs.length; i++) {
            int index = plan.topology.vertex(plan.topology.outputs.get(i));
            if (plan.node(index) != null) {
                outputs[i] = result(index, workspaces);
                continue;
            }
            GraphVertex vertex = plan.topology.vertices[index];
            VertexIndices[] from = vertex.getInputVertices();
            for (int j = 0; j < from.length; j++) {
                int input = from[j].getVertexIndex();
                INDArray array = plan.isInput(input) ? inputs[input] : result(input, workspaces);
                vertex.setInput(j, array, workspaces);
            }
            outputs[i] = vertex.doForward(false, workspaces);
            vertex.clear();
        }
        end();
        return outputs;
    }

    /** Forgets the arrays of the pass. */
    void end() {
        run.end();
        current.program.end();
        Arrays.fill(inputs, null);
    }

    long[] resultShape(int vertex) {
        return run.shape(current.shapes[vertex]);
    }

    /**
     * The steps of the backward pass, behind the last forward pass in training, that wait for the gradient of a result.
     *
     * @param epsilon of DL4J's shape; DL4J may close its workspace as soon as this returns
     */
    void backward(int result, INDArray epsilon, LayerWorkspaceMgr workspaces) {
        for (Segment segment : current.segments) {
            if (segment.result == result) {
                run.resume(workspaces);
                if (segment == current.segments.get(0)) {
                    current.begin(run.scratch(current.program.scratchBytes()));
                }
                boolean last = segment == current.segments.get(current.segments.size() - 1);
                current.program.place(segment.given, last ? dense(epsilon, workspaces) : kept(epsilon));
                current.program.run(segment.from, segment.to);
                if (last && current.inputGradient < 0) {
                    end();
                }
                return;
            }
        }
    }

    /** The gradient of the only input, behind a backward pass of {@link Mode#TRAINING_TO_INPUT}. */
    INDArray inputGradient(LayerWorkspaceMgr workspaces) {
        INDArray gradient = current.program.array(
                current.inputGradient, resultShape(plan.topology.inputVertices()[0]));
        INDArray copy = workspaces.dup(ArrayType.ACTIVATION_GRAD, gradient, 'c');
        end();
        return copy;
    }

    private static INDArray kept(INDArray array) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return array.dup('c');
        }
    }

    /**
     * Frees the programs and the scratch memory; DL4J computes what is asked for afterwards. Without this they are freed when
     * nobody can reach the executor any more. Twice is as once.
     */
    @Override
    public void close() {
        closed = true;
        current = null;
        programs.values().forEach(compiled -> compiled.program.close());
        programs.clear();
        run.close();
    }

    static INDArray dense(INDArray array, LayerWorkspaceMgr workspaces) {
        return Run.isDense(array) ? array : workspaces.dup(ArrayType.ACTIVATION_GRAD, array, 'c');
    }

    private static List<Object> key(Mode mode, INDArray[] given) {
        Object[] key = new Object[given.length + 1];
        key[0] = mode;
        for (int i = 0; i < given.length; i++) {
            key[i + 1] = Arrays.toString(given[i].shape());
        }
        return Arrays.asList(key);
    }

    private Compiled compiled(Mode mode, INDArray[] given) {
        if (closed) {
            throw new Unsupported(CLOSED);
        }
        List<Object> key = key(mode, given);
        if (refused.containsKey(key)) {
            throw new Unsupported(refused.get(key));
        }
        Compiled known = programs.get(key);
        if (known == null) {
            long[][] shapes = new long[given.length][];
            for (int i = 0; i < given.length; i++) {
                long[] s = given[i].shape();
                shapes[i] = plan.channelsLast && s.length == 4 ? new long[] {s[0], s[3], s[1], s[2]} : s;
            }
            // constants stay with the program
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                known = compile(mode, shapes);
            } catch (Unsupported | RefusedException e) {
                refused.put(key, e.getMessage());
                throw new Unsupported(e.getMessage());
            }
            programs.put(key, known);
        }
        return known;
    }

    private Compiled compile(Mode mode, long[][] inputShapes) {
        long[][] shapes = plan.shapes(inputShapes);
        if (mode == Mode.FROZEN) {
            parameters.require(true);
        }
        Emission emission = new Emission(plan, mode, shapes);
        try (Program.Builder builder = emission.program) { // closed where a layer is refused, too
            return compile(emission, mode, shapes);
        }
    }

    private Compiled compile(Emission emission, Mode mode, long[][] shapes) {
        int[] inputVertices = plan.topology.inputVertices();
        for (int i = 0; i < inputVertices.length; i++) {
            int input = i;
            int place = emission.array(emission.denseKind(inputVertices[i]), () -> inputs[input]);
            emission.define(inputVertices[i], place);
        }
        for (Node node : plan.nodes) {
            named(node, node::forward, emission);
            emission.used(node);
        }
        Map<Integer, Integer> results = new LinkedHashMap<>();
        for (int vertex : plan.results) {
            int dense = emission.exactPlace(vertex);
            // DL4J's own arrays may lie in a workspace that closes before the result is read
            results.put(vertex, emission.program.isOutside(dense) ? emission.program.copy(dense) : dense);
        }
        // so that results outlive what comes before
        emission.program.call(
                program -> {},
                results.values().stream().mapToInt(Integer::intValue).toArray());
        int forward = emission.program.size();
        List<Segment> segments = mode.trains() ? backward(emission) : new ArrayList<>();
        int inputGradient = mode == Mode.TRAINING_TO_INPUT ? inputGradient(emission, inputVertices[0]) : -1;
        if (!segments.isEmpty()) {
            segments.get(segments.size() - 1).to = emission.program.size();
        }
        return new Compiled(emission, forward, results, segments, inputGradient, shapes);
    }

    /** DL4J comes to the vertices in the same order, with all gradients that its output layers give to a result. */
    private List<Segment> backward(Emission emission) {
        List<Segment> segments = new ArrayList<>();
        for (int i = plan.nodes.size() - 1; i >= 0; i--) {
            Node node = plan.nodes.get(i);
            if (!emission.wantsGradient(node.vertex)) {
                continue;
            }
            if (plan.results.contains(node.vertex)) {
                int start = emission.program.size();
                if (!segments.isEmpty()) {
                    segments.get(segments.size() - 1).to = start;
                }
                int given = emission.program.external(emission.denseKind(node.vertex));
                segments.add(new Segment(node.vertex, given, start));
                emission.contribute(node.vertex, given);
            }
            if (emission.gradient(node.vertex) < 0) {
                throw new Unsupported("nothing that is trained reads layer " + node.name);
            }
            named(node, node::backward, emission);
        }
        return segments;
    }

    /** What oneDNN refuses is said with the layer's name. */
    private static void named(Node node, Consumer<Emission> steps, Emission emission) {
        try {
            steps.accept(emission);
        } catch (RefusedException e) {
            throw new Unsupported("layer " + node.name + ": " + e.getMessage());
        }
    }

    private int inputGradient(Emission emission, int vertex) {
        int dense = emission.program.copy(emission.program.as(emission.gradient(vertex), emission.denseKind(vertex)));
        emission.program.call(program -> {}, dense);
        return dense;
    }
}
