package io.github.squeeze4j.models.internal.retrofit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;

/** A graph in the making: another one with layers behind some of its vertices, and all that the other has learned. */
public final class NewGraph {
    private static final String SUFFIX = ".attention";

    private final ComputationGraph source;
    private final ComputationGraphConfiguration configuration;
    /** Null where no layer of the source names an updater. */
    private final CommonSettings settings;

    private boolean state;

    /** Begins with a copy of the configuration; the source stays as it is. */
    public NewGraph(ComputationGraph source) {
        this.source = source;
        ComputationGraphConfiguration old = source.getConfiguration();
        configuration = old.clone();
        configuration.setIterationCount(old.getIterationCount());
        configuration.setEpochCount(old.getEpochCount());
        settings = CommonSettings.of(old);
    }

    /** Puts a layer, which gets a name, behind a vertex that gives such a map. */
    public void insert(String vertex, InputType map, Layer layer) {
        String name = vertex + SUFFIX;
        if (configuration.getVertices().containsKey(name)
                || configuration.getNetworkInputs().contains(name)) {
            throw new IllegalArgumentException("layer name \"" + name
                    + "\" must be new and is taken; choose another vertex than \"" + vertex + "\", or one vertex once");
        }
        layer.setLayerName(name);
        if (settings == null) {
            throw new IllegalArgumentException("the updater for \"" + name
                    + "\" (none) must be one of the network's, whose layers name none; use a network with a layer that"
                    + " has an updater");
        }
        NeuralNetConfiguration layerConfiguration = settings.configure(layer, configuration.getDefaultConfiguration());
        layer.setNIn(map, true);
        InputType output = layer.getOutputType(-1, map);
        if (!output.equals(map)) {
            throw new IllegalArgumentException(
                    "layer \"" + name + "\" (" + layer.getClass().getSimpleName()
                            + ") must keep the map's shape and gives " + output + " for " + map
                            + "; use a layer that keeps it");
        }
        boolean frozen = false;
        for (Map.Entry<String, List<String>> reader :
                configuration.getVertexInputs().entrySet()) {
            if (reader.getValue().contains(vertex)) {
                reader.getValue().replaceAll(input -> input.equals(vertex) ? name : input);
                frozen |= isFrozen(configuration.getVertices().get(reader.getKey()));
            }
        }
        InputPreProcessor preProcessor = layer.getPreProcessorForInputType(map);
        if (frozen) {
            // DL4J gives no gradient to what stands before a frozen layer.
            layerConfiguration.setLayer(new FrozenLayer(layer));
        }
        configuration.getVertices().put(name, new LayerVertex(layerConfiguration, preProcessor));
        configuration.getVertexInputs().put(name, new ArrayList<>(Collections.singletonList(vertex)));
    }

    private static boolean isFrozen(GraphVertex vertex) {
        return vertex instanceof FrozenVertex
                || vertex instanceof LayerVertex
                        && ((LayerVertex) vertex).getLayerConf().getLayer() instanceof FrozenLayer;
    }

    /** Makes the graph. */
    public ComputationGraph build() {
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        NetworkState.copyParameters(source, graph);
        for (org.deeplearning4j.nn.graph.vertex.GraphVertex vertex : graph.getVertices()) {
            String name = vertex.getVertexName();
            if (vertex.hasLayer()
                    && source.getVertex(name) != null
                    && source.getLayer(name) instanceof org.deeplearning4j.nn.layers.FrozenLayer) {
                vertex.setLayerAsFrozen();
            }
        }
        state = NetworkState.copyUpdaterState(source, graph);
        return graph;
    }

    /** Whether the source's updater had a state, which the built graph has then, too. */
    public boolean hasState() {
        return state;
    }

    /** What inserted layers have where they have none of their own, for people. */
    public String settings() {
        return String.valueOf(settings);
    }
}
