package io.github.squeeze4j.engine;

import io.github.squeeze4j.internal.OpenMp;
import io.github.squeeze4j.onednn.OneDnn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Makes a network of DL4J, of this library or not, run on oneDNN: training, evaluation and output, with the same results.
 *
 * <p>All layers between the inputs and the output layers become one program of oneDNN primitives for each mode and size of
 * input. Maps stay in oneDNN's own layout from layer to layer; batch normalization and ReLU are one pass, as are the
 * scaling of a Squeeze-and-Excitation block, the residual addition and ReLU; gradients that nobody reads are not computed.
 * Scratch memory is one block, which results and gradients share where their lives do not overlap. Layers without such a
 * form are computed by DL4J in between; so is the whole network wherever a program would not do: in a type other than
 * FLOAT, on other backends, with mask arrays, with {@code feedForward}, without workspaces, or where numbers are infinite,
 * not numbers or above 1e15. For a listener that reads each layer's result DL4J computes them besides, in the iterations in
 * which it reads. Outputs and gradients equal DL4J's to 1e-5, up to float's rounding.
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
public final class Acceleration implements AutoCloseable {
    static {
        OpenMp.spinBriefly();
    }

    /** How many names a line of a report lists. */
    private static final int NAMES = 3;

    private final String refusal;
    private final Region region;
    /** Why AUTO is not bfloat16, or null. */
    private String slower;

    private Acceleration(String refusal) {
        this.refusal = refusal;
        region = null;
    }

    private Acceleration(Region region) {
        this.region = region;
        refusal = null;
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
        return region(network) != null ? accelerated() : applied(network, DataType.FLOAT);
    }

    /**
     * Accelerates a graph in place. A graph that is accelerated in another precision gets this one.
     *
     * @param network an initialised graph, trained or not
     * @param precision of its maps
     * @return what was done; where nothing could be, the network is as it was and {@link #refusal} says why
     * @throws IllegalArgumentException if the network is not initialised
     * @throws io.github.squeeze4j.BadInputException for {@link Precision#BFLOAT16} where that cannot be
     */
    public static Acceleration apply(ComputationGraph network, Precision precision) {
        requireInitialised(network.getVertices());
        DataType type = network.getConfiguration().getDataType();
        return again(region(network), precision, type, maps -> applied(network, maps));
    }

    private static Acceleration applied(ComputationGraph network, DataType maps) {
        return attempt(() -> new GraphRegion(network, Plan.forTraining(Topology.of(network), maps)));
    }

    /**
     * Accelerates a network in place. Layers that oneDNN does not compute stay where they are.
     *
     * @param network an initialised network, trained or not
     * @return what was done; where nothing could be, the network is as it was and {@link #refusal} says why
     * @throws IllegalArgumentException if the network is not initialised
     */
    public static Acceleration apply(MultiLayerNetwork network) {
        requireInitialised(network.getLayers());
        return region(network) != null ? accelerated() : applied(network, DataType.FLOAT);
    }

    /**
     * Accelerates a network in place. A network that is accelerated in another precision gets this one.
     *
     * @param network an initialised network, trained or not
     * @param precision of its maps
     * @return what was done; where nothing could be, the network is as it was and {@link #refusal} says why
     * @throws IllegalArgumentException if the network is not initialised
     * @throws io.github.squeeze4j.BadInputException for {@link Precision#BFLOAT16} where that cannot be
     */
    public static Acceleration apply(MultiLayerNetwork network, Precision precision) {
        requireInitialised(network.getLayers());
        DataType type = network.getLayerWiseConfigurations().getDataType();
        return again(region(network), precision, type, maps -> applied(network, maps));
    }

    private static Acceleration applied(MultiLayerNetwork network, DataType maps) {
        return attempt(() -> new ChainRegions(network, maps));
    }

    private static Acceleration accelerated() {
        return new Acceleration("it is accelerated already; Acceleration.of(network) gives the handle");
    }

    /** @param known what stands in the network's place, or null */
    private static Acceleration again(
            Region known, Precision precision, DataType type, Function<DataType, Acceleration> apply) {
        DataType maps = precision.maps(type);
        if (known != null && known.maps() == maps) {
            return accelerated();
        }
        if (known != null) {
            known.remove();
        }
        Acceleration made = apply.apply(maps);
        made.slower = precision == Precision.AUTO ? Precision.reasonAgainst(type) : null;
        return made;
    }

    /**
     * The handle of a graph that is accelerated, by {@link #apply} or because it is one of the library's own.
     *
     * @param network an initialised graph
     * @return its handle; of a graph that is not accelerated, one whose {@link #refusal} says so
     * @throws IllegalArgumentException if the network is not initialised
     */
    public static Acceleration of(ComputationGraph network) {
        requireInitialised(network.getVertices());
        Region region = region(network);
        return region == null
                ? new Acceleration(whyNot(() -> Plan.forTraining(Topology.of(network), DataType.FLOAT)))
                : new Acceleration(region);
    }

