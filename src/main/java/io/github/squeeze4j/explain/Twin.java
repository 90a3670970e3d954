package io.github.squeeze4j.explain;

import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * A graph of DL4J's with the parameters of another, not copies of them, that can be run backward behind a pass at inference.
 * DL4J stops at frozen layers, and where there is dropout or noise on weights its backward pass wants those of a pass of training:
 * the twin has neither, and no accelerated program in its vertices.
 */
final class Twin {
    private Twin() {}

    static ComputationGraph of(ComputationGraph graph) {
        ComputationGraphConfiguration configuration = graph.getConfiguration().clone();
        Map<String, GraphVertex> vertices = configuration.getVertices();
        vertices.replaceAll((name, vertex) -> plain(vertex));
        ComputationGraph twin = new ComputationGraph(configuration);
        twin.init(graph.params(), false);
        return twin;
    }

    private static GraphVertex plain(GraphVertex vertex) {
        GraphVertex thawed = vertex instanceof FrozenVertex ? ((FrozenVertex) vertex).getUnderlying() : vertex;
        if (thawed instanceof LayerVertex) {
            LayerVertex layerVertex = (LayerVertex) thawed;
            org.deeplearning4j.nn.conf.layers.Layer layer =
                    layerVertex.getLayerConf().getLayer();
            while (layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop) {
                layer = layer instanceof FrozenLayer
                        ? ((FrozenLayer) layer).getLayer()
                        : ((FrozenLayerWithBackprop) layer).getUnderlying();
            }
            layer.setIDropout(null);
            if (layer instanceof BaseLayer) {
                ((BaseLayer) layer).setWeightNoise(null);
            }
            layerVertex.getLayerConf().setLayer(layer);
        }
        return thawed;
    }

    /** How many examples follow, which some layers want to know. */
    static void expect(ComputationGraph twin, long examples) {
        for (Layer layer : twin.getLayers()) {
            layer.setInputMiniBatchSize(Math.toIntExact(examples));
        }
    }
}
