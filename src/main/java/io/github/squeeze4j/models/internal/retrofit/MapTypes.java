package io.github.squeeze4j.models.internal.retrofit;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;

/** What each vertex of a graph gives, from the types of its inputs. */
public final class MapTypes {
    private MapTypes() {}

    /** The types by vertex, in the order of computation; an answer to a user whose input types are not the network's. */
    public static Map<String, InputType> of(ComputationGraphConfiguration old, InputType[] inputTypes) {
        List<String> inputs = old.getNetworkInputs();
        if (inputTypes == null) {
            throw new IllegalArgumentException("inputTypes (none) must name the network's inputs " + inputs
                    + ", which DL4J does not keep; use inputTypes(InputType.convolutional(height, width, channels))");
        }
        if (inputTypes.length != inputs.size() || Arrays.asList(inputTypes).contains(null)) {
            throw new IllegalArgumentException("inputTypes " + Arrays.toString(inputTypes)
                    + " must name one type for each of the network's inputs " + inputs + "; use "
                    + inputs.size() + (inputs.size() == 1 ? " type" : " types"));
        }
        // DL4J writes what it finds into the configuration it is asked for, so a copy is asked.
        ComputationGraphConfiguration scratch = old.clone();
        Map<String, InputType> types;
        try {
            types = scratch.getLayerActivationTypes(true, true, inputTypes);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    misfit(inputTypes) + ": " + e.getMessage() + "; use the types that the network was configured for",
                    e);
        }
        for (Map.Entry<String, GraphVertex> entry : old.getVertices().entrySet()) {
            long found = scratch.getVertices().get(entry.getKey()).numParams(false);
            long wanted = entry.getValue().numParams(false);
            if (found != wanted) {
                throw new IllegalArgumentException(
                        misfit(inputTypes) + ": \"" + entry.getKey() + "\" would have " + found + " parameters and has "
                                + wanted + "; use the types that the network was configured for");
            }
            Object is = format(entry.getValue());
            Object would = format(scratch.getVertices().get(entry.getKey()));
            if (is != would) {
                throw new IllegalArgumentException(
                        misfit(inputTypes) + ": \"" + entry.getKey() + "\" is " + is + " and not " + would
                                + "; use InputType.convolutional(height, width, channels, CNN2DFormat." + is + ")");
            }
        }
        return types;
    }

    private static String misfit(InputType[] inputTypes) {
        return "inputTypes " + Arrays.toString(inputTypes) + " must fit the network";
    }

    /** The layer of a vertex, of a frozen one that within; null for a vertex that is no layer. */
    public static Layer layer(GraphVertex vertex) {
        Layer layer = vertex instanceof LayerVertex
                ? ((LayerVertex) vertex).getLayerConf().getLayer()
                : null;
        return layer instanceof FrozenLayer ? ((FrozenLayer) layer).getLayer() : layer;
    }

    private static Object format(GraphVertex vertex) {
        Layer layer = layer(vertex);
        return layer instanceof ConvolutionLayer ? ((ConvolutionLayer) layer).getCnn2dDataFormat() : null;
    }
}
