package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.internal.retrofit.MapTypes;
import io.github.squeeze4j.models.internal.retrofit.NewGraph;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/**
 * Puts attention blocks into a network that is there already: one of DL4J's zoo, one from a file, one of your own.
 *
 * <p>The given network stays as it is. The new one has, behind each vertex chosen, a layer {@code <vertex>.attention} that all
 * readers of the vertex now read. Parameters, the updater's state and the counts of iterations and epochs are the old ones, bit
 * for bit; frozen layers stay frozen; listeners and acceleration are not taken over. A block starts as near to the identity as
 * it can (see {@link #gate}), with the updater, regularisation and gradient normalisation that most layers of the network have,
 * unless it has its own.
 *
 * <pre>{@code
 * RetrofitResult result = Retrofit.of(graph)
 *         .inputTypes(InputType.convolutional(224, 224, 3))
 *         .after("bn\\d[a-z]_branch2c")
 *         .insert(Attention.named("se"))
 *         .build();
 * System.out.println(result.report());
 * ComputationGraph network = result.graph();
 * }</pre>
 *
 * <p>{@code after} and {@code insert} may follow each other again, for other vertices.
 */
public final class Retrofit {
    /** Default {@link #gate}. */
    public static final double DEFAULT_GATE = 0.999;

    private final ComputationGraph source;
    private final List<RetrofitRule> rules = new ArrayList<>();
    private InputType[] inputTypes;
    private RetrofitRule open;
    private double gate = DEFAULT_GATE;
    private boolean ownStart;

    private Retrofit(ComputationGraph source) {
        this.source = source;
    }

    /**
     * Starts from a graph.
     *
     * @param graph an initialised graph, trained or not, accelerated or not; stays as it is
     * @return what to say next: {@link #inputTypes}, {@link #after(String)} and {@link #insert}
     * @throws IllegalArgumentException if the graph is null or not initialised
     */
    public static Retrofit of(ComputationGraph graph) {
        Checks.notNull("graph", graph, "use an initialised ComputationGraph");
        if (graph.getVertices() == null) {
            throw new IllegalArgumentException("graph must be initialised; call its init() first");
        }
        return new Retrofit(graph);
    }

    /**
     * Starts from a network of layers, which becomes a graph whose vertices are named by the layers' numbers, from "0".
     *
     * @param network an initialised network; stays as it is
     * @return what to say next
     * @throws IllegalArgumentException if the network is null or not initialised
     */
    public static Retrofit of(MultiLayerNetwork network) {
        Checks.notNull("network", network, "use an initialised MultiLayerNetwork");
        if (network.getLayers() == null) {
            throw new IllegalArgumentException("network must be initialised; call its init() first");
        }
        ComputationGraph graph = network.clone().toComputationGraph();
        // DL4J starts counting anew there.
        graph.getConfiguration().setIterationCount(network.getIterationCount());
        graph.getConfiguration().setEpochCount(network.getEpochCount());
        return new Retrofit(graph);
    }

    /**
     * The network's inputs, as given to {@code setInputTypes} when it was configured. DL4J does not keep them, and the sizes of
     * the maps follow from them.
     *
     * @param types one for each input, in the network's order
     * @return this
     */
    public Retrofit inputTypes(InputType... types) {
        inputTypes = types.clone();
        return this;
    }

