package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Numbers.Floats;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Whether the parameters of a network's native layers are numbers of ordinary size. What is none may be lost on the way to the results, in a
 * maximum or a bounded function, and so be seen by nobody.
 *
 * <p>To look at all of them takes a third of one picture's pass and some hundredths of a training's. All are looked at first, before each pass in
 * training where they are few, and at inference when a sample of them is other than it was; else the sample alone.
 */
final class OrdinaryParameters {
    /** Of each layer. */
    private static final int SAMPLE = 64;

    private static final int FEW = 1 << 17;

    private final List<GraphVertex> vertices = new ArrayList<>();
    /** Names of variances, of which the root is taken, by vertex: whose own hash code is that of its arrays. */
    private final Map<GraphVertex, List<String>> variances = new IdentityHashMap<>();

    private boolean ordinary;
    private long sample;
    private long length;

    OrdinaryParameters(Plan plan) {
        for (Node node : plan.nodes) {
            GraphVertex vertex = plan.topology.vertices[node.vertex];
            if (vertex.numParams() == 0) {
                continue;
            }
            vertices.add(vertex);
            length += vertex.numParams();
            for (String name : vertex.paramTable(false).keySet()) {
                if (name.equals("var") || name.endsWith("Var")) {
                    variances.computeIfAbsent(vertex, v -> new ArrayList<>()).add(name);
                }
            }
        }
    }

    /**
     * Looks at them.
     *
     * @param training whether each pass changes them; else a sample says whether they are others than last time
     * @throws NotOrdinary if one is none
     */
    void require(boolean training) {
        long now = sample();
        if (ordinary && (training ? length > FEW : now == sample)) {
            return;
        }
        ordinary = false;
        for (GraphVertex vertex : vertices) {
            if (!Ordinary.is(vertex.params()) || hasNegativeVariance(vertex)) {
                throw new NotOrdinary("in the parameters of layer " + vertex.getVertexName());
            }
        }
        ordinary = true;
        sample = now;
    }

    private boolean hasNegativeVariance(GraphVertex vertex) {
        for (String name : variances.getOrDefault(vertex, List.of())) {
            Layer layer = vertex.getLayer();
            INDArray variance = layer == null ? vertex.paramTable(false).get(name) : layer.getParam(name);
            Floats numbers = new Floats(variance);
            for (long i = 0; i < variance.length(); i++) {
                if (numbers.get(i) < 0) {
                    return true;
                }
            }
        }
        return false;
    }

    private long sample() {
        long hash = 17;
        for (GraphVertex vertex : vertices) {
            INDArray parameters = vertex.params();
            long length = parameters.length();
            Floats numbers = new Floats(parameters);
            long step = Math.max(1, length / SAMPLE);
            for (long i = length - 1; i >= 0; i -= step) {
                float number = numbers.get(i);
                hash = hash * 31 + Float.floatToRawIntBits(number);
                ordinary &= Ordinary.is(number);
            }
        }
        return hash;
    }
}
