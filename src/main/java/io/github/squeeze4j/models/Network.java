package io.github.squeeze4j.models;

import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.models.internal.graph.FeatureGraph;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.NetworkOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * An image classifier, described but not yet built: what a {@link NetworkBuilder} makes. Immutable.
 *
 * <p>The graph has one input, {@code input}, of [N, C, H, W] (or [N, H, W, C]) and one output, {@code classifier}, of
 * class probabilities [N, classes].
 */
public final class Network {
    /** Name of the graph's input. */
    public static final String INPUT = NetworkGraph.INPUT;

    /** Name of the graph's output layer. */
    public static final String OUTPUT = NetworkGraph.OUTPUT;

    private final NetworkBuilder<?> builder;
    private final NetworkOptions options;

    /** Takes a builder that nobody changes any more. */
    Network(NetworkBuilder<?> builder) {
        this.builder = builder;
        options = builder.options;
    }

    /** What was asked for, with the family's own where nothing was. */
    NetworkOptions options() {
        return options;
    }

    private NetworkGraph layers() {
        return layers(builder.attention, options.stochasticDepth > 0 ? residualBlocks() : 0);
    }

    private NetworkGraph layers(Attention attention, int branches) {
        NetworkGraph graph = new NetworkGraph(
                options,
                (map, stage, block, blockInput) ->
                        attention.at(new Site(map.channels, map.height, map.width, stage, block, blockInput)),
                branches);
        builder.layers(graph);
        return graph;
    }

    /** Blocks that add their input to their branch; 0 in networks without such branches. */
    int residualBlocks() {
        return layers(Attention.none(), 0).branches();
    }

    /** Those whose branch ends in a BatchNorm. */
    int lastNormalizations() {
        return layers(Attention.none(), 0).lastNormalizations();
    }

    /**
     * A new configuration.
     *
     * @return the configuration, which the caller may change
     */
    public ComputationGraphConfiguration conf() {
        return layers().build();
    }

    /**
     * A new graph with random weights drawn from the seed or with those that the builder was given, accelerated where that is
     * possible.
     *
     * @return the initialised graph
     * @throws io.github.squeeze4j.weights.WeightsException if a file of weights was given and is unusable or does not fit
     * @see Acceleration
     */
    public ComputationGraph init() {
        ComputationGraph graph = new ComputationGraph(conf());
        graph.init();
        if (builder.pretrained != null) {
            builder.pretrained.into(graph);
        }
        Acceleration.apply(graph);
        return graph;
    }

    /**
     * The maps that detection and segmentation heads build upon: for each stride the last one before the size is halved
     * again.
     *
     * @return one map for each stride, by stride: 4, 8, 16 and 32 in the ImageNet networks (in some also 2), 1, 2 and 4 in the
     *     CIFAR networks
     */
    public List<FeatureMap> features() {
        return layers().features().stream().map(FeatureMap::new).collect(Collectors.toUnmodifiableList());
    }

    /**
     * A new configuration without the classifier, whose outputs are the maps at these strides, in that order.
     *
     * @param strides those wanted, each once, in any order; none for all of {@link #features()}
     * @return the configuration, which the caller may change
     * @throws IllegalArgumentException if the network has no map of such a stride
     */
    public ComputationGraphConfiguration featureConf(int... strides) {
        List<String> maps = featureNames(strides);
        return layers().upTo(maps).setOutputs(maps.toArray(new String[0])).build();
    }

    /**
     * A new graph without the classifier, whose outputs are the maps at these strides, with random weights drawn from the
     * seed or with those that the builder was given; accelerated where that is possible.
     *
     * @param strides those wanted, each once, in any order; none for all of {@link #features()}
     * @return the initialised graph: {@code output(images)} gives the maps
     * @throws IllegalArgumentException if the network has no map of such a stride
     */
    public ComputationGraph initFeatures(int... strides) {
        ComputationGraph graph = FeatureGraph.of(featureConf(strides));
        if (builder.pretrained != null) {
            builder.pretrained.partly().into(graph);
        }
        return graph;
    }

    /**
     * The network without its classifier, open for heads: layers are added to the vertices that {@link #features()} names.
     *
     * <pre>{@code
     * ComputationGraphConfiguration conf = network.backbone(32)
     *         .addLayer("logits", new CnnLossLayer.Builder().build(), "head")...
     *         .setOutputs("logits")
     *         .build();
     * }</pre>
     *
     * @param strides those wanted, each once, in any order; none for all of {@link #features()}
     * @return DL4J's builder, whose outputs are yet to be set
     * @throws IllegalArgumentException if the network has no map of such a stride
     */
    public ComputationGraphConfiguration.GraphBuilder backbone(int... strides) {
        return layers().upTo(featureNames(strides));
    }

    private List<String> featureNames(int... strides) {
        List<FeatureMap> all = features();
        if (strides.length == 0) {
            return all.stream().map(FeatureMap::name).collect(Collectors.toList());
        }
        List<String> names = new ArrayList<>();
        for (int stride : strides) {
            String found = all.stream()
                    .filter(map -> map.stride() == stride)
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("stride (" + stride + ") must be one of "
                            + all.stream().map(FeatureMap::stride).collect(Collectors.toList())
                            + ", at which this network has features"))
                    .name();
            if (names.contains(found)) {
                throw new IllegalArgumentException("stride (" + stride + ") must be named once; leave the second out");
            }
            names.add(found);
        }
        return names;
    }

    /**
     * What goes in.
     *
     * @return height, width, channels and format of the input
     */
    public InputType.InputTypeConvolutional inputType() {
        return options.inputType();
    }

    /**
     * Counts parameters and multiply-accumulates without allocating any.
     *
     * @param model the name to print, such as {@code se_resnet50}
     * @return the counts, in total and per layer
     */
    public ModelSummary summary(String model) {
        return ModelSummary.of(model, conf(), inputType());
    }

    /** The family, its size and its attention, in a line; counted from the configuration. */
    @Override
    public String toString() {
        ModelSummary summary = summary(builder.family());
        Map<String, Long> blocks = summary.rows().stream()
                .filter(ModelSummary.Row::isAttention)
                .collect(Collectors.groupingBy(ModelSummary.Row::type, TreeMap::new, Collectors.counting()));
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s: %,d parameters, %d classes, images of %d channels and %d x %d",
                summary.model(),
                summary.params(),
                options.classes,
                options.channels,
                options.height,
                options.width));
        blocks.forEach(
                (type, count) -> text.append(", ").append(count).append(" x ").append(type));
        return text.toString();
    }
}
