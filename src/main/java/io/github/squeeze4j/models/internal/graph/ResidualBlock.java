package io.github.squeeze4j.models.internal.graph;

/**
 * The block of ResNet and its kin: a branch of convolutions, attention, and the block's input added, through a 1x1 convolution and a
 * BatchNorm where its shape changes. {@code ResNet} documents the layer names.
 */
public final class ResidualBlock {
    private final NetworkGraph graph;
    private final ConvolutionInit init;
    private boolean bottleneck;
    private int first;
    private int inner;
    private int out;
    private int groups = 1;
    private int shortcutKernel = 1;
    private boolean strideInFirst;
    private boolean attentionInside;
    private boolean reluBeforeAttention;
    /** Reduction and fewest hidden channels of selective kernels, or null for plain convolutions. */
    private int[] kernels;

    public ResidualBlock(NetworkGraph graph, ConvolutionInit init) {
        this.graph = graph;
        this.init = init;
    }

    /** Two 3x3 convolutions. */
    public ResidualBlock basic(int width) {
        bottleneck = false;
        inner = width;
        out = width;
        return this;
    }

    /** 1x1, 3x3 and an expanding 1x1. */
    public ResidualBlock bottleneck(int first, int inner, int out) {
        bottleneck = true;
        this.first = first;
        this.inner = inner;
        this.out = out;
        return this;
    }

    /** Of the 3x3 of bottlenecks. */
    public ResidualBlock groups(int groups) {
        this.groups = groups;
        return this;
    }

    /** Of the shortcut's convolution, where there is one. */
    public ResidualBlock shortcutKernel(int kernel) {
        shortcutKernel = kernel;
        return this;
    }

    /** The stride in the first 1x1 of bottlenecks rather than in their 3x3. */
    public ResidualBlock strideInFirst(boolean first) {
        strideInFirst = first;
        return this;
    }

    /** The attention before the last 1x1 of bottlenecks rather than behind its BatchNorm. */
    public ResidualBlock attentionInside() {
        attentionInside = true;
        return this;
    }

    /** A ReLU between the last BatchNorm of two 3x3 convolutions and the attention. */
    public ResidualBlock reluBeforeAttention(boolean relu) {
        reluBeforeAttention = relu;
        return this;
    }

    /** Selective kernels in place of the first 3x3 convolution; null for none. */
    public ResidualBlock selectiveKernels(int[] reductionAndMinimum) {
        kernels = reductionAndMinimum;
        return this;
    }

    /** Lays the block out. */
    public Feature add(Feature in, int stride, int stage, int block) {
        String prefix = NetworkGraph.prefix(stage, block);
        Feature branch = bottleneck ? bottleneck(prefix, in, stride, stage, block) : basic(prefix, in, stride);
        Feature shortcut = in;
        if (stride != 1 || in.channels != out) {
            shortcut = graph.convolution(prefix + "shortcut.conv", in, out, shortcutKernel, stride, init);
            shortcut = graph.batchNormalization(prefix + "shortcut.bn", shortcut);
        }
        if (!attentionInside) {
            branch = graph.attention(prefix + "attention", branch, stage, block, in.channels);
        }
        branch = graph.stochasticDepth(prefix + "drop", branch);
        return graph.feature(graph.relu(prefix + "relu", graph.add(prefix + "add", branch, shortcut)));
    }

    private Feature basic(String prefix, Feature in, int stride) {
        Feature map = first3x3(prefix, 1, in, stride);
        map = graph.convolution(prefix + "conv2", map, out, 3, 1, init);
        map = graph.lastBatchNormalization(prefix + "bn2", map);
        return reluBeforeAttention ? graph.relu(prefix + "relu2", map) : map;
    }

    private Feature bottleneck(String prefix, Feature in, int stride, int stage, int block) {
        Window one = Window.of(1).stride(strideInFirst ? stride : 1);
        Feature map = graph.unit(prefix, "1", in, first, one, 1, init);
        map = first3x3(prefix, 2, map, strideInFirst ? 1 : stride);
        if (attentionInside) {
            map = graph.attention(prefix + "attention", map, stage, block, in.channels);
        }
        map = graph.convolution(prefix + "conv3", map, out, 1, 1, init);
        return graph.lastBatchNormalization(prefix + "bn3", map);
    }

    private Feature first3x3(String prefix, int number, Feature in, int stride) {
        if (kernels != null) {
            return graph.selectiveKernel(prefix + "conv" + number, in, inner, stride, groups, kernels[0], kernels[1]);
        }
        return graph.unit(prefix, "" + number, in, inner, Window.of(3).stride(stride), groups, init);
    }
}
