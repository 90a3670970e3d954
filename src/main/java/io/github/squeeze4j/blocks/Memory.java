package io.github.squeeze4j.blocks;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Where a kernel's arrays live: DL4J's workspaces, or nowhere in particular when the network uses none. */
final class Memory {
    private final LayerWorkspaceMgr workspaces;
    private final ArrayType working;
    private final DataType dataType;

    Memory(LayerWorkspaceMgr workspaces, ArrayType working, DataType dataType) {
        this.workspaces = workspaces;
        this.working = working;
        this.dataType = dataType;
    }

    /** An uninitialised array that lives until this layer's call returns. */
    INDArray temporary(long... shape) {
        return workspaces.createUninitialized(working, dataType, shape, 'c');
    }

    /** As {@link #temporary}, in double precision whatever the network's. */
    INDArray temporaryDouble(long... shape) {
        return workspaces.createUninitialized(working, DataType.DOUBLE, shape, 'c');
    }

    /** As {@link #temporary}, of whole numbers. */
    INDArray temporaryInt(long... shape) {
        return workspaces.createUninitialized(working, DataType.INT32, shape, 'c');
    }

    /** An uninitialised array that lives until the backward pass of the same step. */
    INDArray keep(long... shape) {
        return workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, shape, 'c');
    }

    /** As {@link #keep}, in double precision whatever the network's. */
    INDArray keepDouble(long... shape) {
        return workspaces.createUninitialized(ArrayType.ACTIVATIONS, DataType.DOUBLE, shape, 'c');
    }

    /** The array itself where it has the type and is contiguous in C order, as nearly always; else a temporary copy. */
    INDArray dense(INDArray array) {
        if (array.dataType() != dataType) {
            return temporary(array.shape()).assign(array);
        }
        long expected = 1;
        for (int axis = array.rank() - 1; axis >= 0; axis--) {
            if (array.size(axis) != 1 && array.stride(axis) != expected) {
                return workspaces.dup(working, array, 'c');
            }
            expected *= array.size(axis);
        }
        return array;
    }

    /** The arrays themselves where they have the type; else temporary copies. */
    Map<String, INDArray> typed(Map<String, INDArray> arrays) {
        return converted(arrays, array -> temporary(array.shape()).assign(array));
    }

    /** As {@link #typed}, but copies live until the backward pass. */
    Map<String, INDArray> kept(Map<String, INDArray> arrays) {
        return converted(arrays, array -> keep(array.shape()).assign(array));
    }

    /** The arrays themselves where they have the type; else uninitialised ones of their shapes. */
    Map<String, INDArray> like(Map<String, INDArray> arrays) {
        return converted(arrays, array -> temporary(array.shape()));
    }

    private Map<String, INDArray> converted(Map<String, INDArray> arrays, UnaryOperator<INDArray> conversion) {
        if (arrays.values().stream().allMatch(array -> array.dataType() == dataType)) {
            return arrays;
        }
        Map<String, INDArray> converted = new LinkedHashMap<>();
        arrays.forEach((name, array) -> converted.put(name, conversion.apply(array)));
        return converted;
    }
}
