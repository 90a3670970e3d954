package io.github.squeeze4j.models.internal.retrofit;

import io.github.squeeze4j.internal.UpdaterStates;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Copies what a graph has learned into one that has the same vertices and more. */
final class NetworkState {
    private NetworkState() {}

    static void copyParameters(ComputationGraph from, ComputationGraph to) {
        for (GraphVertex vertex : from.getVertices()) {
            if (vertex.numParams() > 0) {
                Map<String, INDArray> target =
                        to.getVertex(vertex.getVertexName()).paramTable(false);
                vertex.paramTable(false)
                        .forEach((name, parameter) -> target.get(name).assign(parameter));
            }
        }
    }

    /**
     * An updater's state lies in blocks of neighbouring parameters with equal updaters, each state of all parameters before
     * the next one; new parameters move and split blocks, so states go over parameter by parameter.
     *
     * @return whether there was any state
     */
    static boolean copyUpdaterState(ComputationGraph from, ComputationGraph to) {
        ComputationGraphUpdater old = from.getUpdater(false);
        if (old == null || old.getStateViewArray() == null) {
            return false;
        }
        Map<String, INDArray[]> states = UpdaterStates.of(old);
        Map<String, INDArray[]> targets = UpdaterStates.of(to.getUpdater(true));
        states.forEach((parameter, parts) -> {
            for (int i = 0; i < parts.length; i++) {
                targets.get(parameter)[i].assign(parts[i]);
            }
        });
        return true;
    }
}
