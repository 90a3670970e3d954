package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Scratch;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;

/** What a vertex of DL4J needs to know of the pass that is running, and the scratch memory of one network. */
final class Run {
    private final boolean channelsLast;
    private final Scratch scratch = new Scratch();
    private LayerWorkspaceMgr workspaces;
    private boolean training;
    private boolean detached;

    Run(boolean channelsLast) {
        this.channelsLast = channelsLast;
    }

    /** Scratch memory for any program of the network; what was in it is lost when it grows. */
    INDArray scratch(long bytes) {
        return scratch.of(bytes);
    }

    /** Frees the scratch memory. */
    void close() {
        scratch.close();
    }

    /** @param detached whether DL4J may close a workspace between the parts of the backward pass */
    void begin(LayerWorkspaceMgr workspaces, boolean training, boolean detached) {
        this.workspaces = workspaces;
        this.training = training;
        this.detached = detached;
    }

    void resume(LayerWorkspaceMgr workspaces) {
        this.workspaces = workspaces;
    }

    void end() {
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

    /** Whether an array's memory is part of the scratch memory. */
    boolean isScratch(INDArray array) {
        return scratch.holds(array);
    }

    static boolean isDense(INDArray array) {
        return array.ordering() == 'c' && array.dataType() == DataType.FLOAT && Shape.hasDefaultStridesForShape(array);
    }

    /** DL4J's shape of what is [N, C, H, W] here. */
    long[] shape(long[] shape) {
        return channelsLast && shape.length == 4 ? new long[] {shape[0], shape[2], shape[3], shape[1]} : shape;
    }
}
