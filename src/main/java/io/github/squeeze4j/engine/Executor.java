package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Program;
import io.github.squeeze4j.onednn.Recent;
import io.github.squeeze4j.onednn.RefusedException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    private final Plan plan;
    private final Run run;
    private final INDArray[] inputs;
    private final INDArray[] epsilons;
    private final Map<List<Object>, Compiled> programs = new Recent<>(PROGRAMS, compiled -> compiled.program.close());

    private final Map<List<Object>, String> refused = new Recent<>(REFUSALS, reason -> {});
    private Compiled current;
    private boolean closed;

    Executor(Plan plan) {
        this.plan = plan;
        run = plan.run;
        inputs = new INDArray[plan.graph.getConfiguration().getNetworkInputs().size()];
        epsilons = new INDArray[plan.graph.getVertices().length];
    }

    /** A program and what it needs to know at each run. */
    private static final class Compiled {
        final Program program;
        final List<Supplier<INDArray>> suppliers;
        final INDArray[] arrays;
        final int forward;
        final int all;
        final Map<Integer, Integer> results;
        final long[][] shapes;

        Compiled(Emission emission, int forward, Map<Integer, Integer> results, long[][] shapes) {
            program = emission.program.build();
            suppliers = emission.arrays();
            arrays = new INDArray[suppliers.size()];
            this.forward = forward;
            all = emission.program.size();
            this.results = results;
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

    /**
     * The forward pass.
     *
     * @param given the network's inputs, dense
     * @throws Unsupported if there is no program for inputs of these shapes
     */
    void forward(Mode mode, INDArray[] given, LayerWorkspaceMgr workspaces) {
        current = compiled(mode, given);
        System.arraycopy(given, 0, inputs, 0, inputs.length);
        run.begin(workspaces, mode == Mode.TRAINING);
        if (mode == Mode.FROZEN) {
            plan.graph.setInputs(inputs); // preprocessors ask for the size of the batch
        }
        current.begin(run.scratch(current.program.scratchBytes()));
        current.program.run(0, current.forward);
    }

    /** The result of a vertex of {@link Plan#results}, copied. */
    INDArray result(int vertex, LayerWorkspaceMgr workspaces) {
        INDArray view = current.program.array(current.results.get(vertex), run.shape(current.shapes[vertex]));
        return workspaces.dup(ArrayType.ACTIVATIONS, view, 'c');
    }

    /** The network's outputs behind the last forward pass, its output layers computed by DL4J. */
    INDArray[] outputs(LayerWorkspaceMgr workspaces) {
        List<String> names = plan.graph.getConfiguration().getNetworkOutputs();
        INDArray[] outputs = new INDArray[names.size()];
        for (int i = 0; i < outputs.length; i++) {
            GraphVertex vertex = plan.graph.getVertex(names.get(i));
            int index = vertex.getVertexIndex();
            if (plan.node(index) != null) {
                outputs[i] = result(index, workspaces);
                continue;
            }
            VertexIndices[] from = vertex.getInputVertices();
            for (int j = 0; j < from.length; j++) {
                int input = from[j].getVertexIndex();
                INDArray array = plan.isInput(input) ? inputs[input] : result(input, workspaces);
                vertex.setInput(j, array, workspaces);
            }
            outputs[i] = vertex.doForward(false, workspaces);
            vertex.clear();
        }
        run.end();
        current.program.end();
        plan.graph.clear();
        Arrays.fill(inputs, null);
        return outputs;
    }

    long[] resultShape(int vertex) {
        return run.shape(current.shapes[vertex]);
    }

    /** The backward pass behind the last forward pass in training. */
    void backward(INDArray[] given, LayerWorkspaceMgr workspaces) {
        run.resume(workspaces);
        for (int vertex : plan.results) {
            epsilons[vertex] = dense(given[vertex], workspaces);
        }
        current.begin(run.scratch(current.program.scratchBytes()));
        current.program.run(current.forward, current.all);
        Arrays.fill(epsilons, null);
        run.end();
        current.program.end();
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

    private Compiled compiled(Mode mode, INDArray[] given) {
        if (closed) {
            throw new Unsupported("it is closed");
        }
        long[][] shapes = new long[given.length][];
        Object[] key = new Object[given.length + 1];
        key[0] = mode;
        for (int i = 0; i < given.length; i++) {
            long[] s = given[i].shape();
            shapes[i] = plan.channelsLast && s.length == 4 ? new long[] {s[0], s[3], s[1], s[2]} : s;
            key[i + 1] = Arrays.toString(s);
        }
        Compiled known = programs.get(Arrays.asList(key));
        if (refused.containsKey(Arrays.asList(key))) {
            throw new Unsupported(refused.get(Arrays.asList(key)));
        }
        if (known == null) {
            // constants stay with the program
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                known = compile(mode, shapes);
            } catch (Unsupported | RefusedException e) {
                refused.put(Arrays.asList(key), e.getMessage());
                throw new Unsupported(e.getMessage());
            }
            programs.put(Arrays.asList(key), known);
        }
        return known;
    }

    private Compiled compile(Mode mode, long[][] inputShapes) {
        long[][] shapes = plan.shapes(inputShapes);
        Emission emission = new Emission(plan, mode, shapes);
        try (Program.Builder builder = emission.program) { // closed where a layer is refused, too
            return compile(emission, mode, shapes);
        }
    }

    private Compiled compile(Emission emission, Mode mode, long[][] shapes) {
        List<String> names = plan.graph.getConfiguration().getNetworkInputs();
        for (int i = 0; i < names.size(); i++) {
            int input = i;
            int vertex = plan.graph.getVertex(names.get(i)).getVertexIndex();
            emission.define(vertex, emission.array(emission.denseKind(vertex), () -> inputs[input]));
        }
        for (Node node : plan.nodes) {
            node.forward(emission);
            emission.used(node);
        }
        Map<Integer, Integer> results = new LinkedHashMap<>();
        for (int vertex : plan.results) {
            int dense = emission.densePlace(vertex);
            // DL4J's own arrays may lie in a workspace that closes before the result is read
            results.put(vertex, plan.isForeign(vertex) ? emission.program.copy(dense) : dense);
        }
        // so that results outlive what comes before
        emission.program.call(
                program -> {},
                results.values().stream().mapToInt(Integer::intValue).toArray());
        int forward = emission.program.size();
        if (mode == Mode.TRAINING) {
            backward(emission);
        }
        return new Compiled(emission, forward, results, shapes);
    }

    private void backward(Emission emission) {
        for (int vertex : plan.results) {
            int given = emission.array(emission.denseKind(vertex), () -> epsilons[vertex]);
            emission.contribute(vertex, given);
        }
        for (int i = plan.nodes.size() - 1; i >= 0; i--) {
            Node node = plan.nodes.get(i);
            if (emission.wantsGradient(node.vertex)) {
                if (emission.gradient(node.vertex) < 0) {
                    throw new Unsupported("nothing that is trained reads layer " + node.name);
                }
                node.backward(emission);
            }
        }
    }
}