    /**
     * The handle of a network that is accelerated.
     *
     * @param network an initialised network
     * @return its handle; of a network that is not accelerated, one whose {@link #refusal} says so
     * @throws IllegalArgumentException if the network is not initialised
     */
    public static Acceleration of(MultiLayerNetwork network) {
        requireInitialised(network.getLayers());
        Region region = region(network);
        return region == null
                ? new Acceleration(
                        whyNot(() -> Plan.requireFloat(Topology.chain(network, 0, network.getLayers().length, false))))
                : new Acceleration(region);
    }

    private static Region region(ComputationGraph network) {
        for (GraphVertex vertex : network.getVertices()) {
            if (vertex instanceof StandIn) {
                return ((StandIn) vertex).region();
            }
        }
        return null;
    }

    private static Region region(MultiLayerNetwork network) {
        for (Layer layer : network.getLayers()) {
            if (layer instanceof RegionLayer) {
                return ((RegionLayer) layer).region().all();
            }
        }
        return null;
    }

    private static String whyNot(Runnable attempt) {
        if (!OneDnn.available()) {
            return OneDnn.unavailableReason();
        }
        try {
            attempt.run();
            return "nobody asked for it; call Acceleration.apply(network)";
        } catch (Unsupported e) {
            return e.getMessage();
        }
    }

    private static void requireInitialised(Object[] parts) {
        if (parts == null) {
            throw new IllegalArgumentException("network must be initialised; call its init() first");
        }
    }

    private static Acceleration attempt(Supplier<Region> attempt) {
        Acceleration made;
        if (!OneDnn.available()) {
            made = new Acceleration(OneDnn.unavailableReason());
        } else {
            try {
                made = new Acceleration(attempt.get());
            } catch (Unsupported e) {
                made = new Acceleration(e.getMessage());
            }
        }
        Notices.first(made);
        return made;
    }

    /**
     * Gives the network its own layers back and frees the native memory of its programs. Parameters and the updater's state
     * stay. Twice is as once.
     */
    public void undo() {
        if (region != null) {
            region.remove();
        }
    }

    /**
     * As {@link #undo}. A network that is dropped need not be closed: its native memory is freed when it is collected, as
     * late as that may be.
     */
    @Override
    public void close() {
        undo();
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
     * The layers and vertices that oneDNN computes in every pass.
     *
     * @return names, in the order of computation; in a MultiLayerNetwork numbers
     */
    public List<String> nativeLayers() {
        List<String> names = new ArrayList<>();
        if (region != null) {
            region.layers().forEach((name, reason) -> {
                if (reason == null) {
                    names.add(name);
                }
            });
        }
        return Collections.unmodifiableList(names);
    }

    /**
     * The layers and vertices that DL4J computes, in some passes or in all.
     *
     * @return the reason by name; the output layers, which always are DL4J's, are left out
     */
    public Map<String, String> otherLayers() {
        Map<String, String> others = new LinkedHashMap<>();
        if (region != null) {
            region.layers().forEach((name, reason) -> {
                if (reason != null) {
                    others.put(name, reason);
                }
            });
        }
        return Collections.unmodifiableMap(others);
    }

    /**
     * What was changed, for people.
     *
     * @return a line, one more for each reason why DL4J computes layers, and one if DL4J ran the last pass
     */
    public String report() {
        if (refusal != null) {
            return "Not accelerated: " + refusal;
        }
        Map<String, List<String>> byReason = new LinkedHashMap<>();
        otherLayers()
                .forEach((name, reason) ->
                        byReason.computeIfAbsent(reason, r -> new ArrayList<>()).add(name));
        StringBuilder text = new StringBuilder();
        text.append("oneDNN computes ").append(nativeLayers().size()).append(" layers and vertices, DL4J ");
        text.append(otherLayers().size()).append(" and the output layers");
        byReason.forEach(
                (reason, names) -> append(text.append(System.lineSeparator()).append("  DL4J: "), names)
                        .append(" (")
                        .append(reason)
                        .append(')'));
        if (region.maps() == DataType.BFLOAT16) {
            text.append(System.lineSeparator())
                    .append("  bfloat16 at inference, with ")
                    .append(OneDnn.instructions())
                    .append("; training is float32");
            if (!region.single().isEmpty()) {
                text.append(System.lineSeparator()).append("  float32 at inference, too: ");
                append(text, new ArrayList<>(region.single())).append(" (oneDNN has no fast form in bfloat16)");
            }
        }
        if (slower != null) {
            text.append(System.lineSeparator()).append("  float32: bfloat16 ").append(slower);
        }
        if (region.passesForListeners() > 0) {
            text.append(System.lineSeparator())
                    .append("  DL4J computed ")
                    .append(region.passesForListeners())
                    .append(" forward passes once more, for listeners that read each layer's result");
        }
        if (lastRefusal() != null) {
            text.append(System.lineSeparator())
                    .append("  DL4J ran the whole of the last pass: ")
                    .append(lastRefusal());
        }
        return text.toString();
    }

    private static StringBuilder append(StringBuilder text, List<String> names) {
        return text.append(String.join(", ", names.subList(0, Math.min(NAMES, names.size()))))
                .append(names.size() > NAMES ? " and " + (names.size() - NAMES) + " more" : "");
    }

    /** The {@link #report()}. */
    @Override
    public String toString() {
        return report();
    }
}
