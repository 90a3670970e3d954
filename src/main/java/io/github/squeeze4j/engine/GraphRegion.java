package io.github.squeeze4j.engine;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The replaced vertices of a graph. */
final class GraphRegion implements Region {
    private final ComputationGraph graph;
    private final Plan plan;
    private final Session session;
    private final StandIn[] vertices;
    private final int first;
    private final int last;
    private final Activations activations;
    private boolean read;
    /** What nobody reads: results and gradients between two layers of the program. */
    private final INDArray token = Nd4j.scalar(DataType.FLOAT, 0);
    /** What each vertex gave in this pass, and the network's inputs. */
    private final INDArray[] given;

    GraphRegion(ComputationGraph graph, Plan plan) {
        this.graph = graph;
        this.plan = plan;
        session = new Session(plan);
        GraphVertex[] all = graph.getVertices();
        vertices = new StandIn[all.length];
        given = new INDArray[all.length];
        for (Node node : plan.nodes) {
            GraphVertex original = all[node.vertex];
            vertices[node.vertex] = original instanceof LayerVertex
                    ? new LayerStandIn((LayerVertex) original, this)
                    : VertexStandIn.of(original, this);
        }
        first = plan.nodes.get(0).vertex;
        last = plan.nodes.get(plan.nodes.size() - 1).vertex;
        activations = new Activations(this::pass);
        for (Node node : plan.nodes) {
            all[node.vertex] = (GraphVertex) vertices[node.vertex];
        }
    }

    @Override
    public void remove() {
        GraphVertex[] all = graph.getVertices();
        for (Node node : plan.nodes) {
            boolean own = all[node.vertex] instanceof StandIn && ((StandIn) all[node.vertex]).region() == this;
            if (own) { // and not another region's, which came later
                all[node.vertex] = vertices[node.vertex].original();
            }
        }
        session.executor.close();
    }

    @Override
    public String refusal() {
        return session.refusal();
    }

    @Override
    public INDArray[] output(INDArray... inputs) {
        synchronized (graph) { // as DL4J's own methods are
            graph.setInputs(inputs); // preprocessors ask for the size of the batch
            try {
                return session.output(
                        graph.getConfiguration().getInferenceWorkspaceMode() != WorkspaceMode.NONE, inputs);
            } finally {
                graph.clear();
            }
        }
    }

    @Override
    public int passesForListeners() {
        return activations.computed();
    }

    @Override
    public DataType maps() {
        return plan.maps;
    }

    @Override
    public Set<String> single() {
        return plan.single;
    }

    @Override
    public Map<String, String> layers() {
        return plan.layers();
    }

    INDArray forward(StandIn vertex, boolean training, LayerWorkspaceMgr workspaces) {
        int index = vertex.getVertexIndex();
        if (index == first && startsAPass(vertex)) {
            boolean masked = graph.getInputMaskArrays() != null || graph.getLabelMaskArrays() != null;
            Mode mode = training ? Mode.TRAINING : Mode.INFERENCE;
            session.begin(mode, workspaces, graph.getInputs(), masked);
            read = training && Listeners.readers(graph.getListeners()) != null;
            if (read) {
                activations.begin(graph.getInputs(), graph.getListeners());
            }
        }
        if (session.stock() || !belongsToThePass(vertex)) {
            return vertex.stockForward(training, workspaces);
        }
        boolean result = plan.results.contains(index);
        given[index] =
                result ? session.executor.result(index, workspaces) : read ? activations.of(index, token) : token;
        if (read && index == last) {
            activations.complete();
        }
        if (!result && !Session.hidden(workspaces)) {
            given[index] = materialised(index, training);
        }
        return given[index];
    }

    /** Else somebody calls the vertex alone. */
    private boolean startsAPass(StandIn vertex) {
        Arrays.fill(given, null);
        int[] inputs = plan.topology.inputVertices();
        for (int i = 0; i < inputs.length; i++) {
            given[inputs[i]] = graph.getInputs() == null ? null : graph.getInputs()[i];
        }
        return belongsToThePass(vertex);
    }

    /** Whether a vertex was given what the vertices before it gave out. */
    private boolean belongsToThePass(StandIn vertex) {
        int[] inputs = plan.node(vertex.getVertexIndex()).inputs;
        for (int i = 0; i < inputs.length; i++) {
            if (vertex.getInputs()[i] == null || vertex.getInputs()[i] != given[inputs[i]]) {
                return false;
            }
        }
        return true;
    }

