package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.BuilderText;
import io.github.squeeze4j.internal.ParameterNames;
import io.github.squeeze4j.internal.UpdaterStates;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.samediff.AbstractSameDiffLayer;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffVertex;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * How gradients become steps, for every layer of a network: attention blocks, which DL4J's {@code setLearningRate} and {@code
 * FineTuneConfiguration} pass over, with the rest.
 *
 * <table>
 * <caption>Kinds</caption>
 * <tr><th>kind</th><th>is</th><th>weight decay</th></tr>
 * <tr><td>SGD</td><td>momentum 0.9 in Nesterov's form, or without</td><td>added to the gradient, as in PyTorch</td></tr>
 * <tr><td>ADAM</td><td>beta 0.9 and 0.999, epsilon 1e-8</td><td>added to the gradient</td></tr>
 * <tr><td>ADAMW</td><td>the same</td><td>rate * decay * weight off the weight (Loshchilov and Hutter, 1711.05101)</td></tr>
 * <tr><td>RMSPROP</td><td>decay 0.9, epsilon 1e-8</td><td>added to the gradient</td></tr>
 * </table>
 *
 * <p>Weight decay spares the scale, shift and statistics of batch normalizations, and whatever else a layer exempts; biases too,
 * unless {@link Builder#decayBiases} is set.
 *
 * <pre>{@code
 * Optimizer.builder(Optimizer.Kind.SGD, new OneCycle(0.1, steps)).weightDecay(5e-4).build().applyTo(graph);
 * Optimizer.setLearningRate(graph, 0.01);
 * }</pre>
 */
public final class Optimizer {
    /** Default {@link Builder#momentum}. */
    public static final double DEFAULT_MOMENTUM = 0.9;

    private static final double BETA_2 = 0.999;
    private static final double EPSILON = 1e-8;
    private static final double RMS_DECAY = 0.9;

    /** The rule. */
    public enum Kind {
        /** Stochastic gradient descent. */
        SGD,
        /** Kingma and Ba, 1412.6980. */
        ADAM,
        /** Adam with decoupled weight decay, 1711.05101. */
        ADAMW,
        /** Tieleman and Hinton, Lecture 6.5, 2012. */
        RMSPROP
    }

    private final Kind kind;
    private final ISchedule rate;
    private final double momentum;
    private final boolean nesterov;
    private final double weightDecay;
    private final boolean decayBiases;
    private final ToDoubleFunction<String> layerFactor;

    private Optimizer(Builder builder) {
        kind = builder.kind;
        rate = builder.rate;
        momentum = builder.momentum;
        nesterov = builder.nesterov;
        weightDecay = builder.weightDecay;
        decayBiases = builder.decayBiases;
        layerFactor = builder.layerFactor;
    }

    /**
     * Starts a configuration.
     *
     * @param kind the rule
     * @param rate the learning rate at each update
     * @return a builder with the defaults
     */
    public static Builder builder(Kind kind, ISchedule rate) {
        return new Builder(kind, rate);
    }

    /**
     * Starts a configuration with a constant learning rate.
     *
     * @param kind the rule
     * @param rate positive
     * @return a builder with the defaults
     */
    public static Builder builder(Kind kind, double rate) {
        return new Builder(kind, new FixedSchedule(positiveRate(rate)));
    }

    /**
     * Gives every layer that learns this updater and this weight decay, in place of what it had. States of updaters of the same
     * kind stay (momentum and the like); others begin anew. Frozen layers stay frozen.
     *
     * @param network an initialised ComputationGraph or MultiLayerNetwork, accelerated or not
     * @throws BadInputException if it is neither
     */
    public void applyTo(Model network) {
        change(network, (name, layer) -> {
            double factor = layerFactor.applyAsDouble(name);
            layer.set(updater(factor), decay(), decayBiases ? decay() : List.of());
        });
    }

    /**
     * Sets the learning rate of every layer, blocks included; everything else stays, the updaters' states with it.
     *
     * @param network an initialised ComputationGraph or MultiLayerNetwork
     * @param rate positive
     */
    public static void setLearningRate(Model network, double rate) {
        double checked = positiveRate(rate);
        change(network, (name, layer) -> layer.eachUpdater(updater -> updater.setLrAndSchedule(checked, null)));
    }

    /**
     * Sets the schedule of every layer's learning rate, blocks included; everything else stays.
     *
     * @param network an initialised ComputationGraph or MultiLayerNetwork
     * @param rate learning rate at each update
     */
    public static void setLearningRate(Model network, ISchedule rate) {
        change(
                network,
                (name, layer) -> layer.eachUpdater(updater -> updater.setLrAndSchedule(Double.NaN, rate.clone())));
    }

    private IUpdater updater(double factor) {
        ISchedule own = factor == 1 ? rate.clone() : new ScaledSchedule(rate.clone(), factor);
        switch (kind) {
            case SGD:
                if (momentum == 0) {
                    return new Sgd(own);
                }
                return nesterov ? new Nesterovs(own, momentum) : new ClassicMomentum(own, momentum);
            case RMSPROP:
                RmsProp rmsProp = new RmsProp(own);
                rmsProp.setRmsDecay(RMS_DECAY);
                rmsProp.setEpsilon(EPSILON);
                return rmsProp;
            default:
                Adam adam = new Adam(own);
                adam.setBeta1(momentum);
                adam.setBeta2(BETA_2);
                adam.setEpsilon(EPSILON);
                return adam;
        }
    }

    private List<Regularization> decay() {
        if (weightDecay == 0) {
            return List.of();
        }
        return List.of(kind == Kind.ADAMW ? new WeightDecay(weightDecay, true) : new L2Regularization(weightDecay));
    }

    // ---- the layers of a network -----------------------------------------------------------------------------------

    private interface Change {
        void to(String name, Settings layer);
    }

    /** What is set of a layer, whatever its class calls it. */
    private interface Settings {
        void set(IUpdater updater, List<Regularization> weights, List<Regularization> biases);

        IUpdater updater();

        IUpdater biasUpdater();

        default void eachUpdater(java.util.function.Consumer<IUpdater> action) {
            for (IUpdater updater : new IUpdater[] {updater(), biasUpdater()}) {
                if (updater != null && updater.hasLearningRate()) {
                    action.accept(updater);
                }
            }
        }
    }

    private static void change(Model network, Change change) {
        BaseMultiLayerUpdater<? extends Model> old = updaterOf(network);
        Map<String, Class<?>> kinds = kinds(old);
        Map<String, INDArray[]> states = UpdaterStates.of(old);
        eachLayer(network, change);
        // Blocks of parameters with equal updaters may be others now: states move parameter by parameter.
        if (network instanceof ComputationGraph) {
            ((ComputationGraph) network).setUpdater(null);
        } else {
            ((MultiLayerNetwork) network).setUpdater(null);
        }
        BaseMultiLayerUpdater<? extends Model> rebuilt = updaterOf(network);
        Map<String, Class<?>> newKinds = kinds(rebuilt);
        UpdaterStates.of(rebuilt).forEach((parameter, parts) -> {
            if (states.containsKey(parameter) && kinds.get(parameter) == newKinds.get(parameter)) {
                for (int i = 0; i < parts.length; i++) {
                    parts[i].assign(states.get(parameter)[i]);
                }
            }
        });
        // The state was made without initial values that DL4J would set at the first step.
        rebuilt.getUpdaterBlocks().forEach(block -> block.setUpdaterViewRequiresInitialization(false));
    }

    private static void eachLayer(Model network, Change change) {
        if (network instanceof ComputationGraph) {
            for (Map.Entry<String, GraphVertex> vertex : ((ComputationGraph) network)
                    .getConfiguration()
                    .getVertices()
                    .entrySet()) {
                if (vertex.getValue() instanceof LayerVertex) {
                    LayerVertex layer = (LayerVertex) vertex.getValue();
                    layer(vertex.getKey(), layer.getLayerConf().getLayer(), change);
                } else if (vertex.getValue() instanceof SameDiffVertex) {
                    change.to(vertex.getKey(), settings((SameDiffVertex) vertex.getValue()));
                }
            }
            return;
        }
        MultiLayerNetwork layers = (MultiLayerNetwork) network;
        for (int i = 0; i < layers.getnLayers(); i++) {
            layer("" + i, layers.getLayerWiseConfigurations().getConf(i).getLayer(), change);
        }
    }

    private static void layer(String name, Layer layer, Change change) {
        if (layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop) {
            return;
        }
        if (layer instanceof Bidirectional) {
            layer(name, ((Bidirectional) layer).getFwd(), change);
            layer(name, ((Bidirectional) layer).getBwd(), change);
        } else if (layer instanceof BaseWrapperLayer) {
            layer(name, ((BaseWrapperLayer) layer).getUnderlying(), change);
        } else if (layer instanceof BaseLayer) {
            change.to(name, settings((BaseLayer) layer));
        } else if (layer instanceof AbstractSameDiffLayer) {
            change.to(name, settings((AbstractSameDiffLayer) layer));
        }
    }

    private static Settings settings(BaseLayer layer) {
        return new Settings() {
            @Override
            public void set(IUpdater updater, List<Regularization> weights, List<Regularization> biases) {
                layer.setIUpdater(updater);
                layer.setBiasUpdater(null);
                layer.setRegularization(new ArrayList<>(weights));
                layer.setRegularizationBias(new ArrayList<>(biases));
            }

            @Override
            public IUpdater updater() {
                return layer.getIUpdater();
            }

            @Override
            public IUpdater biasUpdater() {
                return layer.getBiasUpdater();
            }
        };
    }

    private static Settings settings(AbstractSameDiffLayer layer) {
        return new Settings() {
            @Override
            public void set(IUpdater updater, List<Regularization> weights, List<Regularization> biases) {
                layer.setUpdater(updater);
                layer.setBiasUpdater(null);
                layer.setRegularization(new ArrayList<>(weights));
                layer.setRegularizationBias(new ArrayList<>(biases));
            }

            @Override
            public IUpdater updater() {
                return layer.getUpdater();
            }

            @Override
            public IUpdater biasUpdater() {
                return layer.getBiasUpdater();
            }
        };
    }

    private static Settings settings(SameDiffVertex vertex) {
        return new Settings() {
            @Override
            public void set(IUpdater updater, List<Regularization> weights, List<Regularization> biases) {
                vertex.setUpdater(updater);
                vertex.setBiasUpdater(null);
                vertex.setRegularization(new ArrayList<>(weights));
                vertex.setRegularizationBias(new ArrayList<>(biases));
            }

            @Override
            public IUpdater updater() {
                return vertex.getUpdater();
            }

            @Override
            public IUpdater biasUpdater() {
                return vertex.getBiasUpdater();
            }
        };
    }

    private static BaseMultiLayerUpdater<? extends Model> updaterOf(Model network) {
        if (network instanceof ComputationGraph) {
            return ((ComputationGraph) network).getUpdater(true);
        }
        if (network instanceof MultiLayerNetwork) {
            return (BaseMultiLayerUpdater<?>) ((MultiLayerNetwork) network).getUpdater(true);
        }
        throw new BadInputException("network (" + network + ") must be a ComputationGraph or a MultiLayerNetwork;"
                + " give an initialised one");
    }

    private static Map<String, Class<?>> kinds(BaseMultiLayerUpdater<? extends Model> updater) {
        Map<String, Class<?>> kinds = new HashMap<>();
        for (UpdaterBlock block : updater.getUpdaterBlocks()) {
            for (UpdaterBlock.ParamState parameter : block.getLayersAndVariablesInBlock()) {
                // What the block computes with: the configuration may have changed since.
                kinds.put(
                        ParameterNames.of(parameter),
                        block.getGradientUpdater().getConfig().getClass());
            }
        }
        return kinds;
    }

    // ---- numbers ---------------------------------------------------------------------------------------------------

    static double positiveRate(double rate) {
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new BadInputException("learning rate (" + rate + ") must be positive and finite; use 0.1");
        }
        return rate;
    }

    static double fraction(String name, double value, String remedy) {
        if (!(value >= 0 && value < 1)) {
            throw new BadInputException(name + " (" + value + ") must be from 0 to below 1; " + remedy);
        }
        return value;
    }

    @Override
    public String toString() {
        return kind + " " + rate + (kind == Kind.SGD ? ", momentum " + momentum + (nesterov ? " (Nesterov)" : "") : "")
                + ", weight decay " + weightDecay + (decayBiases ? " also of biases" : "");
    }

    /** Options of an optimizer. */
    public static final class Builder {
        private final Kind kind;
        private final ISchedule rate;
        private double momentum = DEFAULT_MOMENTUM;
        private boolean nesterov = true;
        private double weightDecay;
        private boolean decayBiases;
        private ToDoubleFunction<String> layerFactor = layer -> 1;

        private Builder(Kind kind, ISchedule rate) {
            this.kind = kind;
            this.rate = rate;
        }

        /**
         * Momentum of SGD, or beta 1 of Adam.
         *
         * @param momentum from 0 to below 1; default 0.9
         * @return this
         */
        public Builder momentum(double momentum) {
            this.momentum = fraction("momentum", momentum, "use 0.9");
            return this;
        }

        /**
         * Whether SGD's momentum is Nesterov's.
         *
         * @param nesterov default true
         * @return this
         */
        public Builder nesterov(boolean nesterov) {
            this.nesterov = nesterov;
            return this;
        }

        /**
         * Weight decay.
         *
         * @param weightDecay 0 or more; default 0
         * @return this
         */
        public Builder weightDecay(double weightDecay) {
            if (!(weightDecay >= 0) || Double.isInfinite(weightDecay)) {
                throw new BadInputException(
                        "weight decay (" + weightDecay + ") must be 0 or more and finite; use 1e-4");
            }
            this.weightDecay = weightDecay;
            return this;
        }

        /**
         * Whether biases decay, too.
         *
         * @param decayBiases default false
         * @return this
         */
        public Builder decayBiases(boolean decayBiases) {
            this.decayBiases = decayBiases;
            return this;
        }

        /**
         * A factor for the learning rate of each layer, such as 0.1 for layers that were trained before.
         *
         * @param layerFactor gives a positive factor for a layer's name, or its number in a MultiLayerNetwork; default 1
         * @return this
         */
        public Builder layerFactor(ToDoubleFunction<String> layerFactor) {
            this.layerFactor = layerFactor;
            return this;
        }

        /**
         * Finishes the configuration.
         *
         * @return an unchanging optimizer
         */
        public Optimizer build() {
            return new Optimizer(this);
        }

        @Override
        public String toString() {
            return BuilderText.of(this, this::build);
        }
    }
}
