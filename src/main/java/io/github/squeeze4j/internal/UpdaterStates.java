package io.github.squeeze4j.internal;

import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The state of an updater by parameter. DL4J keeps it in blocks of neighbouring parameters with equal updaters, each kind of
 * state of all parameters before the next one.
 */
public final class UpdaterStates {
    private UpdaterStates() {}

    /**
     * Views of each parameter's states.
     *
     * @param updater of an initialised network
     * @return by vertex (or number of the layer), underscore and parameter; parameters without state are left out
     */
    public static Map<String, INDArray[]> of(BaseMultiLayerUpdater<? extends Model> updater) {
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
                states.put(ParameterNames.of(parameter), parts);
            }
        }
        return states;
    }
}
