package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.internal.NearNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
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
 * Retrofit.Result result = Retrofit.of(graph)
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

    private static final String SUFFIX = ".attention";
    private static final int NEAREST = 5;

    private final ComputationGraph source;
    private final List<Rule> rules = new ArrayList<>();
    private InputType[] inputTypes;
    private Rule open;
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
            return after(new Rule(vertex -> compiled.matcher(vertex.name()).matches(), pattern));
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
    public Retrofit after(Predicate<Vertex> choice) {
        return after(new Rule(Checks.notNull("choice", choice, "use vertex -> vertex.name().endsWith(\"bn\")"), null));
    }

    private Retrofit after(Rule rule) {
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
        open.attention = attention;
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
    public Result build() {
        requireNoneOpen();
        if (rules.isEmpty()) {
            throw new IllegalStateException("nothing to insert; use after(\"name\").insert(Attention.named(\"se\"))");
        }
        ComputationGraphConfiguration old = source.getConfiguration();
        Map<String, InputType> types = activationTypes(old);
        ComputationGraphConfiguration configuration = old.clone();
        configuration.setIterationCount(old.getIterationCount());
        configuration.setEpochCount(old.getEpochCount());
        CommonSettings settings = CommonSettings.of(old);

        List<Insertion> insertions = new ArrayList<>();
        for (Rule rule : rules) {
            for (Planned planned : plan(rule, types)) {
                insertions.add(insert(planned, configuration, settings));
            }
        }

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
        for (Insertion insertion : insertions) {
            insertion.start(graph, ownStart ? Double.NaN : gate);
        }
        boolean state = NetworkState.copyUpdaterState(source, graph);
        return new Result(graph, insertions, settings, state);
    }

    // ---- sizes of maps ---------------------------------------------------------------------------------------------

    private Map<String, InputType> activationTypes(ComputationGraphConfiguration old) {
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
                    misfit() + ": " + e.getMessage() + "; use the types that the network was configured for", e);
        }
        for (Map.Entry<String, GraphVertex> entry : old.getVertices().entrySet()) {
            long found = scratch.getVertices().get(entry.getKey()).numParams(false);
            long wanted = entry.getValue().numParams(false);
            if (found != wanted) {
                throw new IllegalArgumentException(misfit() + ": \"" + entry.getKey() + "\" would have " + found
                        + " parameters and has " + wanted + "; use the types that the network was configured for");
            }
            Object is = format(entry.getValue());
            Object would = format(scratch.getVertices().get(entry.getKey()));
            if (is != would) {
                throw new IllegalArgumentException(misfit() + ": \"" + entry.getKey() + "\" is " + is + " and not "
                        + would + "; use InputType.convolutional(height, width, channels, CNN2DFormat." + is + ")");
            }
        }
        return types;
    }

    private String misfit() {
        return "inputTypes " + Arrays.toString(inputTypes) + " must fit the network";
    }

    private static Layer layer(GraphVertex vertex) {
        Layer layer = vertex instanceof LayerVertex
                ? ((LayerVertex) vertex).getLayerConf().getLayer()
                : null;
        return layer instanceof FrozenLayer ? ((FrozenLayer) layer).getLayer() : layer;
    }

    private static Object format(GraphVertex vertex) {
        Layer layer = layer(vertex);
        return layer instanceof ConvolutionLayer ? ((ConvolutionLayer) layer).getCnn2dDataFormat() : null;
    }

    // ---- choosing --------------------------------------------------------------------------------------------------

    private List<Planned> plan(Rule rule, Map<String, InputType> types) {
        ComputationGraphConfiguration old = source.getConfiguration();
        List<Vertex> chosen = new ArrayList<>();
        for (Map.Entry<String, InputType> entry : types.entrySet()) {
            GraphVertex vertex = old.getVertices().get(entry.getKey());
            if (vertex != null) {
                Vertex description = new Vertex(entry.getKey(), layer(vertex), entry.getValue());
                if (rule.choice.test(description)) {
                    chosen.add(description);
                }
            }
        }
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException(
                    rule.pattern == null
                            ? "after(predicate) must choose at least one of the "
                                    + old.getVertices().size() + " vertices, such as " + nearest("", old)
                            : "pattern (" + rule.pattern
                                    + ") must match the whole name of a vertex; the nearest names are "
                                    + nearest(rule.pattern, old));
        }
        List<Planned> planned = new ArrayList<>();
        Map<List<Integer>, Integer> stages = new LinkedHashMap<>();
        Map<Integer, Integer> blocks = new LinkedHashMap<>();
        for (Vertex vertex : chosen) {
            if (!vertex.isFeatureMap()) {
                throw new IllegalArgumentException("vertex \"" + vertex.name() + "\" (" + vertex.outputType()
                        + ") must give a feature map; choose a vertex before the maps are flattened or pooled away");
            }
            if (old.getNetworkOutputs().contains(vertex.name())) {
                throw new IllegalArgumentException("vertex \"" + vertex.name()
                        + "\" must not be an output of the network, whose name would be another's; choose a vertex"
                        + " before it");
            }
            List<Integer> size = Arrays.asList(vertex.height(), vertex.width());
            stages.putIfAbsent(size, stages.size() + 1);
            int stage = stages.get(size);
            int block = blocks.merge(stage, 1, Integer::sum);
            Layer layer = rule.attention.at(new Site(vertex.channels(), vertex.height(), vertex.width(), stage, block));
            if (layer != null) {
                planned.add(new Planned(vertex, layer));
            }
        }
        if (planned.isEmpty()) {
            throw new IllegalArgumentException("attention must give a layer for at least one of the " + chosen.size()
                    + " vertices chosen and gave null for all; use Attention.named(\"se\")");
        }
        return planned;
    }

    private static String nearest(String wanted, ComputationGraphConfiguration configuration) {
        List<String> names =
                NearNames.sorted(wanted, configuration.getVertices().keySet());
        return String.join(", ", names.subList(0, Math.min(NEAREST, names.size())));
    }

    // ---- inserting -------------------------------------------------------------------------------------------------

    private static Insertion insert(
            Planned planned, ComputationGraphConfiguration configuration, CommonSettings settings) {
        Vertex vertex = planned.vertex;
        String name = vertex.name() + SUFFIX;
        if (configuration.getVertices().containsKey(name)
                || configuration.getNetworkInputs().contains(name)) {
            throw new IllegalArgumentException(
                    "layer name \"" + name + "\" must be new and is taken; choose another vertex" + " than \""
                            + vertex.name() + "\", or one vertex once");
        }
        Layer layer = planned.layer;
        layer.setLayerName(name);
        if (settings == null) {
            throw new IllegalArgumentException("the updater for \"" + name
                    + "\" (none) must be one of the network's, whose layers name none; use a network with a layer that"
                    + " has an updater");
        }
        NeuralNetConfiguration layerConfiguration = settings.configure(layer, configuration.getDefaultConfiguration());
        layer.setNIn(vertex.outputType(), true);
        InputType output = layer.getOutputType(-1, vertex.outputType());
        if (!output.equals(vertex.outputType())) {
            throw new IllegalArgumentException(
                    "layer \"" + name + "\" (" + layer.getClass().getSimpleName()
                            + ") must keep the map's shape and gives " + output + " for " + vertex.outputType()
                            + "; use a layer that keeps it");
        }
        boolean frozen = false;
        for (Map.Entry<String, List<String>> reader :
                configuration.getVertexInputs().entrySet()) {
            if (reader.getValue().contains(vertex.name())) {
                reader.getValue().replaceAll(input -> input.equals(vertex.name()) ? name : input);
                frozen |= isFrozen(configuration.getVertices().get(reader.getKey()));
            }
        }
        InputPreProcessor preProcessor = layer.getPreProcessorForInputType(vertex.outputType());
        if (frozen) {
            // DL4J gives no gradient to what stands before a frozen layer.
            layerConfiguration.setLayer(new FrozenLayer(layer));
        }
        configuration.getVertices().put(name, new LayerVertex(layerConfiguration, preProcessor));
        configuration.getVertexInputs().put(name, new ArrayList<>(Collections.singletonList(vertex.name())));
        return new Insertion(vertex, name, layer, frozen);
    }

    private static boolean isFrozen(GraphVertex vertex) {
        return vertex instanceof FrozenVertex
                || vertex instanceof LayerVertex
                        && ((LayerVertex) vertex).getLayerConf().getLayer() instanceof FrozenLayer;
    }

    /** What is to be changed so far. */
    @Override
    public String toString() {
        List<Rule> all = new ArrayList<>(rules);
        if (open != null) {
            all.add(open);
        }
        return "Retrofit of " + source.getVertices().length + " vertices: "
                + (all.isEmpty() ? "no place chosen yet" : "")
                + all.stream()
                        .map(rule -> (rule.attention == null ? "nothing yet" : "a layer") + " after "
                                + (rule.pattern == null ? "vertices of a choice" : rule.pattern))
                        .collect(Collectors.joining(", "));
    }

    /** One {@code after} with its {@code insert}. */
    private static final class Rule {
        private final Predicate<Vertex> choice;
        private final String pattern;
        private Attention attention;

        Rule(Predicate<Vertex> choice, String pattern) {
            this.choice = choice;
            this.pattern = pattern;
        }
    }

    private static final class Planned {
        private final Vertex vertex;
        private final Layer layer;

        Planned(Vertex vertex, Layer layer) {
            this.vertex = vertex;
            this.layer = layer;
        }
    }

    /** A vertex of the given network, to choose by. */
    public static final class Vertex {
        private final String name;
        private final Layer layer;
        private final InputType outputType;

        private Vertex(String name, Layer layer, InputType outputType) {
            this.name = name;
            this.layer = layer;
            this.outputType = outputType;
        }

        /**
         * Its name.
         *
         * @return the name in the graph
         */
        public String name() {
            return name;
        }

        /**
         * Its layer's configuration, of a frozen layer that within.
         *
         * @return the network's own configuration, to read only; null for a vertex that is no layer, such as an addition
         */
        public Layer layer() {
            return layer;
        }

        /**
         * What it gives, as DL4J says.
         *
         * @return the type of its output
         */
        public InputType outputType() {
            return outputType;
        }

        /**
         * Whether it gives a feature map.
         *
         * @return true for [N, C, H, W] and [N, H, W, C]
         */
        public boolean isFeatureMap() {
            return outputType instanceof InputType.InputTypeConvolutional;
        }

        /**
         * Channels of the map it gives.
         *
         * @return C, or 0 if it gives no feature map
         */
        public int channels() {
            return isFeatureMap() ? (int) map().getChannels() : 0;
        }

        /**
         * Height of the map it gives.
         *
         * @return H in pixels, or 0 if it gives no feature map
         */
        public int height() {
            return isFeatureMap() ? (int) map().getHeight() : 0;
        }

        /**
         * Width of the map it gives.
         *
         * @return W in pixels, or 0 if it gives no feature map
         */
        public int width() {
            return isFeatureMap() ? (int) map().getWidth() : 0;
        }

        private InputType.InputTypeConvolutional map() {
            return (InputType.InputTypeConvolutional) outputType;
        }

        @Override
        public String toString() {
            return name + (layer == null ? "" : " (" + layer.getClass().getSimpleName() + ")") + ": " + outputType;
        }
    }

    /** One new layer. */
    public static final class Insertion {
        private final Vertex vertex;
        private final String layer;
        private final Layer configuration;
        private final boolean frozen;
        private long parameters;
        private double gate = Double.NaN;

        private Insertion(Vertex vertex, String layer, Layer configuration, boolean frozen) {
            this.vertex = vertex;
            this.layer = layer;
            this.configuration = configuration;
            this.frozen = frozen;
        }

        private void start(ComputationGraph graph, double wanted) {
            org.deeplearning4j.nn.api.Layer runtime = graph.getLayer(layer);
            parameters = runtime.numParams();
            if (configuration instanceof AttentionBlock && !Double.isNaN(wanted)) {
                gate = AttentionBlock.startNearIdentity(runtime, wanted);
            }
        }

        /**
         * The vertex that it stands behind.
         *
         * @return the vertex of the given network
         */
        public Vertex vertex() {
            return vertex;
        }

        /**
         * The new layer's name.
         *
         * @return {@code <vertex>.attention}
         */
        public String layer() {
            return layer;
        }

        /**
         * The factor that it multiplies every value by at first.
         *
         * @return the factor; NaN for a random start and for layers that are no {@link AttentionBlock}
         */
        public double gate() {
            return gate;
        }

        /**
         * How many parameters it adds.
         *
         * @return learned parameters and running statistics
         */
        public long parameters() {
            return parameters;
        }

        /**
         * Whether it is frozen, because a layer that reads it is: DL4J gives no gradient to what stands before a frozen layer.
         *
         * @return true if training leaves it as it is
         */
        public boolean isFrozen() {
            return frozen;
        }

        @Override
        public String toString() {
            String kind = configuration instanceof AttentionBlock
                    ? ((AttentionBlock) configuration).blockName()
                    : configuration.getClass().getSimpleName() + ", no attention block";
            return String.format(
                    Locale.ROOT,
                    "%s: %s (%s), %d channels, %d x %d, %s, %d parameters%s",
                    vertex.name(),
                    layer,
                    kind,
                    vertex.channels(),
                    vertex.height(),
                    vertex.width(),
                    Double.isNaN(gate) ? "own start" : "gate " + gate,
                    parameters,
                    frozen ? ", frozen as what reads it" : "");
        }
    }

    /** The new network, and what is new in it. */
    public static final class Result {
        private final ComputationGraph graph;
        private final List<Insertion> inserted;
        private final CommonSettings settings;
        private final boolean state;

        private Result(ComputationGraph graph, List<Insertion> inserted, CommonSettings settings, boolean state) {
            this.graph = graph;
            this.inserted = Collections.unmodifiableList(inserted);
            this.settings = settings;
            this.state = state;
        }

        /**
         * The network with its new layers.
         *
         * @return an initialised graph, which shares nothing with the given one
         */
        public ComputationGraph graph() {
            return graph;
        }

        /**
         * The new layers.
         *
         * @return one entry for each, in the order of insertion
         */
        public List<Insertion> inserted() {
            return inserted;
        }

        /**
         * What was changed, for people.
         *
         * @return a line on the whole, a line for each new layer, a line each on new layers' settings and the updater's state
         */
        public String report() {
            String end = System.lineSeparator();
            StringBuilder text = new StringBuilder();
            long parameters = inserted.stream().mapToLong(Insertion::parameters).sum();
            text.append(String.format(
                    Locale.ROOT,
                    "%d %s inserted, %d parameters added to %d",
                    inserted.size(),
                    inserted.size() == 1 ? "layer" : "layers",
                    parameters,
                    graph.numParams() - parameters));
            inserted.forEach(insertion -> text.append(end).append("  after ").append(insertion));
            text.append(end)
                    .append("  new layers, where they have none of their own: ")
                    .append(settings);
            text.append(end)
                    .append("  updater state: ")
                    .append(state ? "kept for all old parameters, new for the inserted layers" : "none to keep");
            return text.toString();
        }

        /** The {@link #report()}. */
        @Override
        public String toString() {
            return report();
        }
    }
}
