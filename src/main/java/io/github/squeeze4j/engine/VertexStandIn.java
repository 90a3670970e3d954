package io.github.squeeze4j.engine;

import io.github.squeeze4j.internal.ClassNames;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.vertex.BaseWrapperVertex;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Stands in for a vertex without a layer, under the name of its class. */
abstract class VertexStandIn extends BaseWrapperVertex implements StandIn {
    private final GraphRegion region;
    private final INDArray[] given;
    private final LayerWorkspaceMgr[] givers;
    private INDArray epsilon;

    VertexStandIn(GraphVertex original, GraphRegion region) {
        super(original);
        this.region = region;
        given = new INDArray[original.getNumInputArrays()];
        givers = new LayerWorkspaceMgr[given.length];
    }

    static StandIn of(GraphVertex original, GraphRegion region) {
        String name = original.getClass().getSimpleName();
        Class<?> type = ClassNames.renamed(MethodHandles.lookup(), NamedVertexStandIn.class, name);
        try {
            return (StandIn) type.getDeclaredConstructor(GraphVertex.class, GraphRegion.class)
                    .newInstance(original, region);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public GraphRegion region() {
        return region;
    }

    @Override
    public GraphVertex original() {
        return underlying;
    }

    @Override
    public void setInput(int number, INDArray input, LayerWorkspaceMgr workspaces) {
        given[number] = input;
        givers[number] = workspaces;
    }

    @Override
    public LayerWorkspaceMgr giver(int input) {
        return givers[input];
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
        Arrays.fill(givers, null);
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
