package io.github.squeeze4j.models;

/** The stem and the residual blocks that ResNet and ResNeXt have in common; {@link ResNet} documents the layer names. */
final class ResidualBlocks {
    static final int BOTTLENECK_EXPANSION = 4;

    private static final int WIDTH_UNIT = 64;

    private final NetworkGraph graph;
    private final ConvolutionInit init;
    private final boolean bottlenecks;
    private final BottleneckStride bottleneckStride;
    private final int groups;
    private final int baseWidth;
    private final StemPooling stemPooling;
    /** Reduction and fewest hidden channels of selective kernels, or null for plain convolutions. */
    private int[] kernels;

    private boolean reluBeforeAttention;

    private ResidualBlocks(
            NetworkGraph graph,
            ConvolutionInit init,
            boolean bottlenecks,
            BottleneckStride bottleneckStride,
            int groups,
            int baseWidth,
            StemPooling stemPooling) {
        this.graph = graph;
        this.init = init;
        this.bottlenecks = bottlenecks;
        this.bottleneckStride = bottleneckStride;
        this.groups = groups;
        this.baseWidth = baseWidth;
        this.stemPooling = stemPooling;
    }

    /** Two 3x3 convolutions. */
    static ResidualBlocks basic(NetworkGraph graph, ConvolutionInit init, StemPooling stemPooling) {
        return new ResidualBlocks(graph, init, false, null, 1, WIDTH_UNIT, stemPooling);
    }

    /** 1x1, 3x3 and an expanding 1x1. */
    static ResidualBlocks bottlenecks(
            NetworkGraph graph, ConvolutionInit init, BottleneckStride stride, StemPooling stemPooling) {
        return new ResidualBlocks(graph, init, true, stride, 1, WIDTH_UNIT, stemPooling);
    }

    /** Bottlenecks with a 3x3 of {@code groups} groups, each {@code baseWidth} wide where the block's width is 64. */
    static ResidualBlocks grouped(
            NetworkGraph graph, ConvolutionInit init, int groups, int baseWidth, StemPooling stemPooling) {
        return new ResidualBlocks(graph, init, true, BottleneckStride.MIDDLE_3X3, groups, baseWidth, stemPooling);
    }

    /** Selective kernels in place of the first 3x3 convolution of each block; null for none. */
    ResidualBlocks selectiveKernels(int[] reductionAndMinimum) {
        kernels = reductionAndMinimum;
        return this;
    }

    /** A ReLU between the last BatchNorm of two 3x3 convolutions and the attention. */
    ResidualBlocks reluBeforeAttention(boolean relu) {
        reluBeforeAttention = relu;
        return this;
    }

    /** 3x3 for small images; 7x7 and max pooling, together a quarter of the size, for others. */
    Feature stem(int width, boolean small) {
        Feature map = graph.convolution("stem.conv", graph.input(), width, small ? 3 : 7, small ? 1 : 2, init);
        map = graph.relu("stem.relu", graph.batchNormalization("stem.bn", map));
        return small ? map : graph.maxPooling("stem.pool", map, stemPooling.window());
    }

    /** The width doubles and the size halves with each stage after the first. */
    Feature stages(Feature in, int width, int... blocks) {
        Feature map = in;
        for (int stage = 1; stage <= blocks.length; stage++) {
            for (int block = 1; block <= blocks[stage - 1]; block++) {
                int stride = stage > 1 && block == 1 ? 2 : 1;
                map = block(map, width << (stage - 1), stride, stage, block);
            }
        }
        return map;
    }

    private Feature block(Feature in, int width, int stride, int stage, int block) {
        String prefix = "stage" + stage + ".block" + block + ".";
        Feature branch = bottlenecks ? bottleneck(prefix, in, width, stride) : basic(prefix, in, width, stride);
        Feature shortcut = in;
        if (stride != 1 || in.channels != branch.channels) {
            shortcut = graph.convolution(prefix + "shortcut.conv", in, branch.channels, 1, stride, init);
            shortcut = graph.batchNormalization(prefix + "shortcut.bn", shortcut);
        }
        branch = graph.attention(prefix + "attention", branch, stage, block, in.channels);
        branch = graph.stochasticDepth(prefix + "drop", branch);
        return graph.feature(graph.relu(prefix + "relu", graph.add(prefix + "add", branch, shortcut)));
    }

    private Feature basic(String prefix, Feature in, int width, int stride) {
        Feature map = first3x3(prefix, 1, in, width, stride);
        map = graph.convolution(prefix + "conv2", map, width, 3, 1, init);
        map = graph.lastBatchNormalization(prefix + "bn2", map);
        return reluBeforeAttention ? graph.relu(prefix + "relu2", map) : map;
    }

    private Feature bottleneck(String prefix, Feature in, int width, int stride) {
        boolean first = bottleneckStride == BottleneckStride.FIRST_1X1;
        int inner = width * baseWidth / WIDTH_UNIT * groups;
        Feature map = graph.convolution(prefix + "conv1", in, inner, 1, first ? stride : 1, init);
        map = graph.relu(prefix + "relu1", graph.batchNormalization(prefix + "bn1", map));
        map = first3x3(prefix, 2, map, inner, first ? 1 : stride);
        map = graph.convolution(prefix + "conv3", map, width * BOTTLENECK_EXPANSION, 1, 1, init);
        return graph.lastBatchNormalization(prefix + "bn3", map);
    }

    private Feature first3x3(String prefix, int number, Feature in, int out, int stride) {
        if (kernels != null) {
            return graph.selectiveKernel(prefix + "conv" + number, in, out, stride, groups, kernels[0], kernels[1]);
        }
        Feature map = graph.convolution(prefix + "conv" + number, in, out, 3, stride, groups, init);
        return graph.relu(prefix + "relu" + number, graph.batchNormalization(prefix + "bn" + number, map));
    }
}
