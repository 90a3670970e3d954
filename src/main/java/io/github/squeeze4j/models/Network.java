package io.github.squeeze4j.models;

import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.weights.Pretrained;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * An image classifier, described but not yet built: what a {@link NetworkBuilder} makes. Immutable.
 *
 * <p>The graph has one input, {@code input}, of [N, C, H, W] (or [N, H, W, C]) and one output, {@code classifier}, of
 * class probabilities [N, classes].
 */
public abstract class Network {
    /** Name of the graph's input. */
    public static final String INPUT = "input";

    /** Name of the graph's output layer. */
    public static final String OUTPUT = "classifier";

    final int classes;
    final int height;
    final int width;
    final int channels;
    final long seed;
    final IUpdater updater;
    final double l2;
    final DataType dataType;
    final CNN2DFormat format;
    final Attention attention;
    final double dropout;
    final double stochasticDepth;
    final boolean zeroInitLastGamma;
    final Pretrained pretrained;

    /** Takes the options; the defaults stand in where the user set nothing. */
    Network(NetworkBuilder<?> builder, int defaultClasses, int defaultSize, double defaultDropout) {
        classes = builder.classes == 0 ? defaultClasses : builder.classes;
        height = builder.height == 0 ? defaultSize : builder.height;
        width = builder.width == 0 ? defaultSize : builder.width;
        channels = builder.channels;
        seed = builder.seed;
        updater = builder.updater.clone();
        l2 = builder.l2;
        dataType = builder.dataType;
        format = builder.format;
        attention = builder.attention;
        dropout = builder.dropout == null ? defaultDropout : builder.dropout;
        stochasticDepth = builder.stochasticDepth;
        zeroInitLastGamma = builder.zeroInitLastGamma;
        pretrained = builder.pretrained;
    }

    /** Lays the layers out. */
    abstract void layers(NetworkGraph graph);

    /** Blocks that add their input to their branch, or could if sizes allowed; 0 in networks without such branches. */
    abstract int residualBlocks();

    /** What every BatchNorm of the network adds to the variance. */
    double epsilon() {
        return NativeBatchNormalization.EPSILON;
    }

    /**
     * A new configuration.
     *
     * @return the configuration, which the caller may change
     */
    public final ComputationGraphConfiguration conf() {
        NetworkGraph graph = new NetworkGraph(this);
        layers(graph);
        return graph.build();
    }

    /**
     * A new graph with random weights drawn from the seed or with those that the builder was given, accelerated where that is
     * possible.
     *
     * @return the initialised graph
     * @throws io.github.squeeze4j.weights.WeightsException if a file of weights was given and is unusable or does not fit
     * @see Acceleration
     */
    public final ComputationGraph init() {
        ComputationGraph graph = new ComputationGraph(conf());
        graph.init();
        if (pretrained != null) {
            pretrained.into(graph);
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
    public final List<FeatureMap> features() {
        NetworkGraph graph = new NetworkGraph(this);
        layers(graph);
        return graph.features().stream().map(FeatureMap::new).collect(Collectors.toUnmodifiableList());
    }

    /**
     * A new configuration without the classifier, whose outputs are the maps at these strides, in that order.
     *
     * @param strides those wanted, each once, in any order; none for all of {@link #features()}
     * @return the configuration, which the caller may change
     * @throws IllegalArgumentException if the network has no map of such a stride
     */
    public final ComputationGraphConfiguration featureConf(int... strides) {
        NetworkGraph graph = new NetworkGraph(this);
        layers(graph);
        List<FeatureMap> maps = featureMaps(strides);
        return graph.upTo(maps)
                .setOutputs(maps.stream().map(FeatureMap::name).toArray(String[]::new))
                .build();
    }

    /**
     * A new graph without the classifier, whose outputs are the maps at these strides, with random weights drawn from the
     * seed or with those that the builder was given; accelerated where that is possible.
     *
     * @param strides those wanted, each once, in any order; none for all of {@link #features()}
     * @return the initialised graph: {@code output(images)} gives the maps
     * @throws IllegalArgumentException if the network has no map of such a stride
     */
    public final ComputationGraph initFeatures(int... strides) {
        ComputationGraph graph = FeatureGraph.of(featureConf(strides));
        if (pretrained != null) {
            pretrained.partly().into(graph);
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
    public final ComputationGraphConfiguration.GraphBuilder backbone(int... strides) {
        NetworkGraph graph = new NetworkGraph(this);
        layers(graph);
        return graph.upTo(featureMaps(strides));
    }

    private List<FeatureMap> featureMaps(int... strides) {
        List<FeatureMap> all = features();
        if (strides.length == 0) {
            return all;
        }
        List<FeatureMap> maps = new ArrayList<>();
        for (int stride : strides) {
            FeatureMap found = all.stream()
                    .filter(map -> map.stride() == stride)
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("stride (" + stride + ") must be one of "
                            + all.stream().map(FeatureMap::stride).collect(Collectors.toList())
                            + ", at which this network has features"));
            if (maps.contains(found)) {
                throw new IllegalArgumentException("stride (" + stride + ") must be named once; leave the second out");
            }
            maps.add(found);
        }
        return maps;
    }

    /**
     * What goes in.
     *
     * @return height, width, channels and format of the input
     */
    public final InputType.InputTypeConvolutional inputType() {
        return (InputType.InputTypeConvolutional) InputType.convolutional(height, width, channels, format);
    }

    /**
     * Counts parameters and multiply-accumulates without allocating any.
     *
     * @param model the name to print, such as {@code se_resnet50}
     * @return the counts, in total and per layer
     */
    public final ModelSummary summary(String model) {
        return ModelSummary.of(model, conf(), inputType());
    }

    /** The family, its size and its attention, in a line; counted from the configuration. */
    @Override
    public String toString() {
        ModelSummary summary = summary(getClass().getSimpleName());
        Map<String, Long> blocks = summary.rows().stream()
                .filter(ModelSummary.Row::isAttention)
                .collect(Collectors.groupingBy(ModelSummary.Row::type, TreeMap::new, Collectors.counting()));
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s: %,d parameters, %d classes, images of %d channels and %d x %d",
                summary.model(),
                summary.params(),
                classes,
                channels,
                height,
                width));
        blocks.forEach(
                (type, count) -> text.append(", ").append(count).append(" x ").append(type));
        return text.toString();
    }
}
