package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Stands in for a vertex with a layer; DL4J casts such vertices to {@link LayerVertex}. */
@SuppressWarnings("overrides") // DL4J's own, between BaseGraphVertex and GraphVertex
final class LayerStandIn extends LayerVertex implements StandIn {
    private final LayerVertex original;
    private final GraphRegion region;
    private LayerWorkspaceMgr giver;

    LayerStandIn(LayerVertex original, GraphRegion region) {
        super(
                original.getGraph(),
                original.getVertexName(),
                original.getVertexIndex(),
                original.getInputVertices(),
                original.getOutputVertices(),
                original.getLayer(),
                original.getLayerPreProcessor(),
                original.isOutputVertex(),
                original.getDataType());
        this.original = original;
        this.region = region;
    }

    @Override
    public GraphRegion region() {
        return region;
    }

    @Override
    public GraphVertex original() {
        return original;
    }

    @Override
    public void setInput(int number, INDArray input, LayerWorkspaceMgr workspaces) {
        inputs[number] = input;
        giver = workspaces;
    }

    @Override
    public LayerWorkspaceMgr giver(int input) {
        return giver;
    }

    @Override
    public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
        return region.forward(this, training, workspaces);
    }

    @Override
    public void setEpsilon(INDArray epsilon) {
        super.setEpsilon(epsilon);
        original.setEpsilon(epsilon);
    }

    @Override
    public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
        return region.backward(this, tbptt, workspaces);
    }

    @Override
    public void setLayerAsFrozen() {
        super.setLayerAsFrozen();
        original.setLayerAsFrozen();
    }

    @Override
    public void clear() {
        super.clear();
        original.clear();
        giver = null;
    }

    @Override
    public void clearVertex() {
        clear();
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
