package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.conf.weightnoise.WeightNoise;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationRReLU;

/** What DL4J's dropout and noise on weights do, and when. */
final class Noises {
    private Noises() {}

    /** Whether dropout drops nothing: that with which Keras' layers are imported. */
    static boolean areNone(IDropout dropout) {
        return dropout.getClass() == Dropout.class
                && ((Dropout) dropout).getPSchedule() == null
                && ((Dropout) dropout).getP() == 1;
    }

    /** Whether a layer draws random numbers in training, or may, since it is none of the known ones. */
    static boolean mayDraw(org.deeplearning4j.nn.conf.layers.Layer layer) {
        IActivation activation = layer instanceof BaseLayer
                ? ((BaseLayer) layer).getActivationFn()
                : layer instanceof ActivationLayer ? ((ActivationLayer) layer).getActivationFn() : null;
        boolean draws = activation != null && (activation instanceof ActivationRReLU || !isKnown(activation));
        boolean noise = layer instanceof BaseLayer && ((BaseLayer) layer).getWeightNoise() != null;
        boolean drops = layer.getIDropout() != null && !areNone(layer.getIDropout());
        return draws || noise || drops || !isKnown(layer);
    }

    /** Whether a part of a network is DL4J's, ND4J's or the library's: but for what {@link #mayDraw} looks at, these draw nothing. */
    static boolean isKnown(Object part) {
        String name = part.getClass().getName();
        return name.startsWith("org.deeplearning4j.nn.conf.")
                || name.startsWith("org.nd4j.linalg.activations.impl.")
                || name.startsWith("io.github.squeeze4j.layers.")
                || name.startsWith("io.github.squeeze4j.blocks.");
    }

    /** Whether weights are themselves at inference; DL4J adds noise to biases there, too. */
    static boolean areOfTraining(IWeightNoise noise) {
        return noise.getClass() == DropConnect.class && !((DropConnect) noise).isApplyToBiases()
                || noise.getClass() == WeightNoise.class && !((WeightNoise) noise).isApplyToBias();
    }

    /** Whether DL4J's graph computes what its network of layers does: with noise at inference it looks for a workspace that is closed. */
    static boolean areInGraphs(MultiLayerNetwork network) {
        for (Layer layer : network.getLayers()) {
            boolean base = layer.conf().getLayer() instanceof BaseLayer;
            IWeightNoise noise = base ? ((BaseLayer) layer.conf().getLayer()).getWeightNoise() : null;
            if (noise != null && !areOfTraining(noise)) {
                return false;
            }
        }
        return true;
    }

    /**
     * A frozen layer puts noise on its weights in its backward pass, others in their forward pass. With several outputs, whose losses may do so
     * too, it is the order of the backward passes that says which numbers are drawn.
     *
     * @throws Unsupported if there is such a layer
     */
    static void refuseInBackward(Topology topology) {
        for (GraphVertex vertex : topology.vertices) {
            Layer layer = vertex.hasLayer() ? vertex.getLayer() : null;
            Object conf = layer == null ? null : layer.conf().getLayer();
            boolean noise = conf instanceof BaseLayer && ((BaseLayer) conf).getWeightNoise() != null;
            if (noise && layer instanceof FrozenLayerWithBackprop && topology.outputs.size() > 1) {
                throw new Unsupported("frozen layer " + vertex.getVertexName()
                        + " puts noise on its weights in its backward pass, and the network has several outputs");
            }
        }
    }
}
