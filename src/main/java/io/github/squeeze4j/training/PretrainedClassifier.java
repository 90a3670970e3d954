package io.github.squeeze4j.training;

import io.github.squeeze4j.images.ColourOrder;
import io.github.squeeze4j.images.Interpolation;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.weights.InputSettings;
import io.github.squeeze4j.weights.LoadReport;
import io.github.squeeze4j.weights.Pretrained;
import io.github.squeeze4j.weights.PublishedWeights;
import io.github.squeeze4j.weights.WeightCache;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * A classifier with the weights of another library: network, classes, and images prepared as the source of the weights prepares
 * them. Immutable.
 *
 * <pre>{@code
 * Network network = Models.builder("efficientnet_lite0").build();
 * ImageClassifier classifier = PretrainedClassifier.read(network, Pretrained.from(file), null).classifier();
 * }</pre>
 */
public final class PretrainedClassifier {
    /** Networks of fewer pixels are for CIFAR, whatever else their source has. */
    private static final int SMALL_SIDE = 64;

    private final ImageClassifier classifier;
    private final LoadReport report;

    private PretrainedClassifier(ImageClassifier classifier, LoadReport report) {
        this.classifier = classifier;
        this.report = report;
    }

    /**
     * Fills a network.
     *
     * @param network with as many classes as the file, unless the classifier is to be a new one
     * @param weights the file and how to load it
     * @param labels the classes, in the order of the outputs; null for their numbers from 0
     * @return the classifier
     * @throws io.github.squeeze4j.weights.WeightsException if the file is unusable or does not fit
     * @throws io.github.squeeze4j.BadInputException if the labels are not as many as the outputs
     */
    public static PretrainedClassifier read(Network network, Pretrained weights, List<String> labels) {
        return read(network, weights, labels, null);
    }

    /**
     * The network that published weights are of, with these, which are downloaded if the cache has them not.
     *
     * <pre>{@code
     * PretrainedClassifier.read(PublishedWeights.named("timm/tf_efficientnet_lite0.in1k"), WeightCache.standard(), null)
     * }</pre>
     *
     * @param published which; images are prepared as the catalogue says
     * @param cache where their file is or goes
     * @param labels the classes, in the order of the outputs; null for their numbers from 0
     * @return the classifier
     * @throws io.github.squeeze4j.weights.WeightsException if the file cannot be had, is unusable or does not fit
     */
    public static PretrainedClassifier read(PublishedWeights published, WeightCache cache, List<String> labels) {
        NetworkBuilder<?> builder = Models.builder(published.network());
        published.attention().ifPresent(block -> builder.attention(Attention.named(block)));
        Network network = builder.inputSize(published.input().size()).build();
        PretrainedClassifier read = read(network, Pretrained.from(cache.get(published)), labels, published.input());
        return new PretrainedClassifier(read.classifier.named(published.network()), read.report);
    }

    /** @param published the settings of these weights, or null for those of their source */
    private static PretrainedClassifier read(
            Network network, Pretrained weights, List<String> labels, InputSettings published) {
        ComputationGraph graph = network.init();
        LoadReport report = weights.into(graph);
        int side = (int) network.inputType().getHeight();
        Preprocessing input = published != null
                ? preprocessing(published)
                : side < SMALL_SIDE
                        ? Preset.named("cifar", side, side, ColourOrder.RGB).preprocessing()
                        : preprocessing(report.source().input().at(side));
        return new PretrainedClassifier(
                ImageClassifier.of(graph, labels == null ? numbers(graph) : labels, input), report);
    }

    /**
     * The network, ready to predict, to be saved or to be trained further.
     *
     * @return the classifier
     */
    public ImageClassifier classifier() {
        return classifier;
    }

    /**
     * What became of the tensors.
     *
     * @return the report of the load
     */
    public LoadReport report() {
        return report;
    }

    private static Preprocessing preprocessing(InputSettings settings) {
        return Preprocessing.builder()
                .size(settings.size(), settings.size())
                .cropRatio(settings.cropRatio())
                .interpolation(Interpolation.valueOf(settings.interpolation().toUpperCase(Locale.ROOT)))
                .mean(settings.mean())
                .deviation(settings.std())
                .build();
    }

    private static List<String> numbers(ComputationGraph graph) {
        long classes = ((FeedForwardLayer) graph.getOutputLayer(0).conf().getLayer()).getNOut();
        return IntStream.range(0, (int) classes).mapToObj(Integer::toString).collect(Collectors.toList());
    }
}
