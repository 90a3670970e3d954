package io.github.squeeze4j.layers;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseGraphVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.factory.Nd4j;

/** Runs {@link ChannelScaling}. */
@SuppressWarnings("overrides") // DL4J's own: an array for variable arguments
final class ChannelScalingRuntime extends BaseGraphVertex {
    private static final long serialVersionUID = 1;

    ChannelScalingRuntime(ComputationGraph graph, String name, int index, DataType dataType) {
        super(graph, name, index, null, null, dataType);
    }

    @Override
    public boolean hasLayer() {
        return false;
    }

    @Override
    public Layer getLayer() {
        return null;
    }

    @Override
    public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
        if (!canDoForward()) {
            throw new IllegalStateException("vertex " + vertexName + ": inputs must be set");
        }
        return scaled(inputs[0], ArrayType.ACTIVATIONS, workspaces);
    }

    private INDArray scaled(INDArray map, ArrayType where, LayerWorkspaceMgr workspaces) {
        INDArray output = workspaces.createUninitialized(where, inputs[0].dataType(), inputs[0].shape(), 'c');
        INDArray factors = inputs[1].reshape(inputs[0].size(0), inputs[0].size(1));
        Nd4j.exec(new BroadcastMulOp(map, factors, output, 0, 1));
        return output;
    }

    @Override
    public Pair<Gradient, INDArray[]> doBackward(boolean tbptt, LayerWorkspaceMgr workspaces) {
        if (!canDoBackward()) {
            throw new IllegalStateException("vertex " + vertexName + ": inputs and errors must be set");
        }
        INDArray gradFactors =
                workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, inputs[1].dataType(), inputs[1].shape(), 'c');
        gradFactors.assign(inputs[0].mul(epsilon).sum(2, 3).reshape(inputs[1].shape()));
        return new Pair<>(null, new INDArray[] {scaled(epsilon, ArrayType.ACTIVATION_GRAD, workspaces), gradFactors});
    }

    @Override
    public void setBackpropGradientsViewArray(INDArray gradients) {
        if (gradients != null) {
            throw new IllegalStateException("vertex " + vertexName + ": gradients must be null without parameters");
        }
    }

    @Override
    public Pair<INDArray, MaskState> feedForwardMaskArrays(INDArray[] masks, MaskState state, int minibatch) {
        return new Pair<>(masks == null ? null : masks[0], state);
    }

    @Override
    public String toString() {
        return "ChannelScaling(name=" + vertexName + ")";
    }
}
