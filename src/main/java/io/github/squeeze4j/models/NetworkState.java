package io.github.squeeze4j.models;

import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

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
        Map<String, INDArray[]> states = states(old);
        Map<String, INDArray[]> targets = states(to.getUpdater(true));
        states.forEach((parameter, parts) -> {
            for (int i = 0; i < parts.length; i++) {
                targets.get(parameter)[i].assign(parts[i]);
            }
        });
        return true;
    }

    /** Views of each parameter's states. */
    private static Map<String, INDArray[]> states(BaseMultiLayerUpdater<ComputationGraph> updater) {
        Map<String, INDArray[]> states = new HashMap<>();
        for (UpdaterBlock block : updater.getUpdaterBlocks()) {
            INDArray view = block.getUpdaterView();
            if (view == null) {
                continue;
            }
            INDArray flat = view.reshape(view.length());
            long parameters = block.getParamOffsetEnd() - block.getParamOffsetStart();
            int kinds = (int) (flat.length() / parameters);
            for (UpdaterBlock.ParamState parameter : block.getLayersAndVariablesInBlock()) {
                long start = parameter.getParamOffsetStart() - block.getParamOffsetStart();
                long length = parameter.getParamOffsetEnd() - parameter.getParamOffsetStart();
                INDArray[] parts = new INDArray[kinds];
                for (int i = 0; i < kinds; i++) {
                    long first = i * parameters + start;
                    parts[i] = flat.get(NDArrayIndex.interval(first, first + length));
                }
                String vertex = ((GraphVertex) parameter.getLayer()).getVertexName();
                states.put(vertex + "_" + parameter.getParamName(), parts);
            }
        }
        return states;
    }
}
