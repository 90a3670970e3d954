package io.github.squeeze4j.explain;

import io.github.squeeze4j.BadInputException;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The scores of the classes: what the output vertex computes before its activation, since the gradient of a softmax's probability
 * mixes all classes and vanishes where the network is sure. Of an output that has no activation of its own, what it gives.
 */
final class Scores {
    private final GraphVertex vertex;
    private final Layer layer;

    Scores(GraphVertex vertex) {
        this.vertex = vertex;
        layer = Vertices.layer(vertex);
        if (vertex.hasLayer() && vertex.getLayer() instanceof IOutputLayer && !isLinear() && !isActivation()) {
            throw new BadInputException("output (" + vertex.getVertexName() + ", " + Vertices.kind(vertex)
                    + ") must be an OutputLayer, a LossLayer or a layer without a loss; explain another output");
        }
    }

    private boolean isLinear() {
        return layer != null
                && (layer.getClass() == OutputLayer.class
                        || layer.getClass() == CenterLossOutputLayer.class
                        || layer.getClass() == DenseLayer.class && !((DenseLayer) layer).hasLayerNorm());
    }

    private boolean isActivation() {
        return layer != null && (layer.getClass() == LossLayer.class || layer.getClass() == ActivationLayer.class);
    }

    /**
     * The scores after a forward pass.
     *
     * @param given what the vertex reads
     * @param output what the vertex gave
     * @return [N, classes]
     */
    INDArray of(INDArray given, INDArray output) {
        INDArray scores = output;
        if (isLinear()) {
            INDArray product = vertex.getLayer().input().mmul(weights());
            INDArray bias = vertex.getLayer().paramTable().get(DefaultParamInitializer.BIAS_KEY);
            scores = bias == null ? product : product.addiRowVector(bias);
        } else if (isActivation()) {
            scores = given;
        }
        if (scores.rank() != 2) {
            throw new BadInputException("output (" + vertex.getVertexName() + ", of rank " + scores.rank()
                    + ") must give [N, classes]; explain a network that classifies whole pictures");
        }
        return scores;
    }

    private INDArray weights() {
        return vertex.getLayer().getParam(DefaultParamInitializer.WEIGHT_KEY);
    }

    /** Runs backward from one score of each example. */
    void backward(Walk walk, INDArray scores, int[] classes, int earliest) {
        INDArray chosen = Nd4j.zeros(scores.dataType(), scores.shape());
        for (int i = 0; i < classes.length; i++) {
            chosen.putScalar(i, classes[i], 1);
        }
        if (isLinear()) {
            INDArray gradient = chosen.mmul(weights().transpose());
            walk.backward(
                    Vertices.throughPreprocessor(
                            (LayerVertex) vertex, gradient, classes.length, LayerWorkspaceMgr.noWorkspaces()),
                    earliest);
        } else if (isActivation()) {
            walk.backward(
                    Vertices.throughPreprocessor(
                            (LayerVertex) vertex, chosen, classes.length, LayerWorkspaceMgr.noWorkspaces()),
                    earliest);
        } else {
            walk.backwardFrom(chosen, earliest);
        }
    }
}
