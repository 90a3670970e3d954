package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Sampling;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.IdentityHashMap;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDIndex;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A graph as a SameDiff graph: any data type and device, and gradients. It is written for what the gradients of ND4J 1.0.0-M2.1
 * can do, and not for speed.
 */
public final class SameDiffCode {
    private static final String BATCH_MEAN = "batchMean";
    private static final String BATCH_VARIANCE = "batchVariance";

    private final SameDiff sd;
    private final Map<Value, SDVariable> variables = new IdentityHashMap<>();

    /**
     * Adds a graph to a SameDiff graph.
     *
     * @param sd where to add it
     * @param graph what to compute
     * @param leaves variables of its inputs and parameters, by name
     */
    public SameDiffCode(SameDiff sd, Graph graph, Map<String, SDVariable> leaves) {
        this.sd = sd;
        for (Value value : graph.values()) {
            variables.put(
                    value, value.op().family() == Op.Family.LEAF ? leaves.get(value.text("name")) : variable(value));
        }
    }

    /**
     * The variable of a value.
     *
     * @param value one of the graph's
     * @return its variable
     */
    public SDVariable of(Value value) {
        return variables.get(value);
    }

    /**
     * The name of the variable that holds a batch's mean, of a normalization by the batch's statistics.
     *
     * @param norm the normalization's name
     * @return [C]
     */
    public static String batchMean(String norm) {
        return norm + BATCH_MEAN;
    }

    /**
     * The name of the variable that holds a batch's variance, which is biased.
     *
     * @param norm the normalization's name
     * @return [C]
     */
    public static String batchVariance(String norm) {
        return norm + BATCH_VARIANCE;
    }

    private SDVariable variable(Value value) {
        SDVariable x = of(value.input(0));
        switch (value.op().family()) {
            case UNARY:
                return unary(value, x);
            case BINARY:
                return binary(value, x, of(value.input(1)));
            case REDUCTION:
                return reduction(value, x);
            default:
                return other(value, x);
        }
    }

    // ---- functions -------------------------------------------------------------------------------------------------

    private SDVariable unary(Value value, SDVariable x) {
        switch (value.op()) {
            case RELU:
                return sd.nn().relu(x, 0);
            case RELU6:
                return sd.nn().relu6(x, 0);
            case LEAKY_RELU:
                return sd.nn().leakyRelu(x, 0.01);
            case ELU:
                return sd.nn().elu(x);
            case SELU:
                return sd.nn().selu(x);
            case SWISH:
                return x.mul(sd.nn().sigmoid(x)); // the derivative of ND4J's swish overflows
            case MISH:
                return sd.nn().tanh(sd.nn().softplus(x)).mul(x);
            case TANH:
                return sd.nn().tanh(x);
            case SIGMOID:
                return sd.nn().sigmoid(x);
            case HARD_SIGMOID:
                return sd.math().clipByValue(x.add(3).div(6), 0, 1);
            case HARD_SWISH:
                return x.mul(sd.math().clipByValue(x.add(3).div(6), 0, 1));
            case SQRT:
                return sd.math().sqrt(x);
            case ABS:
                return sd.math().abs(x);
            case EXP:
                return sd.math().exp(x);
            case LOG:
                return sd.math().log(x);
            case IS_ZERO:
                return x.eq(0).castTo(value.type().dataType());
            case CAST:
                return x.castTo(value.type().dataType());
            case AFFINE:
                return affine(x, value.number("alpha"), value.number("beta"));
            default:
                throw unknown(value);
        }
    }

    private static SDVariable affine(SDVariable x, double alpha, double beta) {
        SDVariable scaled = alpha == 1 ? x : x.mul(alpha);
        return beta == 0 ? scaled : scaled.add(beta);
    }

    private SDVariable binary(Value value, SDVariable a, SDVariable b) {
        switch (value.op()) {
            case ADD:
                return a.add(b);
            case SUBTRACT:
                return a.sub(b);
            case MULTIPLY:
                return a.mul(b);
            case DIVIDE:
                return a.div(b);
            case MAXIMUM:
                SDVariable share = sd.math().sign(a.sub(b)).mul(0.5).add(0.5);
                return a.mul(share).add(b.mul(share.rsub(1)));
            default:
                throw unknown(value);
        }
    }

