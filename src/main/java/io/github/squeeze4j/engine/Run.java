package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Layout;
import io.github.squeeze4j.onednn.Program;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;
import org.nd4j.linalg.factory.Nd4j;

/** What a vertex of DL4J needs to know of the pass that is running, and the scratch memory of one network. */
final class Run {
    private final boolean channelsLast;
    private final List<INDArray> kept = new ArrayList<>();
    private INDArray scratch;
    private LayerWorkspaceMgr workspaces;
    private boolean training;
    private boolean detached;

    Run(boolean channelsLast) {
        this.channelsLast = channelsLast;
    }

    /** The address of scratch memory for any program of the network; what was in it is lost when it grows. */
    long scratch(long bytes) {
        if (scratch == null || scratch.length() * Float.BYTES < bytes + 128) {
            if (scratch != null) {
                scratch.close();
            }
            scratch = Program.memory(bytes + 64);
        }
        return Program.aligned(scratch);
    }

    /** @param detached whether DL4J may close a workspace between the parts of the backward pass */
    void begin(LayerWorkspaceMgr workspaces, boolean training, boolean detached) {
        this.workspaces = workspaces;
        this.training = training;
        this.detached = detached;
        kept.clear();
    }

    void resume(LayerWorkspaceMgr workspaces) {
        this.workspaces = workspaces;
    }

    void end() {
        kept.clear();
        workspaces = null;
    }

    LayerWorkspaceMgr workspaces() {
        return workspaces;
    }

    boolean training() {
        return training;
    }

    /** Whether gradients that DL4J computes must outlive its workspaces. */
    boolean detached() {
        return detached;
    }

    /** Keeps an array whose memory the program reads, and says where it lies. */
    long keep(INDArray array) {
        kept.add(array);
        return Layout.address(array);
    }

    /** The array at an address: one that was kept, or a view of scratch memory. */
    INDArray array(long address, long[] shape) {
        for (INDArray array : kept) {
            if (Layout.address(array) == address && Arrays.equals(array.shape(), shape)) {
                return array;
            }
        }
        for (INDArray array : kept) {
            if (Layout.address(array) == address && array.length() == length(shape)) {
                return array.reshape('c', shape);
            }
        }
        long offset = (address - Layout.address(scratch)) / Float.BYTES;
        // a view made in a workspace would count as part of it
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return Nd4j.create(scratch.data(), shape, Nd4j.getStrides(shape, 'c'), offset, 'c');
        }
    }

    /** Whether an array's memory is part of the scratch memory. */
    boolean isScratch(INDArray array) {
        long offset = Layout.address(array) - Layout.address(scratch);
        return offset >= 0 && offset < scratch.length() * Float.BYTES;
    }

    static boolean isDense(INDArray array) {
        return array.ordering() == 'c' && array.dataType() == DataType.FLOAT && Shape.hasDefaultStridesForShape(array);
    }

    private static long length(long[] shape) {
        long length = 1;
        for (long size : shape) {
            length *= size;
        }
        return length;
    }

    /** DL4J's shape of what is [N, C, H, W] here. */
    long[] shape(long[] shape) {
        return channelsLast && shape.length == 4 ? new long[] {shape[0], shape[2], shape[3], shape[1]} : shape;
    }
}
