package io.github.squeeze4j.explain;

import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What is in the vertices of a graph of DL4J's. */
final class Vertices {
    private Vertices() {}

    /** The configuration of the layer of a twin's vertex; null if it has none. */
    static Layer layer(GraphVertex vertex) {
        if (!vertex.hasLayer()) {
            return null;
        }
        return vertex.getLayer().conf().getLayer();
    }

    /** The class of layer or vertex, for messages. */
    static String kind(GraphVertex vertex) {
        Layer layer = layer(vertex);
        return (layer == null ? vertex : layer).getClass().getSimpleName();
    }

    /** A gradient on its way through what stands before the layer. */
    static INDArray throughPreprocessor(
            LayerVertex vertex, INDArray gradient, int examples, LayerWorkspaceMgr workspaces) {
        return vertex.getLayerPreProcessor() == null
                ? gradient
                : vertex.getLayerPreProcessor().backprop(gradient, examples, workspaces);
    }
}
