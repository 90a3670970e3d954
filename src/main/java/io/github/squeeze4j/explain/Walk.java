package io.github.squeeze4j.explain;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.AttentionBlock;
import java.util.Arrays;
import java.util.Set;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.ElementWiseVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.graph.vertex.impl.MergeVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One pass at inference forward and one backward through a {@link Twin}, vertex by vertex, that keeps what each vertex gave and
 * the gradient of each. DL4J's own passes throw these away, start at a loss, and write over arrays that are read later.
 */
final class Walk {
    /** Runtimes that leave their input as it is; others may compute in place. */
    private static final Set<Class<?>> READERS = Set.of(ElementWiseVertex.class, MergeVertex.class);

    private final ComputationGraph graph;
    private final Wiring wiring;
    private final LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
    private final INDArray[] activations;
    private final INDArray[] gradients;

    Walk(ComputationGraph graph, Wiring wiring) {
        this.graph = graph;
        this.wiring = wiring;
        activations = new INDArray[graph.getVertices().length];
        gradients = new INDArray[activations.length];
    }

    /** What a vertex gave. */
    INDArray activation(int vertex) {
        return activations[vertex];
    }

    /** The gradient of what a vertex gave, summed over all that read it; null if none came there. */
    INDArray gradient(int vertex) {
        return gradients[vertex];
    }

    /** Runs everything that the output depends on, the output included. */
    void forward(INDArray input) {
        graph.setInputs(input);
        Twin.expect(graph, input.size(0));
        for (int index : wiring.order()) {
            GraphVertex vertex = graph.getVertices()[index];
            if (vertex.isInputVertex()) {
                activations[index] = input;
                continue;
            }
            giveInputs(vertex);
            activations[index] = vertex.doForward(false, none);
        }
    }

    private void giveInputs(GraphVertex vertex) {
        VertexIndices[] inputs = vertex.getInputVertices();
        for (int i = 0; i < inputs.length; i++) {
            INDArray given = activations[inputs[i].getVertexIndex()];
            vertex.setInput(i, leavesInput(vertex) ? given : given.dup(), none);
        }
    }

    /**
     * Runs backward from the inputs of the output.
     *
     * @param toInput the gradient of what the output vertex reads
     * @param earliest the vertex at which to stop
     */
    void backward(INDArray toInput, int earliest) {
        Arrays.fill(gradients, null);
        add(graph.getVertices()[wiring.output()].getInputVertices()[0].getVertexIndex(), toInput);
        walkBack(wiring.order().length - 2, earliest);
    }

    /** Runs backward from the output itself. */
    void backwardFrom(INDArray ofOutput, int earliest) {
        Arrays.fill(gradients, null);
        add(wiring.output(), ofOutput);
        walkBack(wiring.order().length - 1, earliest);
    }

    private void walkBack(int last, int earliest) {
        for (int place = last; place >= 0; place--) {
            int index = wiring.order()[place];
            if (index == earliest) {
                return;
            }
            GraphVertex vertex = graph.getVertices()[index];
            if (gradients[index] == null || vertex.isInputVertex()) {
                continue;
            }
            INDArray[] toInputs = backward(vertex, gradients[index]);
            VertexIndices[] inputs = vertex.getInputVertices();
            for (int i = 0; i < inputs.length; i++) {
                if (toInputs[i] != null) {
                    add(inputs[i].getVertexIndex(), toInputs[i]);
                }
            }
        }
    }

    private INDArray[] backward(GraphVertex vertex, INDArray gradient) {
        // the layers of DL4J's may compute in the array that they are given, which the caller reads
        INDArray given = gradient.dup();
        if (Vertices.layer(vertex) instanceof BatchNormalization) {
            INDArray scaled = FixedNormalization.backward(vertex.getLayer(), given);
            return new INDArray[] {Vertices.throughPreprocessor((LayerVertex) vertex, scaled, graph.batchSize(), none)};
        }
        if (!leavesInput(vertex)) {
            giveInputs(vertex); // anew: its forward pass wrote over them
        }
        try {
            vertex.setEpsilon(given);
            return vertex.doBackward(false, none).getSecond();
        } catch (RuntimeException e) {
            throw new BadInputException(
                    "vertex (" + vertex.getVertexName() + ", "
                            + Vertices.kind(vertex)
                            + ") must be one that DL4J runs backward behind a pass at inference;"
                            + " choose layers above it",
                    e);
        } finally {
            vertex.setEpsilon(null);
        }
    }

    private void add(int vertex, INDArray gradient) {
        gradients[vertex] = gradients[vertex] == null ? gradient : gradients[vertex].add(gradient);
    }

    private static boolean leavesInput(GraphVertex vertex) {
        Layer layer = Vertices.layer(vertex);
        return READERS.contains(vertex.getClass())
                || layer instanceof ConvolutionLayer
                || layer instanceof SubsamplingLayer
                || layer instanceof BatchNormalization
                || layer instanceof GlobalPoolingLayer
                || layer instanceof DenseLayer
                || layer instanceof AttentionBlock;
    }

    /** Forgets arrays that the graph holds. */
    void close() {
        graph.clearLayersStates();
        graph.clear();
        for (GraphVertex vertex : graph.getVertices()) {
            vertex.clear();
        }
    }
}
