package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.ShownText;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;

/** Whether a configuration is that of a classifier of given images, found out before any array is made. */
final class NetworkShape {
    private static final String REMEDY = "; give a graph that classifies these images";

    private NetworkShape() {}

    /** Number of parameters, running statistics with them: the length of a network's parameter vector. */
    static long parameters(ComputationGraphConfiguration network) {
        long sum = 0;
        for (Map.Entry<String, GraphVertex> vertex : network.getVertices().entrySet()) {
            long own = vertex.getValue().numParams(true);
            if (own < 0 || own > Integer.MAX_VALUE - sum) {
                throw new BadInputException("network: parameters of vertex " + vertex.getKey() + " (" + own
                        + ") must be from 0 and with all others less than 2^31; use fewer channels");
            }
            sum += own;
        }
        return sum;
    }

    /**
     * Complains unless the network has one input [N, channels, height, width] and one output [N, classes], all sizes between them
     * fit, and no map is larger than memory.
     */
    static void require(ComputationGraphConfiguration network, int height, int width, int channels, int classes) {
        requireOne("inputs", network.getNetworkInputs());
        requireOne("outputs", network.getNetworkOutputs());
        String output = network.getNetworkOutputs().get(0);
        GraphVertex last = network.getVertices().get(output);
        Layer layer = last instanceof LayerVertex && ((LayerVertex) last).getLayerConf() != null
                ? ((LayerVertex) last).getLayerConf().getLayer()
                : null;
        if (!(layer instanceof FeedForwardLayer) || ((FeedForwardLayer) layer).getNOut() != classes) {
            String outputs = layer instanceof FeedForwardLayer ? "" + ((FeedForwardLayer) layer).getNOut() : "none";
            throw new BadInputException("network: outputs of layer " + output + " (" + outputs
                    + ") must be as many as the classes, " + classes + REMEDY);
        }
        requireSizes(network, height, width, channels);
    }

    private static void requireOne(String what, List<String> names) {
        if (names == null || names.size() != 1) {
            throw new BadInputException(
                    "network: number of " + what + " (" + (names == null ? 0 : names.size()) + ") must be 1" + REMEDY);
        }
    }

    private static void requireSizes(ComputationGraphConfiguration network, int height, int width, int channels) {
        Map<String, InputType> maps;
        ComputationGraphConfiguration inferred = network.clone();
        try {
            maps = inferred.getLayerActivationTypes(true, true, InputType.convolutional(height, width, channels));
        } catch (RuntimeException e) {
            throw new BadInputException(
                    "network: sizes must fit images of " + height + "x" + width + ", but do not ("
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + ")" + REMEDY,
                    e);
        }
        for (Map.Entry<String, GraphVertex> vertex : network.getVertices().entrySet()) {
            String name = vertex.getKey();
            // The inference sets the inputs of each layer as the maps before it have them.
            long needed = inferred.getVertices().get(name).numParams(true);
            if (needed != vertex.getValue().numParams(true)) {
                throw new BadInputException("network: parameters of vertex " + name + " ("
                        + vertex.getValue().numParams(true) + ") must be those that its input needs, " + needed
                        + REMEDY);
            }
            InputType map = maps.get(name);
            if (map == null) {
                throw new BadInputException("network: vertex " + name + " must have an input" + REMEDY);
            }
            if (Arrays.stream(map.getShape(false)).anyMatch(size -> size < 1)) {
                throw new BadInputException("network: sizes must fit images of " + height + "x" + width
                        + ", but vertex " + name + " would give " + ShownText.of(map) + REMEDY);
            }
            double values = Arrays.stream(map.getShape(false)).asDoubleStream().reduce(1, (a, b) -> a * b);
            if (2 * values * network.getDataType().width() >= Pointer.maxBytes()) {
                throw new BadInputException("network: map of vertex " + name + " (" + ShownText.of(map)
                        + ") must fit into the memory of " + (Pointer.maxBytes() >> 20)
                        + " MiB; use smaller images or give Java more memory with -Xmx");
            }
        }
    }
}
