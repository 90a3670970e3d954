package io.github.squeeze4j.models.internal.retrofit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.samediff.AbstractSameDiffLayer;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * Updater, regularisation and gradient normalisation that most layers of a graph have. DL4J keeps what was set for the whole
 * network in its layers only.
 */
final class CommonSettings {
    private final IUpdater updater;
    private final IUpdater biasUpdater;
    private final List<Regularization> regularization;
    private final List<Regularization> regularizationBias;
    private final GradientNormalization normalization;
    private final double threshold;

    private CommonSettings(
            IUpdater updater,
            IUpdater biasUpdater,
            List<Regularization> regularization,
            List<Regularization> regularizationBias,
            GradientNormalization normalization,
            double threshold) {
        this.updater = updater;
        this.biasUpdater = biasUpdater;
        this.regularization = regularization;
        this.regularizationBias = regularizationBias;
        this.normalization = normalization;
        this.threshold = threshold;
    }

    /** Null where no layer names an updater. Frozen layers count only where no other layer does. */
    static CommonSettings of(ComputationGraphConfiguration configuration) {
        CommonSettings trained = of(configuration, false);
        return trained != null ? trained : of(configuration, true);
    }

    private static CommonSettings of(ComputationGraphConfiguration configuration, boolean frozen) {
        Map<List<Object>, Integer> votes = new LinkedHashMap<>();
        Map<List<Object>, CommonSettings> settings = new LinkedHashMap<>();
        for (GraphVertex vertex : configuration.getVertices().values()) {
            if (vertex instanceof LayerVertex) {
                Layer layer = ((LayerVertex) vertex).getLayerConf().getLayer();
                CommonSettings found = layer instanceof FrozenLayer != frozen ? null : of(layer);
                if (found != null) {
                    settings.putIfAbsent(found.key(), found);
                    votes.merge(found.key(), 1, Integer::sum);
                }
            }
        }
        CommonSettings most = null;
        int highest = 0;
        for (Map.Entry<List<Object>, Integer> vote : votes.entrySet()) {
            if (vote.getValue() > highest) {
                highest = vote.getValue();
                most = settings.get(vote.getKey());
            }
        }
        return most;
    }

    private static CommonSettings of(Layer layer) {
        if (layer instanceof FrozenLayer) {
            return of(((FrozenLayer) layer).getLayer());
        }
        if (layer instanceof BaseWrapperLayer) {
            return of(((BaseWrapperLayer) layer).getUnderlying());
        }
        if (layer instanceof BaseLayer && ((BaseLayer) layer).getIUpdater() != null) {
            BaseLayer base = (BaseLayer) layer;
            return new CommonSettings(
                    base.getIUpdater(),
                    base.getBiasUpdater(),
                    base.getRegularization(),
                    base.getRegularizationBias(),
                    base.getGradientNormalization(),
                    base.getGradientNormalizationThreshold());
        }
        if (layer instanceof AbstractSameDiffLayer && ((AbstractSameDiffLayer) layer).getUpdater() != null) {
            AbstractSameDiffLayer sameDiff = (AbstractSameDiffLayer) layer;
            return new CommonSettings(
                    sameDiff.getUpdater(),
                    sameDiff.getBiasUpdater(),
                    sameDiff.getRegularization(),
                    sameDiff.getRegularizationBias(),
                    sameDiff.getGradientNormalization(),
                    sameDiff.getGradientNormalizationThreshold());
        }
        return null;
    }

    private List<Object> key() {
        List<Object> key = new ArrayList<>();
        key.add(updater);
        key.add(biasUpdater);
        key.add(copy(regularization));
        key.add(copy(regularizationBias));
        key.add(normalization);
        key.add(threshold);
        return key;
    }

    private static List<Regularization> copy(List<Regularization> list) {
        List<Regularization> copy = new ArrayList<>();
        if (list != null) {
            list.forEach(each -> copy.add(each.clone()));
        }
        return copy;
    }

    /** Gives the layer what it does not say itself; the configuration around it is the network's. */
    NeuralNetConfiguration configure(Layer layer, NeuralNetConfiguration network) {
        NeuralNetConfiguration.Builder global = new NeuralNetConfiguration.Builder()
                .activation(Activation.IDENTITY)
                .updater(updater.clone())
                .gradientNormalization(normalization)
                .gradientNormalizationThreshold(threshold);
        global.setBiasUpdater(biasUpdater == null ? null : biasUpdater.clone());
        global.setRegularization(copy(regularization));
        global.setRegularizationBias(copy(regularizationBias));
        global.layer(layer).build();
        NeuralNetConfiguration configuration = network.clone();
        configuration.clearVariables();
        configuration.setLayer(layer);
        return configuration;
    }

    @Override
    public String toString() {
        List<Regularization> weights = copy(regularization);
        return "updater " + updater + ", regularisation " + (weights.isEmpty() ? "none" : weights);
    }
}
