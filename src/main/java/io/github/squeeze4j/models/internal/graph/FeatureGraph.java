package io.github.squeeze4j.models.internal.graph;

import io.github.squeeze4j.engine.Acceleration;
import org.deeplearning4j.nn.api.FwdPassType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph whose outputs go on to other vertices. DL4J M2.1 computes such outputs outside of all workspaces and thereby mixes up
 * those of other vertices, which fails or not with the order of the vertices; without any workspace it does not.
 */
public final class FeatureGraph extends ComputationGraph {
    private static final long serialVersionUID = 1;

    private FeatureGraph(ComputationGraphConfiguration configuration) {
        super(configuration);
    }

    /**
     * The initialised graph of a configuration, accelerated where that is possible.
     *
     * @param configuration what to build, with outputs
     * @return the graph
     */
    public static FeatureGraph of(ComputationGraphConfiguration configuration) {
        FeatureGraph graph = new FeatureGraph(configuration);
        graph.init();
        Acceleration.apply(graph);
        return graph;
    }

    @Override
    protected INDArray[] outputOfLayersDetached(
            boolean train,
            FwdPassType fwdPassType,
            int[] layerIndexes,
            INDArray[] features,
            INDArray[] fMask,
            INDArray[] lMasks,
            boolean clearLayerInputs,
            boolean detachedInputs,
            MemoryWorkspace outputWorkspace) {
        boolean whole = layerIndexes.length == getNumOutputArrays() && !train && fMask == null && lMasks == null;
        Acceleration acceleration = whole && outputWorkspace == null ? Acceleration.of(this) : null;
        if (acceleration != null && acceleration.refusal() == null) {
            INDArray[] outputs = acceleration.output(features);
            if (outputs != null) {
                return outputs;
            }
        }
        WorkspaceMode mode = getConfiguration().getInferenceWorkspaceMode();
        getConfiguration().setInferenceWorkspaceMode(WorkspaceMode.NONE);
        try {
            return super.outputOfLayersDetached(
                    train,
                    fwdPassType,
                    layerIndexes,
                    features,
                    fMask,
                    lMasks,
                    clearLayerInputs,
                    detachedInputs,
                    outputWorkspace);
        } finally {
            getConfiguration().setInferenceWorkspaceMode(mode);
        }
    }
}
