package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.onednn.Elementwise;
import java.util.Map;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The two linear layers that SE-style blocks share: scores = expand(activation(reduce(z))), rows of C channels in, rows of
 * C scores out (Hu et al., 1709.01507).
 */
final class Excitation implements ChannelScores {
    /** Sets the last layer to give the gate alone; 0.5 where it has no bias. */
    static double startAt(double gate, Gate function, Map<String, INDArray> parameters) {
        parameters.get(EXPAND_WEIGHT).assign(0);
        if (!parameters.containsKey(EXPAND_BIAS)) {
            return function.reachable(0.5);
        }
        parameters.get(EXPAND_BIAS).assign(function.score(gate));
        return function.reachable(gate);
    }

    static final String REDUCE_WEIGHT = "reduceW";
    static final String REDUCE_BIAS = "reduceB";
    static final String EXPAND_WEIGHT = "expandW";
    static final String EXPAND_BIAS = "expandB";

    private final Activation activation;
    private final boolean biases;
    private INDArray squeezed;
    private INDArray preActivation;
    private INDArray hidden;

    Excitation(Activation activation, boolean biases) {
        this.activation = activation;
        this.biases = biases;
    }

    /** As {@link #parameters}, with biases that start as PyTorch's do. */
    static void uniformBiases(ParameterSpec spec, long channels, long hidden) {
        weights(spec, channels, hidden);
        spec.uniformBias(REDUCE_BIAS, channels, hidden);
        spec.uniformBias(EXPAND_BIAS, hidden, channels);
    }

    /** As {@link #parameters}, with weights that start normal with that deviation. */
    static void normalWeights(ParameterSpec spec, double deviation, long channels, long hidden) {
        spec.normal(REDUCE_WEIGHT, deviation, channels, hidden, channels, hidden);
        spec.normal(EXPAND_WEIGHT, deviation, hidden, channels, hidden, channels);
        zeroBiases(spec, channels, hidden);
    }

    /** Weights are [in, out], as in DL4J's dense layer. */
    static void parameters(ParameterSpec spec, long channels, long hidden, boolean biases) {
        weights(spec, channels, hidden);
        if (biases) {
            zeroBiases(spec, channels, hidden);
        }
    }

    private static void weights(ParameterSpec spec, long channels, long hidden) {
        spec.weight(REDUCE_WEIGHT, channels, hidden, channels, hidden);
        spec.weight(EXPAND_WEIGHT, hidden, channels, hidden, channels);
    }

    private static void zeroBiases(ParameterSpec spec, long channels, long hidden) {
        spec.bias(REDUCE_BIAS, hidden);
        spec.bias(EXPAND_BIAS, channels);
    }

    /** Hidden channels, C / reduction; fails where reduction exceeds the channels. */
    static void validate(String block, long channels, int reduction) {
        if (reduction > channels) {
            throw new IllegalArgumentException(block + ": reduction (" + reduction + ") must not exceed channels ("
                    + channels + "); use reduction(" + Math.max(1, channels / 2) + ")");
        }
    }

    /** The reference. */
    static Value define(BlockOps o, Value z, Activation activation, boolean biases) {
        Value reduced = o.dense(z, o.parameter(REDUCE_WEIGHT), biases ? o.parameter(REDUCE_BIAS) : null);
        Value hidden = InnerActivation.define(o, activation, reduced);
        return o.dense(hidden, o.parameter(EXPAND_WEIGHT), biases ? o.parameter(EXPAND_BIAS) : null);
    }

    @Override
    public INDArray forward(INDArray z, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray reduceWeight = parameters.get(REDUCE_WEIGHT);
        squeezed = z;
        preActivation = memory.keep(z.size(0), reduceWeight.size(1));
        MapOps.linear(z, false, reduceWeight, false, parameters.get(REDUCE_BIAS), preActivation);
        if (direct()) {
            hidden = preActivation;
            Elementwise.relu(hidden, hidden);
        } else {
            hidden = memory.keep(preActivation.shape()).assign(preActivation);
            hidden = activation.getActivationFunction().getActivation(hidden, training);
        }
        INDArray scores = memory.keep(z.shape());
        MapOps.linear(hidden, false, parameters.get(EXPAND_WEIGHT), false, parameters.get(EXPAND_BIAS), scores);
        return scores;
    }

    @Override
    public INDArray backward(
            INDArray gradScores, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory) {
        MapOps.matmul(hidden, true, gradScores, false, gradients.get(EXPAND_WEIGHT));
        INDArray gradHidden = memory.temporary(hidden.shape());
        MapOps.matmul(gradScores, false, parameters.get(EXPAND_WEIGHT), true, gradHidden);
        INDArray gradReduced = gradHidden;
        if (direct()) {
            Elementwise.reluGradient(hidden, gradHidden, gradReduced);
        } else {
            gradReduced = InnerActivation.gradient(activation, preActivation, gradHidden);
        }
        MapOps.matmul(squeezed, true, gradReduced, false, gradients.get(REDUCE_WEIGHT));
        if (biases) {
            MapOps.sumRows(gradScores, gradients.get(EXPAND_BIAS));
            MapOps.sumRows(gradReduced, gradients.get(REDUCE_BIAS));
        }
        INDArray gradSqueezed = memory.temporary(squeezed.shape());
        MapOps.matmul(gradReduced, false, parameters.get(REDUCE_WEIGHT), true, gradSqueezed);
        return gradSqueezed;
    }

    /** ReLU by oneDNN, in place: its gradient needs only what it gave. */
    private boolean direct() {
        return activation == Activation.RELU && MapOps.direct(preActivation);
    }
}
