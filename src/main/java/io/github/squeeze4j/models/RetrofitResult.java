package io.github.squeeze4j.models;

import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.graph.ComputationGraph;

/** What {@link Retrofit} made: the new network, and what is new in it. */
public final class RetrofitResult {
    private final ComputationGraph graph;
    private final List<RetrofitInsertion> inserted;
    private final String settings;
    private final boolean state;

    RetrofitResult(ComputationGraph graph, List<RetrofitInsertion> inserted, String settings, boolean state) {
        this.graph = graph;
        this.inserted = List.copyOf(inserted);
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
    public List<RetrofitInsertion> inserted() {
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
        long parameters =
                inserted.stream().mapToLong(RetrofitInsertion::parameters).sum();
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
