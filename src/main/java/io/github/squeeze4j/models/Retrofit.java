package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.AttentionBlock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * Inserts attention into a graph that exists already: a zoo model, a user's own, trained or not.
 *
 * <p>Behind each selected vertex a block is inserted, which all that read the vertex read from now on; where the vertex was an
 * output of the graph, the block is the output. The given graph stays as it is. The new one has all of its parameters and its
 * updater's state, bit for bit, its iteration and epoch counts, preprocessors and frozen layers, but no listeners.
 *
 * <p>New blocks start near to identity: their last weights are 0, and their gates stand at {@link #gate}, so that a trained
 * network goes on where it was. A sigmoid that stands at exactly 1 does not learn, since its gradient vanishes with its distance
 * from 1; the default of 0.999 leaves it a thousandth. Blocks whose gate has no bias start at 0.5, and the report says so. Blocks
 * take the updater, regularisation and gradient normalisation of the graph's first layer unless they have their own.
 *
 * <pre>{@code
 * Retrofit.Result result = Retrofit.of(zooModel, InputType.convolutional(224, 224, 3))
 *         .after("bn\\d[a-z]_branch2c")
 *         .insert(Attention.named("se"));
 * System.out.println(result.report());
 * result.graph().fit(data);
 * }</pre>
 */
public final class Retrofit {
    /** Default {@link #gate}. */
    public static final double DEFAULT_GATE = 0.999;

    /** What the name of a new layer ends in, behind the name of its vertex. */
    public static final String SUFFIX = ".attention";

    private static final int LISTED = 5;

    private final ComputationGraph source;
    private final InputType[] inputTypes;
    private Predicate<String> selected;
    private String selection;
    private double gate = DEFAULT_GATE;
    private boolean ownStart;

    private Retrofit(ComputationGraph source, InputType... inputTypes) {
        this.source = Checks.notNull("graph", source, "pass the initialised graph");
        this.inputTypes =
                Checks.notNull("inputTypes", inputTypes, "use InputType.convolutional(height, width, channels)");
        if (source.getVertices() == null) {
            throw new IllegalArgumentException("graph (not initialised) must have parameters; call init() first");
        }
        int inputs = source.getConfiguration().getNetworkInputs().size();
        if (inputTypes.length != inputs) {
            throw new IllegalArgumentException(
                    "inputTypes (" + inputTypes.length + ") must be one for each of the inputs "
                            + source.getConfiguration().getNetworkInputs()
                            + "; use InputType.convolutional(height, width, channels)");
        }
    }

    /**
     * Starts a retrofit.
     *
     * @param graph an initialised graph, accelerated or not, which stays as it is
     * @param inputTypes what goes into it, which DL4J does not keep: one for each input, in the format of the graph
     * @return a retrofit that still needs {@link #after}
     */
    public static Retrofit of(ComputationGraph graph, InputType... inputTypes) {
        return new Retrofit(graph, inputTypes);
    }

    /**
     * Selects vertices by name.
     *
     * @param pattern a regular expression that matches whole names
     * @return this
     */
    public Retrofit after(String pattern) {
        Checks.notNull("pattern", pattern, "use a regular expression such as bn\\d[a-z]_branch2c");
        try {
            selected = Pattern.compile(pattern).asMatchPredicate();
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "pattern (" + pattern + ") must be a regular expression: " + e.getDescription(), e);
        }
        selection = pattern;
        return this;
    }

    /**
     * Selects vertices by anything that can be said of their names.
     *
     * @param names true for the vertices that are to be followed by a block
     * @return this
     */
    public Retrofit after(Predicate<String> names) {
        selected = Checks.notNull("names", names, "use name -> name.endsWith(\"_bn\")");
        selection = "predicate";
        return this;
    }

    /**
     * What new blocks multiply every value by at first, as near as they can.
     *
     * @param gate above 0, at most 1; default 0.999. At 1 the output stays as it was, within the precision of FLOAT, but gates
     *     that are sigmoids do not learn
     * @return this
     */
    public Retrofit gate(double gate) {
        if (!(gate > 0 && gate <= 1)) {
            throw new IllegalArgumentException(
                    "gate (" + gate + ") must be above 0 and at most 1; use gate(" + DEFAULT_GATE + ")");
        }
        this.gate = gate;
        return this;
    }

    /**
     * Lets new blocks start as they do in a new network, at random.
     *
     * @return this
     */
    public Retrofit ownStart() {
        ownStart = true;
        return this;
    }

    /**
     * Inserts the blocks.
     *
     * @param attention the block for each place; stages count from 1 with the sizes of the maps, blocks from 1 within each; null
     *     at a place leaves it as it is
     * @return the new graph and what was changed
     * @throws IllegalArgumentException if nothing is selected, a selected vertex gives no feature map, a block does not fit there
     *     or a name is taken; the message names the vertex
     */
    public Result insert(Attention attention) {
        Checks.notNull("attention", attention, "use Attention.named(\"se\")");
        if (selected == null) {
            throw new IllegalArgumentException("selection (not set) must be made; use after(\"pattern\")");
        }
        ComputationGraphConfiguration configuration = source.getConfiguration().clone();
        Map<String, InputType> types = types(configuration);
        List<String> chosen = new ArrayList<>();
        types.keySet().stream().filter(selected).forEach(chosen::add);
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException("pattern (" + selection + ") must select a vertex; this graph has "
                    + nearest(new ArrayList<>(types.keySet())));
        }
        List<Change> changes = insert(configuration, types, chosen, attention);
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        NetworkState.copyParameters(source, graph);
        boolean state = NetworkState.copyUpdaterState(source, graph);
        graph.getConfiguration().setIterationCount(source.getIterationCount());
        graph.getConfiguration().setEpochCount(source.getEpochCount());
        for (Change change : changes) {
            change.parameters = graph.getLayer(change.layer).numParams();
            if (!ownStart && change.block instanceof AttentionBlock) {
                change.start = ((AttentionBlock) change.block)
                        .startNearIdentity(graph.getLayer(change.layer).paramTable(), gate);
            }
        }
        return new Result(graph, changes, state);
    }

    private Map<String, InputType> types(ComputationGraphConfiguration configuration) {
        try {
            return configuration.clone().getLayerActivationTypes(inputTypes);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    "inputTypes (" + List.of(inputTypes) + ") must be what the graph was configured for: "
                            + e.getMessage(),
                    e);
        }
    }

    private String nearest(List<String> names) {
        names.sort(java.util.Comparator.comparingInt(
                name -> Checks.distance(selection.toLowerCase(Locale.ROOT), name.toLowerCase(Locale.ROOT))));
        List<String> listed = names.subList(0, Math.min(LISTED, names.size()));
        return String.join(", ", listed)
                + (listed.size() < names.size() ? " and " + (names.size() - listed.size()) + " more" : "");
    }

    private List<Change> insert(
            ComputationGraphConfiguration configuration,
            Map<String, InputType> types,
            List<String> chosen,
            Attention attention) {
        NeuralNetConfiguration.Builder global = global(configuration);
        List<Change> changes = new ArrayList<>();
        Map<String, Integer> stages = new LinkedHashMap<>();
        Map<String, Integer> blocks = new LinkedHashMap<>();
        for (String vertex : chosen) {
            if (!(types.get(vertex) instanceof InputType.InputTypeConvolutional)) {
                throw new IllegalArgumentException("vertex (" + vertex + ") must give a feature map, not "
                        + types.get(vertex) + "; select another");
            }
            InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) types.get(vertex);
            String size = map.getHeight() + "x" + map.getWidth();
            stages.putIfAbsent(size, stages.size() + 1);
            int block = blocks.merge(size, 1, Integer::sum);
            Layer layer = attention.at(new Site(
                    (int) map.getChannels(), (int) map.getHeight(), (int) map.getWidth(), stages.get(size), block));
            if (layer != null) {
                changes.add(put(configuration, global, vertex, map, layer));
            }
        }
        configuration.setTopologicalOrder(null);
        configuration.setTopologicalOrderStr(null);
        return changes;
    }

    private static Change put(
            ComputationGraphConfiguration configuration,
            NeuralNetConfiguration.Builder global,
            String vertex,
            InputType.InputTypeConvolutional map,
            Layer layer) {
        String name = vertex + SUFFIX;
        if (configuration.getVertices().containsKey(name)) {
            throw new IllegalArgumentException("layer name (" + name
                    + ") must be new, but the graph has such a vertex already; was it retrofitted before?");
        }
        layer.setLayerName(name);
        NeuralNetConfiguration conf;
        try {
            conf = global.clone().layer(layer).build();
            conf.getLayer().setNIn(map, true);
            conf.getLayer().getOutputType(0, map);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new IllegalArgumentException("vertex (" + vertex + "): " + e.getMessage(), e);
        }
        for (Map.Entry<String, List<String>> reader :
                configuration.getVertexInputs().entrySet()) {
            List<String> inputs = new ArrayList<>(reader.getValue());
            Collections.replaceAll(inputs, vertex, name);
            reader.setValue(inputs);
        }
        Layer block = conf.getLayer();
        boolean frozen = isReadByFrozen(configuration, name);
        if (frozen) {
            conf.setLayer(new FrozenLayer(block));
        }
        configuration.getVertices().put(name, new LayerVertex(conf, null));
        configuration.getVertexInputs().put(name, new ArrayList<>(List.of(vertex)));
        Collections.replaceAll(configuration.getNetworkOutputs(), vertex, name);
        return new Change(vertex, name, map, block, frozen);
    }

    /** DL4J gives no gradient to what stands before a frozen layer. */
    private static boolean isReadByFrozen(ComputationGraphConfiguration configuration, String name) {
        return configuration.getVertexInputs().entrySet().stream()
                .filter(reader -> reader.getValue().contains(name))
                .map(reader -> configuration.getVertices().get(reader.getKey()))
                .anyMatch(reader -> reader instanceof FrozenVertex
                        || reader instanceof LayerVertex
                                && ((LayerVertex) reader).getLayerConf().getLayer() instanceof FrozenLayer);
    }

    /** What the graph's first layer with parameters trains with: DL4J keeps no other record of it. */
    private static NeuralNetConfiguration.Builder global(ComputationGraphConfiguration configuration) {
        NeuralNetConfiguration.Builder global =
                new NeuralNetConfiguration.Builder().dataType(configuration.getDataType());
        for (GraphVertex vertex : configuration.getVertices().values()) {
            if (!(vertex instanceof LayerVertex)) {
                continue;
            }
            NeuralNetConfiguration conf = ((LayerVertex) vertex).getLayerConf();
            Layer layer = conf.getLayer();
            if (layer instanceof FrozenLayer) {
                layer = ((FrozenLayer) layer).getLayer();
            }
            if (layer instanceof BaseLayer && ((BaseLayer) layer).getIUpdater() != null) {
                BaseLayer base = (BaseLayer) layer;
                global.setIUpdater(base.getIUpdater().clone());
                global.setBiasUpdater(base.getBiasUpdater());
                global.setRegularization(new ArrayList<>(base.getRegularization()));
                global.setRegularizationBias(new ArrayList<>(base.getRegularizationBias()));
                global.setGradientNormalization(base.getGradientNormalization());
                global.setGradientNormalizationThreshold(base.getGradientNormalizationThreshold());
                global.setSeed(conf.getSeed());
                if (!(((LayerVertex) vertex).getLayerConf().getLayer() instanceof FrozenLayer)) {
                    break;
                }
            }
        }
        return global;
    }

    /** One insertion. */
    public static final class Change {
        private final String vertex;
        private final String layer;
        private final InputType.InputTypeConvolutional map;
        private final Layer block;
        private final boolean frozen;
        private long parameters;
        private double start = Double.NaN;

        private Change(String vertex, String layer, InputType.InputTypeConvolutional map, Layer block, boolean frozen) {
            this.vertex = vertex;
            this.layer = layer;
            this.map = map;
            this.block = block;
            this.frozen = frozen;
        }

        /**
         * The vertex that the block follows.
         *
         * @return its name
         */
        public String vertex() {
            return vertex;
        }

        /**
         * The new layer.
         *
         * @return its name
         */
        public String layer() {
            return layer;
        }

        /**
         * What the new layer added to the graph.
         *
         * @return learned parameters and running statistics
         */
        public long parameters() {
            return parameters;
        }

        /**
         * Whether the block is frozen, because a layer or vertex that reads it is: DL4J gives no gradient to what stands before
         * those.
         *
         * @return true if training leaves the block as it is
         */
        public boolean isFrozen() {
            return frozen;
        }

        /**
         * What the block multiplies every value by at first.
         *
         * @return the factor, NaN where it starts at random or is no block of this library
         */
        public double start() {
            return start;
        }

        @Override
        public String toString() {
            String kind = block instanceof AttentionBlock
                    ? ((AttentionBlock) block).blockName()
                    : block.getClass().getSimpleName();
            String begins = Double.isNaN(start)
                    ? "starts as in a new network"
                    : String.format(Locale.ROOT, "starts at a gate of %.6g", start);
            return String.format(
                    Locale.ROOT,
                    "%s -> %s: %s, %d channels, %dx%d, %,d parameters, %s%s",
                    vertex,
                    layer,
                    kind,
                    map.getChannels(),
                    map.getHeight(),
                    map.getWidth(),
                    parameters,
                    begins,
                    frozen ? ", frozen as what reads it" : "");
        }
    }

    /** The new graph and what is new in it. */
    public static final class Result {
        private final ComputationGraph graph;
        private final List<Change> changes;
        private final boolean updaterState;

        private Result(ComputationGraph graph, List<Change> changes, boolean updaterState) {
            this.graph = graph;
            this.updaterState = updaterState;
            this.changes = List.copyOf(changes);
        }

        /**
         * The graph with the blocks.
         *
         * @return an initialised graph, not accelerated
         */
        public ComputationGraph graph() {
            return graph;
        }

        /**
         * The insertions.
         *
         * @return one for each block, in the order of computation
         */
        public List<Change> changes() {
            return changes;
        }

        /**
         * What was changed, for people.
         *
         * @return a line for each block and one for the whole
         */
        public String report() {
            StringBuilder text = new StringBuilder();
            text.append(String.format(
                    Locale.ROOT,
                    "Inserted %d blocks with %,d parameters; all %,d others are kept, %s",
                    changes.size(),
                    changes.stream().mapToLong(Change::parameters).sum(),
                    graph.numParams()
                            - changes.stream().mapToLong(Change::parameters).sum(),
                    updaterState ? "and the updater's state with them" : "the updater had no state"));
            changes.forEach(
                    change -> text.append(System.lineSeparator()).append("  ").append(change));
            return text.toString();
        }
    }
}
