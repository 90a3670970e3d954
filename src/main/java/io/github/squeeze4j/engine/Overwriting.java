package io.github.squeeze4j.engine;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
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
 *
 * <p>A vertex that writes in place writes over the nearest array before it that is known to be a vertex' own ({@link OwnArrays}),
 * and so over what all vertices in between gave.
 */
final class Overwriting {
    private final Topology topology;
    private final GraphVertex[] vertices;

    private Overwriting(Topology topology) {
        this.topology = topology;
        vertices = topology.vertices;
    }

    /** @throws Unsupported if a network has such a place at inference */
    static void refuse(Topology topology) {
        String reason = new Overwriting(topology).atInference(true);
        if (reason != null) {
            throw new Unsupported(reason);
        }
    }

    /**
     * At inference where DL4J has one workspace for all results, or none: where each vertex has its own, an activation copies what
     * lies in another's.
     *
     * @return why DL4J's results follow from where its arrays lie, or null
     */
    static String inOneWorkspace(Topology topology) {
        return new Overwriting(topology).atInference(false);
    }

    private String atInference(boolean workspaces) {
        for (GraphVertex vertex : vertices) {
            GraphVertex shared = isActivation(vertex) ? sharedBefore(vertex, false, workspaces) : null;
            if (shared != null) {
                return (workspaces ? "" : "without a workspace for each result, ") + "activation "
                        + vertex.getVertexName() + " writes at inference over what " + shared.getVertexName()
                        + " gives to others, too";
            }
        }
        return null;
    }

    /** @throws Unsupported if a network has such a place in training */
    static void refuseInTraining(Topology topology) {
        Overwriting overwriting = new Overwriting(topology);
        for (GraphVertex vertex : topology.vertices) {
            String writer = overwriting.writerInTraining(vertex);
            GraphVertex shared = writer == null ? null : overwriting.sharedBefore(vertex, true, false);
            if (shared != null) {
                throw new Unsupported(writer + " " + vertex.getVertexName() + " writes over what "
                        + shared.getVertexName() + " gives to others or reads again in its backward pass");
            }
            if (readsAgainWhatItOverwrites(vertex)) {
                throw new Unsupported("frozen activation " + vertex.getVertexName()
                        + " writes over its input, from which its backward pass computes the gradient");
            }
        }
    }

    /**
     * For layers of a chain, where a layer between two regions reads the very array that DL4J's dropout writes over.
     *
     * @return why DL4J's dropout must write in its own place, or null
     */
    static String dropout(Topology topology, GraphVertex vertex) {
        Overwriting overwriting = new Overwriting(topology);
        GraphVertex shared = overwriting.dropsInPlace(vertex) ? overwriting.sharedBefore(vertex, true, false) : null;
        return shared == null ? null : "its dropout writes over what " + shared.getVertexName() + " reads again";
    }

    /** What a vertex writes with over its input; null if it does not. */
    private String writerInTraining(GraphVertex vertex) {
        return isFrozenActivation(vertex)
                ? "frozen activation"
                : writesItsGradientOverItsInput(vertex)
                        ? "the gradient of loss layer"
                        : dropsInPlace(vertex) ? "dropout of layer" : null;
    }

    /**
     * A vertex before this one whose result lies where this one writes and is read by others, too, or by the user, or again in
     * its own backward pass.
     *
     * @param copied whether what lies in the workspace of another result is copied first
     */
    private GraphVertex sharedBefore(GraphVertex vertex, boolean training, boolean copied) {
        Set<Integer> seen = new HashSet<>();
        Deque<GraphVertex> open = new ArrayDeque<>();
        open.add(vertex);
        while (!open.isEmpty()) {
            for (VertexIndices from : open.remove().getInputVertices()) {
                GraphVertex at = vertices[from.getVertexIndex()];
                boolean output = !training && topology.outputs.contains(at.getVertexName());
                // it lies in no workspace of a result; with those, DL4J's output() fails for the first vertex
                if (output && !(copied && isFirst(at))) {
                    return at;
                }
                boolean own = OwnArrays.areGivenBy(at, topology.described.get(at.getVertexName()), training);
                if (own && copied || !seen.add(from.getVertexIndex())) {
                    continue;
                }
                if (readers(at) > 1 || training && isFrozenActivation(at)) {
                    return at;
                }
                if (!own && !at.isInputVertex()) {
                    open.add(at);
                }
            }
        }
        return null;
    }

    private boolean isFirst(GraphVertex vertex) {
        return Arrays.stream(vertex.getInputVertices())
                .allMatch(from -> vertices[from.getVertexIndex()].isInputVertex());
    }

    /** One whose derivative is not the same at its result. */
    private static boolean readsAgainWhatItOverwrites(GraphVertex vertex) {
        if (!isFrozenActivation(vertex) || !(vertex.getLayer() instanceof FrozenLayerWithBackprop)) {
            return false;
        }
        Object conf = vertex.getLayer().conf().getLayer();
        IActivation activation = conf instanceof ActivationLayer ? ((ActivationLayer) conf).getActivationFn() : null;
        return activation == null
                || activation.getClass() != ActivationIdentity.class && !activation.equals(new ActivationReLU());
    }

    /** A loss calls the gradient of the activation, which most of ND4J's compute in the place of their input. */
    private static boolean writesItsGradientOverItsInput(GraphVertex vertex) {
        Object conf = conf(vertex);
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

    private static boolean isActivation(GraphVertex vertex) {
        Object conf = conf(vertex);
        return conf instanceof ActivationLayer || conf instanceof PReLULayer;
    }

    private static boolean isFrozenActivation(GraphVertex vertex) {
        return isActivation(vertex) && vertex.getLayer() instanceof BaseWrapperLayer;
    }

    /** DL4J lets the last reader of a result drop in place. */
    private boolean dropsInPlace(GraphVertex vertex) {
        if (!vertex.hasLayer() || vertex.getLayer().conf().getLayer().getIDropout() == null) {
            return false;
        }
        GraphVertex input = vertices[vertex.getInputVertices()[0].getVertexIndex()];
        return !input.isInputVertex() && readsLast(vertex, input);
    }

    private boolean readsLast(GraphVertex vertex, GraphVertex input) {
        int last = -1;
        for (int index : topology.order) {
            for (VertexIndices to : input.getOutputVertices()) {
                last = to.getVertexIndex() == index ? index : last;
            }
        }
        return last == vertex.getVertexIndex();
    }

    /** The configuration of its layer, of the one in a wrapper; null if it has none. */
    private static Object conf(GraphVertex vertex) {
        Layer layer = vertex.hasLayer() ? vertex.getLayer() : null;
        return layer == null ? null : layer.conf().getLayer();
    }

    private static int readers(GraphVertex vertex) {
        return vertex.getOutputVertices() == null ? 0 : vertex.getOutputVertices().length;
    }
}