    private SDVariable reduction(Value value, SDVariable x) {
        int[] axes = value.integers("axes");
        int groups = value.integer("groups", 1);
        if (groups > 1) {
            TensorType in = value.input(0).type();
            long positions = in.size(2) * in.size(3);
            SDVariable grouped = sd.reshape(x, -1, groups, in.size(1) / groups, positions);
            return reshaped(grouped.mean(2), value);
        }
        switch (value.op()) {
            case MEAN:
                return sd.mean(x, true, axes);
            case SUM:
                return sd.sum(x, true, axes);
            case MAX:
                return sd.max(x, true, axes);
            default:
                throw unknown(value);
        }
    }

    // ---- everything else -------------------------------------------------------------------------------------------

    private SDVariable other(Value value, SDVariable x) {
        TensorType in = value.input(0).type();
        switch (value.op()) {
            case SOFTMAX:
                return reshaped(sd.nn().softmax(sd.reshape(x, -1, in.size(1), in.size(2) * in.size(3)), 2), value);
            case WEIGHTED_SUM:
                return sd.sum(x.mul(sd.reshape(of(value.input(1)), 1, in.size(1), in.size(2), in.size(3))), true, 2, 3);
            case DENSE:
                return dense(value, x);
            case CONVOLUTION:
                return convolution(value, x);
            case AVERAGE_POOL:
            case ADAPTIVE_POOL:
            case RESIZE:
                return sampled(value, x);
            case BATCH_NORMALIZATION:
                return normalized(value, x);
            case RESHAPE:
                return reshaped(x, value);
            case CONCAT:
                SDVariable[] parts = value.inputs().stream().map(this::of).toArray(SDVariable[]::new);
                return sd.concat(value.integer("axis", 0), parts);
            case SLICE:
                return slice(value, x);
            case REPEAT:
                int times = value.integer("times", 1);
                SDVariable rows = sd.reshape(x, -1, in.size(1), 1, in.size(2) * in.size(3));
                return reshaped(sd.tile(rows, 1, 1, times, 1), value);
            default:
                throw unknown(value);
        }
    }

    private SDVariable reshaped(SDVariable x, Value value) {
        return sd.reshape(x, value.type().shape()); // the batch's size is -1 in both languages
    }

    private static SDVariable slice(Value value, SDVariable x) {
        SDIndex[] indices = new SDIndex[value.type().rank()];
        for (int i = 0; i < indices.length; i++) {
            long from = value.integer("from", 0);
            indices[i] = i == value.integer("axis", 0)
                    ? SDIndex.interval(from, from + value.integer("size", 0))
                    : SDIndex.all();
        }
        return x.get(indices);
    }

    private SDVariable dense(Value value, SDVariable x) {
        TensorType in = value.input(0).type();
        SDVariable weights = of(value.input(1));
        SDVariable bias = value.inputs().size() > 2 ? of(value.input(2)) : null;
        long inputs = in.size(1);
        long outputs = value.type().size(1);
        if (in.size(2) * in.size(3) == 1) {
            SDVariable rows = sd.reshape(x, -1, inputs).mmul(weights);
            return reshaped(bias == null ? rows : rows.add(bias), value);
        }
        if (outputs == 1) {
            SDVariable sum = sd.sum(x.mul(sd.reshape(weights, 1, inputs, 1, 1)), true, 1);
            return bias == null ? sum : sum.add(sd.reshape(bias, 1, 1, 1, 1));
        }
        SDVariable rows = sd.reshape(sd.permute(x, 0, 2, 3, 1), -1, inputs).mmul(weights);
        SDVariable biased = bias == null ? rows : rows.add(bias);
        return sd.permute(sd.reshape(biased, -1, in.size(2), in.size(3), outputs), 0, 3, 1, 2);
    }

