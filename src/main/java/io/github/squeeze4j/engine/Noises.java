package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.conf.weightnoise.WeightNoise;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** What DL4J's dropout and noise on weights do, and when. */
final class Noises {
    private Noises() {}

    /** Whether dropout drops nothing: that with which Keras' layers are imported. */
    static boolean areNone(IDropout dropout) {
        return dropout.getClass() == Dropout.class
                && ((Dropout) dropout).getPSchedule() == null
                && ((Dropout) dropout).getP() == 1;
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
}
