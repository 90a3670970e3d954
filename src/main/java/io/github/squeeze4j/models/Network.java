package io.github.squeeze4j.models;

import io.github.squeeze4j.engine.Acceleration;
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

    /** Takes the options; the defaults stand in where the user set nothing. */
    Network(NetworkBuilder<?> builder, int defaultClasses, int defaultSize) {
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
    }

    /** Lays the layers out. */
    abstract void layers(NetworkGraph graph);

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
     * A new graph with random weights drawn from the seed, accelerated where that is possible.
     *
     * @return the initialised graph
     * @see Acceleration
     */
    public final ComputationGraph init() {
        ComputationGraph graph = new ComputationGraph(conf());
        graph.init();
        Acceleration.apply(graph);
        return graph;
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
}
