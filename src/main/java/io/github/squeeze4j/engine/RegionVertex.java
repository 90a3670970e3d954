package io.github.squeeze4j.engine;

import java.util.Arrays;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.vertex.BaseWrapperVertex;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Stands in a network's place of a vertex. DL4J calls all of them one after the other; the first one of a pass runs the
 * whole program, the others have nothing left to do but hand out what is read outside.
 */
final class RegionVertex extends BaseWrapperVertex {
    private final GraphRegion region;
    private final INDArray[] given;
    private INDArray epsilon;

    RegionVertex(GraphVertex original, GraphRegion region) {
        super(original);
        this.region = region;
        given = new INDArray[original.getInputVertices().length];
    }

    GraphVertex original() {
        return underlying;
    }

    @Override
    public void setInput(int number, INDArray input, LayerWorkspaceMgr workspaces) {
        given[number] = input;
    }

    @Override
    public void setInputs(INDArray... inputs) {
        System.arraycopy(inputs, 0, given, 0, inputs.length);
    }

    @Override
    public INDArray[] getInputs() {
        return given;
    }

    @Override
    public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
        return region.forward(this, training, workspaces);
    }

    /** The stock way. */
    INDArray stockForward(boolean training, LayerWorkspaceMgr workspaces) {
        for (int i = 0; i < given.length; i++) {
            underlying.setInput(i, given[i], workspaces);
        }
        return underlying.doForward(training, workspaces);
    }

    @Override
    public void setEpsilon(INDArray epsilon) {
        this.epsilon = epsilon;
        underlying.setEpsilon(epsilon);
    }

    @Override
    public INDArray getEpsilon() {
        return epsilon;
    }

    @Override
    public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
        return region.backward(this, tbptt, workspaces);
    }

    @Override
    public void clear() {
        Arrays.fill(given, null);
        epsilon = null;
        underlying.clear();
    }

    @Override
    public void clearVertex() {
        clear();
    }

    @Override
    public String toString() {
        return underlying.toString();
    }
}
