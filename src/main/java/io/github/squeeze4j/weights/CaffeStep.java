package io.github.squeeze4j.weights;

import java.util.Arrays;
import java.util.List;

/** One layer of a Caffe network: the shape that it makes, what DL4J has for it, and the blobs that it has learned. */
abstract class CaffeStep {
    /** A blob that a layer has learned, and the parameter that holds it here. */
    static final class Learned {
        final long[] shape;
        /** Null for a blob that only divides others. */
        final String vertex;

        final String parameter;
        /** Whether the blob is [outputs, inputs, ...] where the parameter is [inputs, outputs]. */
        final boolean transposed;
        /** The layer's blob whose one number divides this one; -1 for none. */
        final int divisor;

        private Learned(long[] shape, String vertex, String parameter, boolean transposed, int divisor) {
            this.shape = shape;
            this.vertex = vertex;
            this.parameter = parameter;
            this.transposed = transposed;
            this.divisor = divisor;
        }

        Learned(long[] shape, String vertex, String parameter) {
            this(shape, vertex, parameter, false, -1);
        }

        static Learned divisor() {
            return new Learned(new long[] {1}, null, null);
        }

        Learned transposed(boolean isSo) {
            return new Learned(shape, vertex, parameter, isSo, divisor);
        }

        Learned dividedBy(int blob) {
            return new Learned(shape, vertex, parameter, transposed, blob);
        }
    }

    /** Elements of an example, and sizes. */
    private static final int MOST = Integer.MAX_VALUE;

    final CaffeLayer layer;
    final List<CaffeBlob> inputs;
    CaffeBlob output;
    /** Whether another layer's vertex does its work. */
    boolean isMerged;

    CaffeStep(CaffeLayer layer, List<CaffeBlob> inputs) {
        this.layer = layer;
        this.inputs = inputs;
    }

    /** The step of a layer; its options and inputs are checked. */
    static CaffeStep of(CaffeLayer layer, List<CaffeBlob> inputs) {
        switch (layer.type) {
            case "Axpy":
                return new CaffeScaling(layer, inputs, true);
            case "BatchNorm":
                return new CaffeBatchNorm(layer, inputs);
            case "Concat":
                return new CaffeConcat(layer, inputs);
            case "Convolution":
                return new CaffeConvolution(layer, inputs);
            case "Dropout":
            case "ReLU":
            case "Sigmoid":
                return new CaffeElementwise(layer, inputs);
            case "InnerProduct":
                return new CaffeInnerProduct(layer, inputs);
            case "Pooling":
                return new CaffePooling(layer, inputs);
            case "Reshape":
                return new CaffeReshape(layer, inputs);
            case "Scale":
                return inputs.size() == 2
                        ? new CaffeScaling(layer, inputs, false)
                        : new CaffeChannelScale(layer, inputs);
            case "Softmax":
                return new CaffeSoftmax(layer, inputs);
            default:
                throw layer.wrong(
                        "type (" + WeightsException.name(layer.type)
                                + ") must be one of Axpy, BatchNorm, Concat, Convolution, Dropout, InnerProduct, Input, Pooling,"
                                + " ReLU, Reshape, Scale, Sigmoid, Softmax; leave the layer out if it does not matter at inference");
        }
    }

    /** Of the output, [N, ...]: the input's where a layer says nothing else. */
    long[] shape() {
        return input().shape;
    }

    /** Whether it may write over its first input. */
    boolean mayBeInPlace() {
        return false;
    }

    /** Takes over layers that are one vertex with this one, once all layers are known. */
    void merge() {}

    /** Adds what computes the output, and defines it. */
    abstract void add(CaffeGraph graph);

    /** Its blobs, once its vertex is known. */
    List<Learned> learned() {
        return List.of();
    }

    CaffeBlob input() {
        return inputs.get(0);
    }

    void requireInputs(int count) {
        if (inputs.size() != count) {
            throw layer.wrong("bottoms (" + inputs.size() + ") must be " + count);
        }
    }

    void requireMap() {
        if (!input().isMap()) {
            throw layer.wrong("bottom (" + input().name + ", of shape " + Arrays.toString(input().shape)
                    + ") must be a map, [N, C, H, W]");
        }
    }

    /** An axis of the input, where negative ones count from the end. */
    int axis(TextMessage options, int otherwise) {
        int rank = input().shape.length;
        int axis = options.number("axis", otherwise, -rank, rank - 1);
        return axis < 0 ? axis + rank : axis;
    }

    void requireAxisOfChannels(TextMessage options) {
        int axis = axis(options, 1);
        if (axis != 1) {
            throw layer.wrong("axis (" + axis + ") must be 1, that of the channels");
        }
    }

    /** Shapes stay within what arrays can hold. */
    final void requireSane(long... shape) {
        double length = 1;
        for (long size : shape) {
            length *= size;
            if (size < 1 || length > MOST) {
                throw layer.wrong("top of shape " + Arrays.toString(shape)
                        + " must have sizes from 1 and less than 2^31 elements; change the layer or the input");
            }
        }
    }
}
