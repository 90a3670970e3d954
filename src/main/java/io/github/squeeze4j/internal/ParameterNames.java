package io.github.squeeze4j.internal;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.updater.UpdaterBlock;

/** What an updater's parameters are called. */
public final class ParameterNames {
    private ParameterNames() {}

    /**
     * The name of a parameter as {@code paramTable} of the network has it.
     *
     * @param parameter of an updater's block
     * @return vertex or number of the layer, underscore, parameter
     */
    public static String of(UpdaterBlock.ParamState parameter) {
        String owner = parameter.getLayer() instanceof GraphVertex
                ? ((GraphVertex) parameter.getLayer()).getVertexName()
                : "" + ((Layer) parameter.getLayer()).getIndex();
        return owner + "_" + parameter.getParamName();
    }
}
