package io.github.squeeze4j.blocks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitConstant;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.deeplearning4j.nn.weights.WeightInitUniform;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The parameters of a block, in the order in which they lie in the network's parameter vector: weights, biases,
 * BatchNorm scale and shift, and last the running statistics, so that the learned parameters are one prefix.
 */
final class ParameterSpec {
    /** What a parameter is, which decides its initial value and who may change it. */
    enum Role {
        /** Learned, initialised at random, regularised as a weight. */
        WEIGHT,
        /** Learned, regularised as a bias. */
        BIAS,
        /** Learned factor that starts at a constant, regularised as a weight. */
        FACTOR,
        /** Scale of a normalisation: learned, never regularised. */
        SCALE,
        /** Shift of a normalisation: learned, zero at first, never regularised. */
        SHIFT,
        /** Running mean: not learned, zero at first. */
        MEAN,
        /** Running variance: not learned, one at first. */
        VARIANCE;

        boolean isStatistic() {
            return this == MEAN || this == VARIANCE;
        }
    }

    /** One parameter. Fans are those of PyTorch: inputs and outputs of one unit times the kernel's area. */
    static final class Parameter {
        final String name;
        final Role role;
        final long[] shape;
        private final IWeightInit initial;
        private final long fanIn;
        private final long fanOut;

        Parameter(String name, Role role, IWeightInit initial, long fanIn, long fanOut, long... shape) {
            this.name = name;
            this.role = role;
            this.initial = initial;
            this.fanIn = fanIn;
            this.fanOut = fanOut;
            this.shape = shape;
        }

        /** Fills {@code view} as {@code chosen} says, or as the reference code does where that is null. */
        void initialise(INDArray view, IWeightInit chosen) {
            (chosen == null ? initial : chosen).init(fanIn, fanOut, shape, 'c', view);
        }

        long length() {
            long length = 1;
            for (long size : shape) {
                length *= size;
            }
            return length;
        }
    }

    private final Map<String, Parameter> learned = new LinkedHashMap<>();
    private final Map<String, Parameter> statistics = new LinkedHashMap<>();
    private final List<String> norms = new ArrayList<>();

    /** A weight that starts as PyTorch's linear layers do: uniform within 1 / sqrt(fanIn). */
    ParameterSpec weight(String name, long fanIn, long fanOut, long... shape) {
        return add(new Parameter(name, Role.WEIGHT, new WeightInitUniform(), fanIn, fanOut, shape));
    }

    /** A convolution that starts normal with variance 2 / fanOut (He et al., 1502.01852, fan-out form). */
    ParameterSpec heNormal(String name, long fanOut, long... shape) {
        return add(new Parameter(name, Role.WEIGHT, new WeightInitRelu(), fanOut, fanOut, shape));
    }

    /** A weight that starts normal with variance 2 / fanIn (He et al., 1502.01852; PyTorch's and Caffe's usual form). */
    ParameterSpec heNormalFanIn(String name, long fanIn, long fanOut, long... shape) {
        return add(new Parameter(name, Role.WEIGHT, new WeightInitRelu(), fanIn, fanOut, shape));
    }

    /** A weight that starts normal with that deviation. */
    ParameterSpec normal(String name, double deviation, long fanIn, long fanOut, long... shape) {
        IWeightInit initial = new WeightInitDistribution(new NormalDistribution(0, deviation));
        return add(new Parameter(name, Role.WEIGHT, initial, fanIn, fanOut, shape));
    }

    /** A bias that starts at zero. */
    ParameterSpec bias(String name, long length) {
        return constant(name, Role.BIAS, 0, length);
    }

    /** A bias that starts as those of PyTorch's layers do: uniform within 1 / sqrt(fanIn) of the layer. */
    ParameterSpec uniformBias(String name, long fanIn, long length) {
        return add(new Parameter(name, Role.BIAS, new WeightInitUniform(), fanIn, fanIn, length));
    }

    /** A weight that starts at zero. */
    ParameterSpec zeroWeight(String name, long fanIn, long fanOut, long... shape) {
        return add(new Parameter(name, Role.WEIGHT, new WeightInitConstant(0), fanIn, fanOut, shape));
    }

    /** A learned factor that starts at {@code value}, regularised as a weight. */
    ParameterSpec factor(String name, double value, long length) {
        return constant(name, Role.FACTOR, value, length);
    }

    /** A learned factor that starts at {@code value} and is never regularised. */
    ParameterSpec scale(String name, double value, long length) {
        return constant(name, Role.SCALE, value, length);
    }

    /** A learned shift that starts at zero and is never regularised. */
    ParameterSpec shift(String name, long length) {
        return constant(name, Role.SHIFT, 0, length);
    }

    /** The BatchNorm of a block that has one: gamma (which starts at {@code scale}), beta, mean and var. */
    ParameterSpec batchNorm(long channels, double scale) {
        return batchNorm(BatchNorm.ONLY, channels, scale);
    }

    /** One BatchNorm of several: normGamma (which starts at {@code scale}), normBeta, normMean and normVar. */
    ParameterSpec batchNorm(String norm, long channels, double scale) {
        norms.add(norm);
        constant(BatchNorm.name(norm, BatchNorm.GAMMA), Role.SCALE, scale, channels);
        constant(BatchNorm.name(norm, BatchNorm.BETA), Role.SHIFT, 0, channels);
        constant(BatchNorm.name(norm, BatchNorm.MEAN), Role.MEAN, 0, channels);
        return constant(BatchNorm.name(norm, BatchNorm.VARIANCE), Role.VARIANCE, 1, channels);
    }

    /** The names of the BatchNorms. */
    List<String> norms() {
        return norms;
    }

    private ParameterSpec constant(String name, Role role, double value, long length) {
        return add(new Parameter(name, role, new WeightInitConstant(value), 0, 0, length));
    }

    private ParameterSpec add(Parameter parameter) {
        (parameter.role.isStatistic() ? statistics : learned).put(parameter.name, parameter);
        return this;
    }

    List<Parameter> learned() {
        return new ArrayList<>(learned.values());
    }

    List<Parameter> statistics() {
        return new ArrayList<>(statistics.values());
    }

    List<Parameter> all() {
        List<Parameter> all = learned();
        all.addAll(statistics.values());
        return all;
    }

    Parameter get(String name) {
        Parameter parameter = learned.containsKey(name) ? learned.get(name) : statistics.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("unknown parameter " + name + "; this block has " + names(all()));
        }
        return parameter;
    }

    static List<String> names(List<Parameter> parameters) {
        List<String> names = new ArrayList<>();
        parameters.forEach(p -> names.add(p.name));
        return names;
    }

    static long length(List<Parameter> parameters) {
        return parameters.stream().mapToLong(Parameter::length).sum();
    }
}
