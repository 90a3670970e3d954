package io.github.squeeze4j.weights;

import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.graph.MergeVertex;

/** The channels of several blobs, one after another. */
final class CaffeConcat extends CaffeStep {
    /** DL4J takes very long for hundreds of thousands. */
    private static final int MOST_INPUTS = 256;

    CaffeConcat(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs);
        if (inputs.isEmpty() || inputs.size() > MOST_INPUTS) {
            throw layer.wrong("bottoms (" + inputs.size() + ") must be from 1 to " + MOST_INPUTS
                    + "; concatenate in several steps");
        }
        TextMessage options = layer.options("concat_param");
        if (options.has("concat_dim")) {
            options.number("concat_dim", 1, 1, 1);
        }
        requireAxisOfChannels(options);
        options.requireAllKnown();
        for (CaffeBlob other : inputs) {
            long[] expected = input().shape.clone();
            if (other.shape.length == expected.length) {
                expected[1] = other.channels();
            }
            if (!Arrays.equals(expected, other.shape)) {
                throw layer.wrong("bottom (" + other.name + ", of shape " + Arrays.toString(other.shape)
                        + ") must be like the first, of shape " + Arrays.toString(input().shape)
                        + ", but for its channels; change kernels or padding before");
            }
        }
    }

    @Override
    long[] shape() {
        long[] shape = input().shape.clone();
        shape[1] = inputs.stream().mapToLong(CaffeBlob::channels).sum();
        return shape;
    }

    @Override
    void add(CaffeGraph graph) {
        if (inputs.size() == 1) {
            graph.defineAs(output, input());
            return;
        }
        boolean isVector = inputs.stream().allMatch(graph::isVector);
        String[] from = inputs.stream()
                .map(blob -> isVector ? graph.vertex(blob) : graph.map(blob))
                .toArray(String[]::new);
        graph.define(output, graph.vertex(layer.name, new MergeVertex(), from), isVector);
    }
}
