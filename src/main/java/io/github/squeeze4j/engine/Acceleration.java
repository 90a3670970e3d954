package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.OneDnn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Makes a network of DL4J, of this library or not, run on oneDNN: training, evaluation and output, with the same results.
 *
 * <p>All layers between the inputs and the output layers become one program of oneDNN primitives for each mode and size of
 * input. Maps stay in oneDNN's own layout from layer to layer; batch normalization and ReLU are one pass, as are the
 * scaling of a Squeeze-and-Excitation block, the residual addition and ReLU; gradients that nobody reads are not computed.
 * Scratch memory is one block, which results and gradients share where their lives do not overlap. Layers without such a
 * form are computed by DL4J in between; so is the whole network wherever a program would not do: in a type other than
 * FLOAT, on other backends, with mask arrays, with {@code feedForward}, without workspaces, or where a listener reads each
 * layer's result. Outputs and gradients equal DL4J's to 1e-5, up to float's rounding.
 *
 * <p>Parameters, gradients, updaters, listeners, files and {@code clone()} are the network's own and unchanged. A clone or a
 * loaded network is not accelerated until it is told to be. Like any DL4J network, one instance serves one thread at a time.
 *
 * <pre>{@code
 * Acceleration acceleration = Acceleration.apply(network);
 * System.out.println(acceleration.report());
 * network.fit(iterator);
 * acceleration.undo();
 * }</pre>
 */
public final class Acceleration {
    private final String refusal;
    private final Region region;
    private final List<String> nativeLayers = new ArrayList<>();
    private final Map<String, String> otherLayers = new LinkedHashMap<>();

    private Acceleration(String refusal) {
        this.refusal = refusal;
        region = null;
    }

    private Acceleration(Region region, Plan plan) {
        this.region = region;
        refusal = null;
        for (Node node : plan.nodes) {
            if (node.whyNotNative() == null) {
                nativeLayers.add(node.name);
            } else {
                otherLayers.put(node.name, node.whyNotNative());
            }
        }
    }

    /**
     * Accelerates a graph in place.
     *
     * @param network an initialised graph, trained or not
     * @return what was done; where nothing could be, the network is as it was and {@link #refusal} says why
     * @throws IllegalArgumentException if the network is not initialised
     */
    public static Acceleration apply(ComputationGraph network) {
        requireInitialised(network.getVertices());
        for (GraphVertex vertex : network.getVertices()) {
            if (vertex instanceof RegionVertex) {
                return new Acceleration("it is accelerated already");
            }
        }
        return apply(() -> {
            Plan plan = new Plan(network);
            return new Acceleration(new GraphRegion(network, plan), plan);
        });
    }

    /**
     * Accelerates a network in place, from its first layer to the output layer or to the first preprocessor between two
     * layers, such as that before a dense layer.
     *
     * @param network an initialised network, trained or not
     * @return what was done; where nothing could be, the network is as it was and {@link #refusal} says why
     * @throws IllegalArgumentException if the network is not initialised
     */
    public static Acceleration apply(MultiLayerNetwork network) {
        requireInitialised(network.getLayers());
        for (Layer layer : network.getLayers()) {
            if (layer instanceof RegionLayer) {
                return new Acceleration("it is accelerated already");
            }
        }
        return apply(() -> {
            ChainRegion region = ChainRegion.of(network);
            return new Acceleration(region, region.plan());
        });
    }

    private static void requireInitialised(Object[] parts) {
        if (parts == null) {
            throw new IllegalArgumentException("network must be initialised; call its init() first");
        }
    }

    private static Acceleration apply(Supplier<Acceleration> attempt) {
        if (!OneDnn.available()) {
            return new Acceleration(OneDnn.unavailableReason());
        }
        try {
            return attempt.get();
        } catch (Unsupported e) {
            return new Acceleration(e.getMessage());
        }
    }

    /** Gives the network its own layers back. Parameters and the updater's state stay. Twice is as once. */
    public void undo() {
        if (region != null) {
            region.remove();
        }
    }

    /**
     * Why the network runs as before.
     *
     * @return the reason, or null if it is accelerated
     */
    public String refusal() {
        return refusal;
    }

    /**
     * Why DL4J itself ran the last pass through an accelerated network.
     *
     * @return the reason, or null if the program ran
     */
    public String lastRefusal() {
        return region == null ? refusal : region.refusal();
    }

    /**
     * The outputs of a graph at inference, computed outside of DL4J's loop over the vertices, which in M2.1 fails for some graphs
     * whose outputs go on to other vertices.
     *
     * @param inputs the network's inputs, without masks
     * @return its outputs, in no workspace; null if the program does not run, for the reason that {@link #lastRefusal()} gives
     */
    public INDArray[] output(INDArray... inputs) {
        return region == null ? null : region.output(inputs);
    }

    /**
     * The layers and vertices that oneDNN computes.
     *
     * @return names, in the order of computation; in a MultiLayerNetwork numbers
     */
    public List<String> nativeLayers() {
        return Collections.unmodifiableList(nativeLayers);
    }

    /**
     * The layers and vertices that DL4J computes between the program's steps.
     *
     * @return the reason by name
     */
    public Map<String, String> otherLayers() {
        return Collections.unmodifiableMap(otherLayers);
    }

    /**
     * What was changed, for people.
     *
     * @return a line, and one more for each layer that DL4J computes
     */
    public String report() {
        if (refusal != null) {
            return "Not accelerated: " + refusal;
        }
        StringBuilder text = new StringBuilder();
        text.append("oneDNN computes ").append(nativeLayers.size()).append(" layers and vertices, DL4J ");
        text.append(otherLayers.size()).append(" and the output layers");
        otherLayers.forEach((name, reason) -> text.append(System.lineSeparator())
                .append("  DL4J: ")
                .append(name)
                .append(" (")
                .append(reason)
                .append(')'));
        return text.toString();
    }
}
