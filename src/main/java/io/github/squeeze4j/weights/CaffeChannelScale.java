package io.github.squeeze4j.weights;

import io.github.squeeze4j.layers.GroupedConvolution;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.nd4j.linalg.activations.Activation;

/**
 * A learned factor for each channel, and perhaps a term. Behind a BatchNorm it is gamma and beta; alone a convolution of 1x1 in as
 * many groups as channels.
 */
final class CaffeChannelScale extends CaffeStep {
    private final boolean isBiased;
    private String vertex;
    private String factors = "W";
    private String terms = "b";

    CaffeChannelScale(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs);
        requireInputs(1);
        vertex = layer.name;
        TextMessage options = layer.options("scale_param");
        requireAxisOfChannels(options);
        options.number("num_axes", 1, 1, 1);
        isBiased = options.flag("bias_term", false);
        options.ignore("filler", "bias_filler");
        options.requireAllKnown();
    }

    @Override
    boolean mayBeInPlace() {
        return true;
    }

    /** It is the second half of a batch normalization. */
    void mergeInto(String normalization) {
        vertex = normalization;
        factors = "gamma";
        terms = "beta";
        isMerged = true;
    }

    @Override
    void add(CaffeGraph graph) {
        boolean isVector = graph.isVector(input());
        int channels = (int) input().channels();
        FeedForwardLayer made = isVector
                ? new ElementWiseMultiplicationLayer.Builder()
                        .nIn(channels)
                        .nOut(channels)
                        .activation(Activation.IDENTITY)
                        .build()
                : GroupedConvolution.builder()
                        .groups(channels)
                        .kernelSize(1, 1)
                        .nIn(channels)
                        .nOut(channels)
                        .hasBias(isBiased)
                        .activation(Activation.IDENTITY)
                        .build();
        graph.define(output, graph.layer(layer.name, made, graph.vertex(input())), isVector);
    }

    @Override
    List<Learned> learned() {
        long[] channels = {input().channels()};
        List<Learned> learned = new ArrayList<>();
        learned.add(new Learned(channels, vertex, factors));
        if (isBiased) {
            learned.add(new Learned(channels, vertex, terms));
        }
        return learned;
    }
}
