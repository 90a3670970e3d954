package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.OneDnn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;

/**
 * Makes a network run on oneDNN, in training and inference, and takes it back.
 */
public final class Acceleration {
    private final Region region;
    private final List<String> natives = new ArrayList<>();
    private final Map<String, String> others = new LinkedHashMap<>();
    private final String refusal;

    private Acceleration(Region region, Plan plan, String refusal) {
        this.region = region;
        this.refusal = refusal;
        if (plan != null) {
            for (Node node : plan.nodes) {
                if (node.whyNotNative() == null) {
                    natives.add(node.name);
                } else {
                    others.put(node.name, node.whyNotNative());
                }
            }
        }
    }

    public static Acceleration apply(ComputationGraph network) {
        for (GraphVertex vertex : network.getVertices()) {
            if (vertex instanceof RegionVertex) {
                return new Acceleration(null, null, "it is accelerated already");
            }
        }
        if (!OneDnn.available()) {
            return new Acceleration(null, null, OneDnn.unavailableReason());
        }
        try {
            Plan plan = new Plan(network);
            Region region = new Region(network, plan);
            region.install();
            return new Acceleration(region, plan, null);
        } catch (Unsupported e) {
            return new Acceleration(null, null, e.getMessage());
        }
    }

    public void undo() {
        if (region != null) {
            region.remove();
        }
    }

    public boolean isActive() {
        return region != null;
    }

    public String refusal() {
        return refusal;
    }

    public List<String> natives() {
        return Collections.unmodifiableList(natives);
    }

    public Map<String, String> others() {
        return Collections.unmodifiableMap(others);
    }

    String lastRefusal() {
        return region == null ? refusal : region.lastRefusal();
    }
}