    private SDVariable convolution(Value value, SDVariable x) {
        long[] shape = value.input(1).type().shape();
        DataType type = value.type().dataType();
        int[] dilation = value.integers("dilation");
        int groups = value.integer("groups", 1);
        long height = 1 + dilation[0] * (shape[2] - 1);
        long width = 1 + dilation[1] * (shape[3] - 1);
        SDVariable full = of(value.input(1));
        if (dilation[0] > 1 || dilation[1] > 1) {
            // zeros between the elements: not every build of ND4J takes dilation
            SDVariable elements = sd.reshape(full, shape[0] * shape[1], shape[2] * shape[3]);
            SDVariable places = spreading(shape, dilation, height, width, type);
            full = sd.reshape(elements.mmul(places), shape[0], shape[1], height, width);
        }
        if (groups > 1) {
            // zeros between the groups
            full = sd.tile(full, 1, groups, 1, 1).mul(membership(shape[0], shape[1], groups, type));
        }
        int[] stride = value.integers("stride");
        int[] padding = value.integers("padding");
        Conv2DConfig geometry = Conv2DConfig.builder()
                .kH(height)
                .kW(width)
                .sH(stride[0])
                .sW(stride[1])
                .pH(padding[0])
                .pW(padding[1])
                .build();
        // the gradient of conv2d fails with weights in PyTorch's order
        SDVariable ordered = full.permute(2, 3, 1, 0);
        return value.inputs().size() > 2
                ? sd.cnn().conv2d(x, ordered, of(value.input(2)), geometry)
                : sd.cnn().conv2d(x, ordered, geometry);
    }

    /** [kH * kW, height * width]: where each element of a kernel goes. */
    private SDVariable spreading(long[] kernel, int[] dilation, long height, long width, DataType type) {
        INDArray places = Nd4j.zeros(type, kernel[2] * kernel[3], height * width);
        for (long i = 0; i < kernel[2] * kernel[3]; i++) {
            places.putScalar(i, i / kernel[3] * dilation[0] * width + i % kernel[3] * dilation[1], 1);
        }
        return sd.constant(places);
    }

    /** [out, in, 1, 1]: 1 where an input is of the output's group, else 0. */
    private SDVariable membership(long outputs, long inputsOfGroup, int groups, DataType type) {
        INDArray members = Nd4j.zeros(type, outputs, inputsOfGroup * groups);
        for (long o = 0; o < outputs; o++) {
            long first = o / (outputs / groups) * inputsOfGroup;
            for (long i = first; i < first + inputsOfGroup; i++) {
                members.putScalar(o, i, 1);
            }
        }
        return sd.constant(members.reshape('c', outputs, inputsOfGroup * groups, 1, 1));
    }

    /** down * x * across', for each example and channel. */
    private SDVariable sampled(Value value, SDVariable x) {
        long channels = value.type().size(1);
        long height = value.input(0).type().size(2);
        long width = value.input(0).type().size(3);
        long newHeight = value.type().size(2);
        long newWidth = value.type().size(3);
        SDVariable wide = sd.reshape(x, -1, width).mmul(transposed(value, 3));
        SDVariable turned = sd.permute(sd.reshape(wide, -1, channels, height, newWidth), 0, 1, 3, 2);
        SDVariable high = sd.reshape(turned, -1, height).mmul(transposed(value, 2));
        return sd.permute(sd.reshape(high, -1, channels, newWidth, newHeight), 0, 1, 3, 2);
    }

    private SDVariable transposed(Value value, int axis) {
        INDArray matrix = Nd4j.createFromArray(Sampling.matrix(value, axis));
        return sd.constant(matrix.castTo(value.type().dataType()).transpose().dup('c'));
    }

    private SDVariable normalized(Value value, SDVariable x) {
        String norm = value.text("norm");
        SDVariable mean;
        SDVariable variance;
        if (value.flag("batch")) {
            mean = sd.mean(batchMean(norm), x, 0, 2, 3);
            SDVariable centered = x.sub(perChannel(mean));
            variance = sd.mean(batchVariance(norm), centered.mul(centered), 0, 2, 3);
        } else {
            mean = of(value.input(3));
            variance = of(value.input(4));
        }
        SDVariable deviation = sd.math().sqrt(variance.add(value.number("epsilon")));
        SDVariable normalized = x.sub(perChannel(mean)).div(perChannel(deviation));
        return normalized.mul(perChannel(of(value.input(1)))).add(perChannel(of(value.input(2))));
    }

    private SDVariable perChannel(SDVariable numbers) {
        return sd.reshape(numbers, 1, -1, 1, 1);
    }

    private static IllegalStateException unknown(Value value) {
        return new IllegalStateException("there is no SameDiff form of " + value.op());
    }
}