    /**
     * Chooses vertices by name; {@link #insert} says what to put behind them.
     *
     * @param pattern a regular expression for the whole name
     * @return this
     * @throws IllegalArgumentException if the pattern is malformed
     */
    public Retrofit after(String pattern) {
        Checks.notNull("pattern", pattern, "use a regular expression for the names of vertices");
        try {
            Pattern compiled = Pattern.compile(pattern);
            return after(
                    new RetrofitRule(vertex -> compiled.matcher(vertex.name()).matches(), pattern));
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "pattern (" + pattern + ") must be a regular expression: " + e.getDescription()
                            + "; use Pattern.quote(name) for a name as it is",
                    e);
        }
    }

    /**
     * Chooses vertices by what they are; {@link #insert} says what to put behind them.
     *
     * @param choice true for the vertices wanted; asked once per vertex, in the order of computation
     * @return this
     */
    public Retrofit after(Predicate<RetrofitVertex> choice) {
        return after(new RetrofitRule(
                Checks.notNull("choice", choice, "use vertex -> vertex.name().endsWith(\"bn\")"), null));
    }

    private Retrofit after(RetrofitRule rule) {
        requireNoneOpen();
        open = rule;
        return this;
    }

    private void requireNoneOpen() {
        if (open != null) {
            throw new IllegalStateException("after(...) must be followed by insert(...); say what to insert");
        }
    }

    /**
     * Puts a layer behind each vertex chosen by the last {@code after}.
     *
     * @param attention gives the layer for each place, or null for none there: {@link Site#stage()} counts the sizes of map
     *     among the vertices chosen and {@link Site#block()} the vertices of that size, both from 1. A layer that is no {@link
     *     AttentionBlock} is inserted with its own initial values; it must keep the map's shape
     * @return this
     */
    public Retrofit insert(Attention attention) {
        Checks.notNull("attention", attention, "use Attention.named(\"se\")");
        if (open == null) {
            throw new IllegalStateException("insert(...) must follow after(...); say after which vertices");
        }
        open.insert(attention);
        rules.add(open);
        open = null;
        return this;
    }

    /**
     * What blocks multiply every value by at first.
     *
     * @param gate above 0, at most 1. With 1 the network's output is what it was, but a gate of exactly 1 does not learn, since
     *     a sigmoid is flat there; with the default 0.999 gradients are a thousandth of those behind the gate
     * @return this
     */
    public Retrofit gate(double gate) {
        if (!(gate > 0 && gate <= 1)) {
            throw new IllegalArgumentException("gate (" + gate + ") must be above 0 and at most 1; use gate("
                    + DEFAULT_GATE + "), or gate(1) for an unchanged output");
        }
        this.gate = gate;
        ownStart = false;
        return this;
    }

    /**
     * Keeps each block's own random start, as in a new network; its gates are near 0.5.
     *
     * @return this
     */
    public Retrofit randomStart() {
        ownStart = true;
        return this;
    }

    /**
     * Makes the new network.
     *
     * @return the network and what is new in it
     * @throws IllegalArgumentException if nothing is chosen, a vertex chosen is no feature map or an output of the network, a
     *     name is taken, a layer does not fit, or the input types are missing or do not fit
     */
    public RetrofitResult build() {
        requireNoneOpen();
        if (rules.isEmpty()) {
            throw new IllegalStateException("nothing to insert; use after(\"name\").insert(Attention.named(\"se\"))");
        }
        ComputationGraphConfiguration old = source.getConfiguration();
        Map<String, InputType> types = MapTypes.of(old, inputTypes);
        NewGraph next = new NewGraph(source);
        Map<RetrofitVertex, Layer> layers = new LinkedHashMap<>();
        for (RetrofitRule rule : rules) {
            Map<RetrofitVertex, Layer> planned = rule.plan(old, types);
            planned.forEach((vertex, layer) -> next.insert(vertex.name(), vertex.outputType(), layer));
            layers.putAll(planned);
        }
        ComputationGraph graph = next.build();
        List<RetrofitInsertion> inserted = new ArrayList<>();
        layers.forEach((vertex, layer) ->
                inserted.add(new RetrofitInsertion(vertex, layer, graph, ownStart ? Double.NaN : gate)));
        return new RetrofitResult(graph, inserted, next.settings(), next.hasState());
    }

    /** What is to be changed so far. */
    @Override
    public String toString() {
        List<RetrofitRule> all = new ArrayList<>(rules);
        if (open != null) {
            all.add(open);
        }
        return "Retrofit of " + source.getVertices().length + " vertices: "
                + (all.isEmpty() ? "no place chosen yet" : "")
                + all.stream().map(RetrofitRule::toString).collect(Collectors.joining(", "));
    }
}
