package io.github.squeeze4j.engine;

import java.lang.reflect.Method;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** All replaced vertices of a network: they share one executor and agree, at each pass, on the way to go. */
final class Region {
    private static final String TRAINING_WORKSPACE = "WS_ALL_LAYERS_ACT";
    private static final String OUTPUT_WORKSPACES = "WS_LAYER_ACT_";

    private final ComputationGraph graph;
    private final Plan plan;
    private final Executor executor;
    private final RegionVertex[] vertices;
    private final int first;
    private final int firstTrained;
    /** What nobody reads: results and gradients between two vertices of the region. */
    private final INDArray token = Nd4j.scalar(DataType.FLOAT, 0);

    private boolean stock;
    private boolean backwardDone;
    private String lastRefusal;

    Region(ComputationGraph graph, Plan plan) {
        this.graph = graph;
        this.plan = plan;
        executor = new Executor(plan);
        GraphVertex[] all = graph.getVertices();
        vertices = new RegionVertex[all.length];
        int trained = -1;
        for (Node node : plan.nodes) {
            vertices[node.vertex] = new RegionVertex(all[node.vertex], this);
            if (trained < 0 && plan.isTrained(node.vertex)) {
                trained = node.vertex;
            }
        }
        first = plan.nodes.get(0).vertex;
        firstTrained = trained;
    }

    void install() {
        GraphVertex[] all = graph.getVertices();
        for (Node node : plan.nodes) {
            all[node.vertex] = vertices[node.vertex];
        }
    }

    void remove() {
        GraphVertex[] all = graph.getVertices();
        for (Node node : plan.nodes) {
            if (all[node.vertex] == vertices[node.vertex]) {
                all[node.vertex] = vertices[node.vertex].original();
            }
        }
    }

    /** Why the last pass went DL4J's way, or null. */
    String lastRefusal() {
        return lastRefusal;
    }

    // ---- forward ---------------------------------------------------------------------------------------------------

    INDArray forward(RegionVertex vertex, boolean training, LayerWorkspaceMgr workspaces) {
        int index = vertex.getVertexIndex();
        if (index == first) {
            lastRefusal = begin(training, workspaces);
            stock = lastRefusal != null;
        }
        if (stock) {
            return vertex.stockForward(training, workspaces);
        }
        if (plan.results.contains(index)) {
            return executor.result(index, workspaces);
        }
        return hidden(workspaces) ? token : materialised(vertex, training);
    }

    /** Runs the program, or says why not. */
    private String begin(boolean training, LayerWorkspaceMgr workspaces) {
        if (!hidden(workspaces)) {
            return "every layer's result was asked for, or there are no workspaces";
        }
        if (graph.getInputMaskArrays() != null || graph.getLabelMaskArrays() != null) {
            return "there are mask arrays";
        }
        if (training && listensToActivations()) {
            return "a listener reads the activations";
        }
        INDArray[] inputs = graph.getInputs().clone();
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i] == null || inputs[i].dataType() != DataType.FLOAT) {
                return "an input is not FLOAT";
            }
            if (!Run.isDense(inputs[i])) {
                inputs[i] = workspaces.dup(ArrayType.ACTIVATIONS, inputs[i], 'c');
            }
        }
        try {
            executor.forward(training ? Mode.TRAINING : Mode.INFERENCE, inputs, workspaces);
            backwardDone = false;
            return null;
        } catch (Unsupported e) {
            return e.getMessage();
        }
    }

    /** Whether what a vertex gives stays inside of DL4J: its results live in the workspaces of a pass. */
    private static boolean hidden(LayerWorkspaceMgr workspaces) {
        if (!workspaces.hasConfiguration(ArrayType.ACTIVATIONS) || workspaces.isScopedOut(ArrayType.ACTIVATIONS)) {
            return false;
        }
        String name = workspaces.getWorkspaceName(ArrayType.ACTIVATIONS);
        return name != null && (name.equals(TRAINING_WORKSPACE) || name.startsWith(OUTPUT_WORKSPACES));
    }

    private boolean listensToActivations() {
        for (TrainingListener listener : graph.getListeners()) {
            try {
                Method method = listener.getClass().getMethod("onForwardPass", Model.class, Map.class);
                Class<?> owner = method.getDeclaringClass();
                if (owner != BaseTrainingListener.class && owner != TrainingListener.class) {
                    return true;
                }
            } catch (NoSuchMethodException e) {
                return true;
            }
        }
        return false;
    }

    /** The result of a vertex that the user asked for, when the program keeps it no longer. */
    private INDArray materialised(RegionVertex wanted, boolean training) {
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
            if (node.vertex == wanted.getVertexIndex()) {
                return results[node.vertex];
            }
        }
        throw new IllegalStateException("vertex " + wanted.getVertexName() + " is not of this network");
    }

    // ---- backward --------------------------------------------------------------------------------------------------

    Pair<Gradient, INDArray[]> backward(RegionVertex vertex, boolean tbptt, LayerWorkspaceMgr workspaces) {
        if (stock) {
            return vertex.original().doBackward(tbptt, workspaces);
        }
        int index = vertex.getVertexIndex();
        if (!backwardDone && (index == firstTrained || allEpsilonsAreThere())) {
            INDArray[] epsilons = new INDArray[vertices.length];
            for (int result : plan.results) {
                epsilons[result] = vertices[result].epsilon();
            }
            executor.backward(epsilons, workspaces);
            backwardDone = true;
        }
        Node node = plan.node(index);
        INDArray[] toInputs = new INDArray[node.inputs.length];
        for (int i = 0; i < toInputs.length; i++) {
            // DL4J adds up what several readers of a result give
            toInputs[i] = plan.results.contains(node.inputs[i])
                    ? workspaces.create(
                            ArrayType.ACTIVATION_GRAD, DataType.FLOAT, executor.resultShape(node.inputs[i]), 'c')
                    : null;
        }
        return new Pair<>(plan.isTrained(index) ? node.gradient() : null, toInputs);
    }

    private boolean allEpsilonsAreThere() {
        for (int result : plan.results) {
            if (vertices[result].epsilon() == null || hasReaderInside(result)) {
                return false;
            }
        }
        return true;
    }

    private boolean hasReaderInside(int vertex) {
        for (Node node : plan.nodes) {
            for (int input : node.inputs) {
                if (input == vertex) {
                    return true;
                }
            }
        }
        return false;
    }
}
