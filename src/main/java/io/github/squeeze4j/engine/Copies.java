package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Copies of graphs; DL4J's lose the axes of merges. */
final class Copies {
    private Copies() {}

    /**
     * A graph of the same configuration.
     *
     * @param parameters its own from now on; null if there are none
     */
    static ComputationGraph of(ComputationGraph graph, INDArray parameters) {
        ComputationGraphConfiguration configuration = graph.getConfiguration().clone();
        configuration.getVertices().forEach((name, vertex) -> {
            GraphVertex inside = vertex instanceof FrozenVertex ? ((FrozenVertex) vertex).getUnderlying() : vertex;
            if (inside.getClass() == MergeVertex.class) {
                ((MergeVertex) inside).setMergeAxis(MergeAxis.of(graph.getVertex(name)));
            }
        });
        ComputationGraph copy = new ComputationGraph(configuration);
        copy.init(parameters, false);
        for (org.deeplearning4j.nn.graph.vertex.GraphVertex vertex : graph.getVertices()) {
            if (vertex.hasLayer() && vertex.getLayer() instanceof FrozenLayer) {
                copy.getVertex(vertex.getVertexName()).setLayerAsFrozen();
            }
        }
        return copy;
    }
}
