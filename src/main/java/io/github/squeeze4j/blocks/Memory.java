package io.github.squeeze4j.blocks;

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

    /** The array itself where it is contiguous in C order, as it nearly always is; else a temporary copy. */
    INDArray dense(INDArray array) {
        long expected = 1;
        for (int axis = array.rank() - 1; axis >= 0; axis--) {
            if (array.size(axis) != 1 && array.stride(axis) != expected) {
                return workspaces.dup(working, array, 'c');
            }
            expected *= array.size(axis);
        }
        return array;
    }
}
