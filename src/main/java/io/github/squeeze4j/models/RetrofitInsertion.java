package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.AttentionBlock;
import java.util.Locale;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;

/** One layer that {@link Retrofit} put into a network. */
public final class RetrofitInsertion {
    private final RetrofitVertex vertex;
    private final Layer configuration;
    private final long parameters;
    private final double gate;
    private final boolean frozen;

    /** Starts the layer, near the identity by this gate or, where that is NaN, as it is. */
    RetrofitInsertion(RetrofitVertex vertex, Layer configuration, ComputationGraph graph, double wanted) {
        this.vertex = vertex;
        this.configuration = configuration;
        org.deeplearning4j.nn.api.Layer runtime = graph.getLayer(configuration.getLayerName());
        parameters = runtime.numParams();
        frozen = runtime instanceof FrozenLayer;
        gate = configuration instanceof AttentionBlock && !Double.isNaN(wanted)
                ? AttentionBlock.startNearIdentity(runtime, wanted)
                : Double.NaN;
    }

    /**
     * The vertex that it stands behind.
     *
     * @return the vertex of the given network
     */
    public RetrofitVertex vertex() {
        return vertex;
    }

    /**
     * The new layer's name.
     *
     * @return {@code <vertex>.attention}
     */
    public String layer() {
        return configuration.getLayerName();
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
                layer(),
                kind,
                vertex.channels(),
                vertex.height(),
                vertex.width(),
                Double.isNaN(gate) ? "own start" : "gate " + gate,
                parameters,
                frozen ? ", frozen as what reads it" : "");
    }
}
