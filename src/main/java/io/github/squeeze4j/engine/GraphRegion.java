package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The replaced vertices of a graph. */
final class GraphRegion implements Region {
    private final ComputationGraph graph;
    private final Plan plan;
    private final Session session;
    private final RegionVertex[] vertices;
    private final int first;
    private final int firstTrained;
    private final INDArray[] saved;
    private boolean backwardDone;

    GraphRegion(ComputationGraph graph, Plan plan) {
        this.graph = graph;
        this.plan = plan;
        session = new Session(plan);
        GraphVertex[] all = graph.getVertices();
        vertices = new RegionVertex[all.length];
        saved = new INDArray[all.length];
        int trained = -1;
        for (Node node : plan.nodes) {
            vertices[node.vertex] = new RegionVertex(all[node.vertex], this);
            if (trained < 0 && plan.isTrained(node.vertex)) {
                trained = node.vertex;
            }
        }
        first = plan.nodes.get(0).vertex;
        firstTrained = trained;
        for (Node node : plan.nodes) {
            all[node.vertex] = vertices[node.vertex];
        }
    }

    @Override
    public void remove() {
        GraphVertex[] all = graph.getVertices();
        for (Node node : plan.nodes) {
            if (all[node.vertex] == vertices[node.vertex]) {
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
        return session.output(inputs);
    }

    INDArray forward(RegionVertex vertex, boolean training, LayerWorkspaceMgr workspaces) {
        int index = vertex.getVertexIndex();
        if (index == first) {
            boolean masked = graph.getInputMaskArrays() != null || graph.getLabelMaskArrays() != null;
            session.begin(training, workspaces, graph.getInputs(), masked, graph.getListeners());
            backwardDone = false;
        }
        if (session.stock()) {
            return vertex.stockForward(training, workspaces);
        }
        if (plan.results.contains(index)) {
            return session.executor.result(index, workspaces);
        }
        return Session.hidden(workspaces) ? session.token : materialised(index, training);
    }

    /** The result of a vertex that the user asked for; the program keeps it no longer, so DL4J computes it again. */
    private INDArray materialised(int wanted, boolean training) {
        LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
        INDArray[] results = new INDArray[vertices.length];
        INDArray[] inputs = graph.getInputs();
        for (int i = 0; i < inputs.length; i++) {
            String name = graph.getConfiguration().getNetworkInputs().get(i);
            results[graph.getVertex(name).getVertexIndex()] = inputs[i];
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

    Pair<Gradient, INDArray[]> backward(RegionVertex vertex, boolean tbptt, LayerWorkspaceMgr workspaces) {
        if (session.stock()) {
            return vertex.original().doBackward(tbptt, workspaces);
        }
        int index = vertex.getVertexIndex();
        if (!backwardDone && (index == firstTrained || allEpsilonsAreThere())) {
            INDArray[] epsilons = new INDArray[vertices.length];
            for (int result : plan.results) {
                epsilons[result] =
                        result == index || saved[result] == null ? vertices[result].getEpsilon() : saved[result];
            }
            session.executor.backward(epsilons, workspaces);
            backwardDone = true;
        } else if (!backwardDone && plan.results.contains(index)) {
            save(index, vertex.getEpsilon());
        }
        Node node = plan.node(index);
        INDArray[] toInputs = new INDArray[node.inputs.length];
        for (int i = 0; i < toInputs.length; i++) {
            int input = node.inputs[i];
            // DL4J adds what this vertex gives to what an output layer gave
            toInputs[i] = plan.results.contains(input)
                    ? workspaces.create(
                            ArrayType.ACTIVATION_GRAD, DataType.FLOAT, session.executor.resultShape(input), 'c')
                    : null;
        }
        return new Pair<>(plan.isTrained(index) ? node.gradient() : null, toInputs);
    }

    /** DL4J closes the workspace of a gradient once it has passed the vertex; the program needs it later. */
    private void save(int vertex, INDArray epsilon) {
        if (saved[vertex] == null || !saved[vertex].equalShapes(epsilon)) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                saved[vertex] = Nd4j.createUninitialized(DataType.FLOAT, epsilon.shape());
            }
        }
        saved[vertex].assign(epsilon);
    }

    /** Results that vertices of the region read too have theirs only when DL4J comes to the first one. */
    private boolean allEpsilonsAreThere() {
        for (int result : plan.results) {
            if (vertices[result].getEpsilon() == null || plan.isReadInside(result)) {
                return false;
            }
        }
        return true;
    }
}
