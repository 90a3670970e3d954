package io.github.squeeze4j.models;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Residual networks whose bottlenecks compute their 3x3 convolution in groups, with or without attention before each
 * addition.
 *
 * <pre>
 * y = relu(shortcut(x) + attention(branch(x))),   branch = 1x1 to w, 3x3 in groups, 1x1 to 4 * planes
 * w = floor(planes * baseWidth / 64) * groups,    planes = 64, 128, 256, 512 by stage
 * </pre>
 *
 * <p>Depths 50, 101 and 152 are the ImageNet form (7x7 stem, max pooling, four stages, 32 groups of base width 4, 1000
 * classes, 224x224), depth 29 the CIFAR form (3x3 stem, three stages of three blocks, 8 groups of base width 64, 10 classes,
 * 32x32). Groups and base width can be set with each. The stride stands in the 3x3 convolution, as in torchvision and in the
 * SENet authors' SE-ResNeXt.
 *
 * <p>Layer names are those of {@link ResNet} with bottlenecks; {@code conv2} is a {@link
 * io.github.squeeze4j.layers.GroupedConvolution}. Convolutions start normal with variance 2/fan, the fan counted over the
 * outputs; the rest starts as in {@link ResNet}.
 *
 * <p>Xie et al., Aggregated Residual Transformations for Deep Neural Networks, 1611.05431, tables 1 and 7. Attention as in
 * Hu et al., 1709.01507.
 *
 * <pre>{@code
 * ComputationGraph graph = ResNeXt.builder()
 *         .depth(50)
 *         .attention(Attention.named("se"))
 *         .classes(100)
 *         .build()
 *         .init();
 * }</pre>
 */
public final class ResNeXt extends Network {
    private static final int CIFAR_DEPTH = 29;
    private static final int PLANES = 64;
    private static final Map<Integer, int[]> BLOCKS = new TreeMap<>(Map.of(
            CIFAR_DEPTH, new int[] {3, 3, 3}, 50, new int[] {3, 4, 6, 3}, 101, new int[] {3, 4, 23, 3}, 152, new int[] {
                3, 8, 36, 3
            }));

    private final int depth;
    private final int groups;
    private final int baseWidth;
    private final StemPooling stemPooling;

    private ResNeXt(Builder builder) {
        super(builder, builder.depth == CIFAR_DEPTH ? 10 : 1000, builder.depth == CIFAR_DEPTH ? 32 : 224, 0);
        boolean cifar = builder.depth == CIFAR_DEPTH;
        depth = builder.depth;
        stemPooling = builder.stemPooling == null ? Builder.DEFAULT_STEM_POOLING : builder.stemPooling;
        groups = orDefault(builder.groups, cifar ? Builder.DEFAULT_CIFAR_GROUPS : Builder.DEFAULT_GROUPS);
        baseWidth = orDefault(builder.baseWidth, cifar ? Builder.DEFAULT_CIFAR_BASE_WIDTH : Builder.DEFAULT_BASE_WIDTH);
    }

    private static int orDefault(int value, int defaultValue) {
        return value == 0 ? defaultValue : value;
    }

    /**
     * Starts a description.
     *
     * @return a builder that still needs a depth
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    void layers(NetworkGraph graph) {
        ResidualBlocks residual =
                ResidualBlocks.grouped(graph, ConvolutionInit.HE_FAN_OUT, groups, baseWidth, stemPooling);
        Feature map = residual.stem(PLANES, depth == CIFAR_DEPTH);
        graph.classifier(graph.globalAveragePooling("pool", residual.stages(map, PLANES, BLOCKS.get(depth))));
    }

    @Override
    int residualBlocks() {
        return Arrays.stream(BLOCKS.get(depth)).sum();
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        /** Default {@link #groups} of the ImageNet form. */
        public static final int DEFAULT_GROUPS = 32;

        /** Default {@link #baseWidth} of the ImageNet form. */
        public static final int DEFAULT_BASE_WIDTH = 4;

        /** Default {@link #groups} of the CIFAR form. */
        public static final int DEFAULT_CIFAR_GROUPS = 8;

        /** Default {@link #baseWidth} of the CIFAR form. */
        public static final int DEFAULT_CIFAR_BASE_WIDTH = 64;

        /** Default {@link #stemPooling}. */
        public static final StemPooling DEFAULT_STEM_POOLING = StemPooling.PADDED;

        private int depth;
        private int groups;
        private int baseWidth;
        private StemPooling stemPooling;

        private Builder() {}

        /**
         * Number of layers with weights, which names the network. Required.
         *
         * @param depth 50, 101 or 152 for the ImageNet form; 29 for the CIFAR form
         * @return this
         */
        public Builder depth(int depth) {
            if (!BLOCKS.containsKey(depth)) {
                throw new IllegalArgumentException("depth (" + depth + ") must be one of " + BLOCKS.keySet());
            }
            this.depth = depth;
            return this;
        }

        /**
         * Groups of each 3x3 convolution, which the paper calls cardinality: the 32 of 32x4d.
         *
         * @param groups default 32; 8 with depth 29
         * @return this
         */
        public Builder groups(int groups) {
            this.groups = Checks.positive("groups", groups, "use groups(32)");
            return this;
        }

        /**
         * Channels of one group in the first stage: the 4 of 32x4d.
         *
         * @param baseWidth default 4; 64 with depth 29
         * @return this
         */
        public Builder baseWidth(int baseWidth) {
            this.baseWidth = Checks.positive("baseWidth", baseWidth, "use baseWidth(4)");
            return this;
        }

        /**
         * How the pooling of the stem treats the borders; for the ImageNet form only.
         *
         * @param stemPooling default {@link StemPooling#PADDED}
         * @return this
         */
        public Builder stemPooling(StemPooling stemPooling) {
            this.stemPooling = Checks.notNull("stemPooling", stemPooling, "use StemPooling.PADDED");
            return this;
        }

        @Override
        public ResNeXt build() {
            return (ResNeXt) super.build();
        }

        @Override
        Network describe() {
            if (depth == 0) {
                throw new IllegalArgumentException(
                        "depth (not set) must be one of " + BLOCKS.keySet() + "; use depth(50)");
            }
            if (stemPooling != null && depth == CIFAR_DEPTH) {
                throw new IllegalArgumentException("stemPooling (" + stemPooling + ") must not be set for depth "
                        + depth + ", whose stem has no pooling; leave it out or use depth(50)");
            }
            return new ResNeXt(this);
        }
    }
}
