package io.github.squeeze4j.models.internal.graph;

import org.nd4j.linalg.activations.IActivation;

/**
 * The block of MobileNetV2, V3 and EfficientNet: expand, depthwise convolution, attention, project, and the input added where
 * size and channels stay. Without expansion the first convolution is left out.
 */
public final class InvertedResidual {
    private final NetworkGraph graph;
    private final ConvolutionInit init;
    private int kernel = 3;
    private int stride = 1;
    private int expanded;
    private int out;
    private boolean attention = true;
    private boolean attentionBehind;
    private boolean same;
    private IActivation activation;

    public InvertedResidual(NetworkGraph graph, ConvolutionInit init) {
        this.graph = graph;
        this.init = init;
    }

    public InvertedResidual window(int kernel, int stride) {
        this.kernel = kernel;
        this.stride = stride;
        return this;
    }

    public InvertedResidual widths(int expanded, int out) {
        this.expanded = expanded;
        this.out = out;
        return this;
    }

    public InvertedResidual attention(boolean attention) {
        this.attention = attention;
        return this;
    }

    /** The attention behind the projection's BatchNorm rather than before the projection. */
    public InvertedResidual attentionBehind(boolean behind) {
        attentionBehind = behind;
        return this;
    }

    /** Padding as TensorFlow's "same" mode has it. */
    public InvertedResidual samePadding() {
        same = true;
        return this;
    }

    public InvertedResidual activation(IActivation activation) {
        this.activation = activation;
        return this;
    }

    public Feature add(Feature in, int stage, int block) {
        String prefix = NetworkGraph.prefix(stage, block);
        Feature map = expanded == in.channels ? in : unit(prefix + "expand.", in, expanded, 1, 1, 1);
        map = unit(prefix + "depthwise.", map, expanded, kernel, stride, expanded);
        if (attention && !attentionBehind) {
            map = graph.attention(prefix + "attention", map, stage, block, in.channels);
        }
        map = graph.convolution(prefix + "project.conv", map, out, 1, 1, init);
        boolean adds = stride == 1 && in.channels == out;
        String norm = prefix + "project.bn";
        map = adds ? graph.lastBatchNormalization(norm, map) : graph.batchNormalization(norm, map);
        if (attention && attentionBehind) {
            map = graph.attention(prefix + "attention", map, stage, block, in.channels);
        }
        return graph.feature(adds ? graph.add(prefix + "add", graph.stochasticDepth(prefix + "drop", map), in) : map);
    }

    /** Convolution, BatchNorm and the activation, which is named relu whatever it is: one scheme for all networks. */
    public Feature unit(String prefix, Feature in, int out, int kernel, int stride, int groups) {
        Window window = Window.of(kernel).stride(stride);
        Feature map = graph.convolution(prefix + "conv", in, out, same ? window.same() : window, groups, init);
        return graph.activation(prefix + "relu", graph.batchNormalization(prefix + "bn", map), activation);
    }
}