    /** The result of a vertex that the user asked for; the program keeps it no longer, so DL4J computes it again. */
    private INDArray materialised(int wanted, boolean training) {
        LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
        INDArray[] results = new INDArray[vertices.length];
        INDArray[] inputs = graph.getInputs();
        int[] inputVertices = plan.topology.inputVertices();
        for (int i = 0; i < inputs.length; i++) {
            results[inputVertices[i]] = inputs[i];
        }
        for (Node node : plan.nodes) {
            GraphVertex original = vertices[node.vertex].original();
            for (int i = 0; i < node.inputs.length; i++) {
                original.setInput(i, results[node.inputs[i]], none);
            }
            results[node.vertex] = original.doForward(training, none);
            if (node.vertex == wanted) {
                break;
            }
        }
        return results[wanted];
    }

    /** On a graph of DL4J's that shares the parameters. */
    private Activations.Pass pass() {
        ComputationGraph shadow = Copies.of(graph, graph.params());
        return (inputs, none) -> {
            shadow.getConfiguration().setIterationCount(graph.getConfiguration().getIterationCount());
            shadow.getConfiguration().setEpochCount(graph.getConfiguration().getEpochCount());
            for (Layer layer : shadow.getLayers()) {
                layer.setIterationCount(graph.getConfiguration().getIterationCount());
                layer.setEpochCount(graph.getConfiguration().getEpochCount());
            }
            shadow.setInputs(inputs);
            INDArray[] results = new INDArray[vertices.length];
            int[] inputVertices = plan.topology.inputVertices();
            for (int i = 0; i < inputs.length; i++) {
                results[inputVertices[i]] = inputs[i];
            }
            for (Node node : plan.nodes) {
                GraphVertex vertex = shadow.getVertices()[node.vertex];
                for (int i = 0; i < node.inputs.length; i++) {
                    INDArray input = results[node.inputs[i]];
                    // some of DL4J's layers write over what they are given
                    vertex.setInput(i, node.isForeign(Mode.TRAINING) ? input.dup() : input, none);
                }
                results[node.vertex] = vertex.doForward(true, none);
            }
            shadow.clearLayersStates();
            shadow.clear();
            return results;
        };
    }

    /** DL4J passes over frozen vertices, which it tells by their class: nothing goes on to their inputs. */
    private static Pair<Gradient, INDArray[]> nothing(StandIn vertex, LayerWorkspaceMgr workspaces) {
        INDArray[] toInputs = new INDArray[vertex.getInputs().length];
        for (int i = 0; i < toInputs.length; i++) {
            INDArray input = vertex.getInputs()[i];
            toInputs[i] = workspaces.create(ArrayType.ACTIVATION_GRAD, input.dataType(), input.shape(), 'c');
        }
        return new Pair<>(null, toInputs);
    }

    Pair<Gradient, INDArray[]> backward(StandIn vertex, boolean tbptt, LayerWorkspaceMgr workspaces) {
        if (session.stock()) {
            return vertex.original() instanceof FrozenVertex
                    ? nothing(vertex, workspaces)
                    : vertex.original().doBackward(tbptt, workspaces);
        }
        session.requireTraining();
        activations.end();
        int index = vertex.getVertexIndex();
        boolean trained = plan.isTrained(index, Mode.TRAINING);
        if (trained && plan.results.contains(index)) {
            if (vertex.getEpsilon() == null) {
                throw new IllegalStateException("backward pass: vertex (" + vertex.getVertexName()
                        + ") must have a gradient; it is an output of the network, or nothing reads it");
            }
            session.executor.backward(index, vertex.getEpsilon(), workspaces);
        }
        Node node = plan.node(index);
        INDArray[] toInputs = new INDArray[node.inputs.length];
        for (int i = 0; i < toInputs.length; i++) {
            int input = node.inputs[i];
            // DL4J adds what this vertex gives to what an output layer gave
            toInputs[i] = plan.isReadOutside(input)
                    ? workspaces.create(
                            ArrayType.ACTIVATION_GRAD, DataType.FLOAT, session.executor.resultShape(input), 'c')
                    : token;
        }
        return new Pair<>(trained ? node.gradient() : null, toInputs);
    }
}
