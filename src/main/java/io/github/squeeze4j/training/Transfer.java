package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.engine.Acceleration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A trained network made ready to learn other classes: its weights, a new classifier, and layers that stay as they are.
 *
 * <pre>{@code
 * ComputationGraph graph = Transfer.of(ImageClassifier.load(file).graph()).classes(5).freezeUpTo("stage3.block2.relu").build();
 * }</pre>
 *
 * <p>Unlike DL4J's {@code TransferLearning} it takes accelerated graphs and attention blocks, needs no input types, and gives no
 * layer another updater: {@link Optimizer} does that.
 */
public final class Transfer {
    private final ComputationGraph source;
    private Integer classes;
    private long seed = Trainer.DEFAULT_SEED;
    private String frozen;

    private Transfer(ComputationGraph source) {
        this.source = source;
    }

    /**
     * Starts from a graph.
     *
     * @param graph an initialised graph that ends in one layer, accelerated or not; stays as it is
     * @return what to say next
     */
    public static Transfer of(ComputationGraph graph) {
        return new Transfer(graph);
    }

    /**
     * Puts a new classifier, with random weights, in the last layer's place.
     *
     * @param classes its outputs, at least 2; default: the old classifier
     * @return this
     */
    public Transfer classes(int classes) {
        if (classes < 2) {
            throw new BadInputException("classes (" + classes + ") must be at least 2; use one class for each label");
        }
        this.classes = classes;
        return this;
    }

    /**
     * Seed of the new classifier's weights.
     *
     * @param seed any number; default 42
     * @return this
     */
    public Transfer seed(long seed) {
        this.seed = seed;
        return this;
    }

    /**
     * Freezes a vertex and every vertex that it is computed from: their parameters and running statistics stay, and their
     * batch normalizations work as at inference.
     *
     * @param vertex a vertex's name
     * @return this
     */
    public Transfer freezeUpTo(String vertex) {
        if (!source.getConfiguration().getVertices().containsKey(vertex)) {
            throw new BadInputException("vertex to freeze up to (" + vertex + ") must be one of the network's; use "
                    + before(source.getConfiguration()) + ", the last before the classifier");
        }
        frozen = vertex;
        return this;
    }

    private static String before(ComputationGraphConfiguration configuration) {
        String output = configuration.getNetworkOutputs().get(0);
        return configuration.getVertexInputs().get(output).get(0);
    }

    /**
     * Everything before the classifier.
     *
     * @return the name of the last vertex before the last layer, for {@link #freezeUpTo}
     */
    public String lastBeforeClassifier() {
        return before(source.getConfiguration());
    }

    /**
     * Makes the network.
     *
     * @return a new graph with counts of updates and passes at 0 and an updater without state, accelerated
     */
    public ComputationGraph build() {
        ComputationGraphConfiguration configuration = source.getConfiguration().clone();
        configuration.setIterationCount(0);
        configuration.setEpochCount(0);
        configuration.getDefaultConfiguration().setSeed(seed);
        String output = configuration.getNetworkOutputs().get(0);
        if (classes != null) {
            classifier(configuration, output).setNOut(classes);
        }
        Set<String> stays = frozen == null ? Set.of() : upTo(configuration);
        configuration.getVertices().forEach((name, vertex) -> {
            if (vertex instanceof LayerVertex) {
                NeuralNetConfiguration layer = ((LayerVertex) vertex).getLayerConf();
                layer.setSeed(seed);
                layer.setIterationCount(0);
                layer.setEpochCount(0);
                if (stays.contains(name) && !(layer.getLayer() instanceof FrozenLayer)) {
                    layer.setLayer(frozen(layer.getLayer()));
                }
            }
        });
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        for (GraphVertex vertex : source.getVertices()) {
            if (vertex.numParams() > 0
                    && !(classes != null && vertex.getVertexName().equals(output))) {
                Map<String, INDArray> target =
                        graph.getVertex(vertex.getVertexName()).paramTable(false);
                vertex.paramTable(false)
                        .forEach((name, parameter) -> target.get(name).assign(parameter));
            }
        }
        Acceleration.apply(graph);
        return graph;
    }

    private static FrozenLayer frozen(Layer layer) {
        FrozenLayer wrapper = new FrozenLayer(layer);
        wrapper.setLayerName(layer.getLayerName());
        return wrapper;
    }

    private static FeedForwardLayer classifier(ComputationGraphConfiguration configuration, String output) {
        Object vertex = configuration.getVertices().get(output);
        Layer layer = vertex instanceof LayerVertex
                ? ((LayerVertex) vertex).getLayerConf().getLayer()
                : null;
        if (!(layer instanceof FeedForwardLayer)) {
            throw new BadInputException("network: last layer " + output + " ("
                    + (layer == null ? "none" : layer.getClass().getSimpleName())
                    + ") must be an output layer to be replaced; give a graph that ends in one");
        }
        return (FeedForwardLayer) layer;
    }

    private Set<String> upTo(ComputationGraphConfiguration configuration) {
        Set<String> names = new HashSet<>();
        Deque<String> open = new ArrayDeque<>(List.of(frozen));
        while (!open.isEmpty()) {
            String name = open.pop();
            if (names.add(name)) {
                open.addAll(configuration.getVertexInputs().getOrDefault(name, List.of()));
            }
        }
        return names;
    }
}
