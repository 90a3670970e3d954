package io.github.squeeze4j.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.InputVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;

/** The vertices that a plan is made from: those of a graph, or neighbouring layers of a network. */
final class Topology {
    final GraphVertex[] vertices;
    /** In the order of computation. */
    final int[] order;

    final Map<String, org.deeplearning4j.nn.conf.graph.GraphVertex> described;
    final List<String> inputs;
    final List<String> outputs;
    final DataType type;
    /** Whether layers of DL4J's compute the gradient of the last vertex, but for those of {@link Derivatives}. */
    final boolean foreignBehind;
    /** The configurations of all layers of the network, what is inside of frozen ones included. */
    final List<org.deeplearning4j.nn.conf.layers.Layer> layers = new ArrayList<>();

    private Topology(
            GraphVertex[] vertices,
            int[] order,
            Map<String, org.deeplearning4j.nn.conf.graph.GraphVertex> described,
            List<String> inputs,
            List<String> outputs,
            DataType type,
            boolean foreignBehind) {
        this.vertices = vertices;
        this.order = order;
        this.described = described;
        this.inputs = inputs;
        this.outputs = outputs;
        this.type = type;
        this.foreignBehind = foreignBehind;
    }

    static Topology of(ComputationGraph graph) {
        Topology whole = new Topology(
                graph.getVertices().clone(),
                graph.topologicalSortOrder(),
                graph.getConfiguration().getVertices(),
                graph.getConfiguration().getNetworkInputs(),
                graph.getConfiguration().getNetworkOutputs(),
                graph.getConfiguration().getDataType(),
                false);
        for (GraphVertex vertex : whole.vertices) {
            if (vertex.hasLayer()) {
                whole.layers.add(vertex.getLayer().conf().getLayer());
            }
        }
        return whole;
    }

    /**
     * Neighbouring layers; the input is vertex 0, and each layer's vertex is named by its number in the network.
     *
     * @param foreignBehind as the field
     */
    static Topology chain(MultiLayerNetwork network, int from, int to, boolean foreignBehind) {
        DataType type = network.getLayerWiseConfigurations().getDataType();
        GraphVertex[] vertices = new GraphVertex[to - from + 1];
        Map<String, org.deeplearning4j.nn.conf.graph.GraphVertex> described = new LinkedHashMap<>();
        vertices[0] = new InputVertex(null, "input", 0, new VertexIndices[] {new VertexIndices(1, 0)}, type);
        for (int i = 1; i < vertices.length; i++) {
            Layer layer = network.getLayers()[from + i - 1];
            boolean last = i == vertices.length - 1;
            VertexIndices[] before = {new VertexIndices(i - 1, 0)};
            VertexIndices[] behind = last ? null : new VertexIndices[] {new VertexIndices(i + 1, 0)};
            String name = Integer.toString(from + i - 1);
            vertices[i] = new LayerVertex(null, name, i, before, behind, layer, null, last, type);
            described.put(name, new org.deeplearning4j.nn.conf.graph.LayerVertex(layer.conf(), null));
        }
        int[] order = new int[vertices.length];
        Arrays.setAll(order, i -> i);
        Topology chain = new Topology(
                vertices,
                order,
                described,
                Collections.singletonList("input"),
                Collections.singletonList(vertices[order.length - 1].getVertexName()),
                type,
                foreignBehind);
        for (Layer layer : network.getLayers()) {
            chain.layers.add(layer.conf().getLayer());
        }
        return chain;
    }

    /** The vertices that stand for the network's inputs, in their order. */
    int[] inputVertices() {
        return inputs.stream().mapToInt(this::vertex).toArray();
    }

    /** The number of a vertex. */
    int vertex(String name) {
        for (GraphVertex vertex : vertices) {
            if (vertex.getVertexName().equals(name)) {
                return vertex.getVertexIndex();
            }
        }
        throw new IllegalArgumentException("vertex (" + name + ") is not in the network");
    }

    /** Whether training draws random numbers anywhere, or may. */
    boolean drawsRandomNumbers() {
        return described.values().stream().anyMatch(vertex -> !Noises.isKnown(vertex))
                || layers.stream().anyMatch(Noises::mayDraw);
    }
}
