package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.convolutional.Cropping2D;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.PreprocessorVertex;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;

/**
 * Where DL4J writes over what another vertex still reads. Its results follow from where its arrays lie, which is
 * elsewhere in a program.
 */
final class Overwriting {
    private Overwriting() {}

    /** @throws Unsupported if a network has such a place at inference */
    static void refuse(GraphVertex[] vertices) {
        for (GraphVertex vertex : vertices) {
            if (isActivation(vertex)
                    && isSharedInput(vertices[vertex.getInputVertices()[0].getVertexIndex()], vertices)) {
                throw new Unsupported("activation " + vertex.getVertexName() + " writes at inference over an input that"
                        + " others read, too");
            }
        }
    }

    /** @throws Unsupported if a network has such a place in training */
    static void refuseInTraining(Topology topology) {
        GraphVertex[] vertices = topology.vertices;
        for (GraphVertex vertex : vertices) {
            VertexIndices[] inputs = vertex.getInputVertices();
            if (inputs == null || inputs.length == 0) {
                continue;
            }
            GraphVertex input = vertices[inputs[0].getVertexIndex()];
            if (isFrozenActivation(vertex) && readers(input) > 1) {
                throw new Unsupported("frozen activation " + vertex.getVertexName() + " writes over what "
                        + input.getVertexName() + " gives to others, too");
            }
            if (readsAgainWhatItOverwrites(vertex)) {
                throw new Unsupported("frozen activation " + vertex.getVertexName()
                        + " writes over its input, from which its backward pass computes the gradient");
            }
            if (writesItsGradientOverItsInput(vertex) && readers(input) > 1) {
                throw new Unsupported("loss layer " + vertex.getVertexName() + " writes its gradient over what "
                        + input.getVertexName() + " gives to others, too");
            }
            if (!drops(vertex)) {
                continue;
            }
            if (!input.isInputVertex() && readers(input) > 1 && readsLast(vertex, input, topology.order)) {
                throw new Unsupported("dropout of layer " + vertex.getVertexName() + " writes over what "
                        + input.getVertexName() + " gives to others, which read it again in their backward pass");
            }
            if (isFrozenActivation(input)) {
                throw new Unsupported(
                        "dropout of layer " + vertex.getVertexName() + " writes over what the frozen activation "
                                + input.getVertexName() + " reads again in its backward pass");
            }
            while (isCropping(input)) {
                input = vertices[input.getInputVertices()[0].getVertexIndex()];
                if (readers(input) > 1) {
                    throw new Unsupported("dropout of layer " + vertex.getVertexName() + " writes over what "
                            + input.getVertexName() + " gives to others, too");
                }
            }
        }
    }

    /** @throws Unsupported if a network without workspaces at inference has such a place: with them DL4J copies */
    static void refuseWithoutWorkspaces(GraphVertex[] vertices) {
        for (GraphVertex vertex : vertices) {
            if (isActivation(vertex)) {
                GraphVertex input = vertices[vertex.getInputVertices()[0].getVertexIndex()];
                if (readers(input) > 1) {
                    throw new Unsupported("without workspaces at inference, activation " + vertex.getVertexName()
                            + " writes over what " + input.getVertexName() + " gives to others, too");
                }
            }
        }
    }

    /** One whose derivative is not the same at its result. */
    private static boolean readsAgainWhatItOverwrites(GraphVertex vertex) {
        if (!isFrozenActivation(vertex) || !(vertex.getLayer() instanceof FrozenLayerWithBackprop)) {
            return false;
        }
        Layer underlying = ((FrozenLayerWithBackprop) vertex.getLayer()).getUnderlying();
        IActivation activation = ((ActivationLayer) underlying.conf().getLayer()).getActivationFn();
        return activation.getClass() != ActivationIdentity.class && !activation.equals(new ActivationReLU());
    }

    /** A loss calls the gradient of the activation, which most of ND4J's compute in the place of their input. */
    private static boolean writesItsGradientOverItsInput(GraphVertex vertex) {
        Object conf = vertex.hasLayer() ? vertex.getLayer().conf().getLayer() : null;
        IActivation activation;
        ILossFunction loss;
        if (conf instanceof LossLayer) {
            activation = ((LossLayer) conf).getActivationFn();
            loss = ((LossLayer) conf).getLossFn();
        } else if (conf instanceof CnnLossLayer) {
            activation = ((CnnLossLayer) conf).getActivationFn();
            loss = ((CnnLossLayer) conf).getLossFn();
        } else {
            return false;
        }
        boolean crossEntropy =
                loss.getClass() == LossMCXENT.class || loss.getClass() == LossNegativeLogLikelihood.class;
        return activation.getClass() != ActivationIdentity.class
                && !(activation.getClass() == ActivationSoftmax.class && crossEntropy);
    }

    /** Whether others read an input of the network, or what is another name of it: it lies in no workspace, so nothing copies it. */
    private static boolean isSharedInput(GraphVertex vertex, GraphVertex[] vertices) {
        GraphVertex at = vertex;
        boolean shared = readers(at) > 1;
        while (isActivation(at) || isDropout(at) || at instanceof PreprocessorVertex) {
            at = vertices[at.getInputVertices()[0].getVertexIndex()];
            shared |= readers(at) > 1;
        }
        return shared && at.isInputVertex();
    }

    private static boolean isDropout(GraphVertex vertex) {
        return vertex.hasLayer() && vertex.getLayer().conf().getLayer() instanceof DropoutLayer;
    }

    private static boolean isActivation(GraphVertex vertex) {
        return vertex.hasLayer() && vertex.getLayer().conf().getLayer() instanceof ActivationLayer;
    }

    private static boolean isFrozenActivation(GraphVertex vertex) {
        Layer layer = vertex.hasLayer() ? vertex.getLayer() : null;
        return layer instanceof BaseWrapperLayer
                && ((BaseWrapperLayer) layer).getUnderlying().conf().getLayer() instanceof ActivationLayer;
    }

    private static boolean isCropping(GraphVertex vertex) {
        return vertex.hasLayer() && vertex.getLayer().conf().getLayer() instanceof Cropping2D;
    }

    /** DL4J lets the last reader work in place. */
    private static boolean readsLast(GraphVertex vertex, GraphVertex input, int[] order) {
        int last = -1;
        for (int index : order) {
            for (VertexIndices to : input.getOutputVertices()) {
                last = to.getVertexIndex() == index ? index : last;
            }
        }
        return last == vertex.getVertexIndex();
    }

    private static boolean drops(GraphVertex vertex) {
        return vertex.hasLayer() && vertex.getLayer().conf().getLayer().getIDropout() != null;
    }

    private static int readers(GraphVertex vertex) {
        return vertex.getOutputVertices() == null ? 0 : vertex.getOutputVertices().length;
    }
}
