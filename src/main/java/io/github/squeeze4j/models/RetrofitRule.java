package io.github.squeeze4j.models;

import io.github.squeeze4j.internal.NearNames;
import io.github.squeeze4j.models.internal.retrofit.MapTypes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;

/** One {@code after} of a retrofit with its {@code insert}: which vertices, and what goes behind each. */
final class RetrofitRule {
    private static final int NEAREST = 5;

    private final Predicate<RetrofitVertex> choice;
    /** Null where the choice is no pattern. */
    private final String pattern;
    /** Null before {@code insert}. */
    private Attention attention;

    RetrofitRule(Predicate<RetrofitVertex> choice, String pattern) {
        this.choice = choice;
        this.pattern = pattern;
    }

    void insert(Attention layers) {
        attention = layers;
    }

    /** The layer for each vertex that gets one, at least one, in the order of computation. */
    Map<RetrofitVertex, Layer> plan(ComputationGraphConfiguration network, Map<String, InputType> types) {
        List<RetrofitVertex> chosen = chosen(network, types);
        Map<RetrofitVertex, Layer> planned = new LinkedHashMap<>();
        Map<List<Integer>, Integer> stages = new HashMap<>();
        Map<Integer, Integer> blocks = new HashMap<>();
        for (RetrofitVertex vertex : chosen) {
            if (!vertex.isFeatureMap()) {
                throw new IllegalArgumentException("vertex \"" + vertex.name() + "\" (" + vertex.outputType()
                        + ") must give a feature map; choose a vertex before the maps are flattened or pooled away");
            }
            if (network.getNetworkOutputs().contains(vertex.name())) {
                throw new IllegalArgumentException("vertex \"" + vertex.name()
                        + "\" must not be an output of the network, whose name would be another's; choose a vertex"
                        + " before it");
            }
            List<Integer> size = Arrays.asList(vertex.height(), vertex.width());
            stages.putIfAbsent(size, stages.size() + 1);
            int stage = stages.get(size);
            int block = blocks.merge(stage, 1, Integer::sum);
            Layer layer = attention.at(new Site(vertex.channels(), vertex.height(), vertex.width(), stage, block));
            if (layer != null) {
                planned.put(vertex, layer);
            }
        }
        if (planned.isEmpty()) {
            throw new IllegalArgumentException("attention must give a layer for at least one of the " + chosen.size()
                    + " vertices chosen and gave null for all; use Attention.named(\"se\")");
        }
        return planned;
    }

    private List<RetrofitVertex> chosen(ComputationGraphConfiguration network, Map<String, InputType> types) {
        List<RetrofitVertex> chosen = new ArrayList<>();
        for (Map.Entry<String, InputType> entry : types.entrySet()) {
            GraphVertex vertex = network.getVertices().get(entry.getKey());
            if (vertex != null) {
                RetrofitVertex description =
                        new RetrofitVertex(entry.getKey(), MapTypes.layer(vertex), entry.getValue());
                if (choice.test(description)) {
                    chosen.add(description);
                }
            }
        }
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException(
                    pattern == null
                            ? "after(predicate) must choose at least one of the "
                                    + network.getVertices().size() + " vertices, such as " + nearest("", network)
                            : "pattern (" + pattern
                                    + ") must match the whole name of a vertex; the nearest names are "
                                    + nearest(pattern, network));
        }
        return chosen;
    }

    private static String nearest(String wanted, ComputationGraphConfiguration network) {
        List<String> names = NearNames.sorted(wanted, network.getVertices().keySet());
        return String.join(", ", names.subList(0, Math.min(NEAREST, names.size())));
    }

    /** What is to be done where. */
    @Override
    public String toString() {
        return (attention == null ? "nothing yet" : "a layer") + " after "
                + (pattern == null ? "vertices of a choice" : pattern);
    }
}
