package io.github.squeeze4j.models.families;

import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.ResidualBlock;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

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
 * <p>Names: {@code resnext50_32x4d}, {@code resnext101_32x4d}, {@code resnext101_32x8d}, {@code resnext29_8x64d_cifar}, alone and
 * behind {@code se_}, {@code salient_}, {@code spse_}, {@code rgse_} and {@code cbam_}; {@code se_resnext50_32x4d} and {@code
 * se_resnext101_32x4d} have the SENet authors' ceil-mode pooling.
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
public final class ResNeXt implements Family {
    private static final int CIFAR_DEPTH = 29;
    private static final int PLANES = 64;
    private static final Map<Integer, int[]> BLOCKS = new TreeMap<>(Map.of(
            CIFAR_DEPTH, new int[] {3, 3, 3}, 50, new int[] {3, 4, 6, 3}, 101, new int[] {3, 4, 23, 3}, 152, new int[] {
                3, 8, 36, 3
            }));

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public ResNeXt() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        Names names = new Names()
                .withBlocks("resnext50_32x4d", () -> builder().depth(50))
                .withBlocks("resnext101_32x4d", () -> builder().depth(101))
                .withBlocks("resnext101_32x8d", () -> builder().depth(101).baseWidth(8))
                .withBlocks("resnext29_8x64d_cifar", () -> builder().depth(CIFAR_DEPTH));
        for (int depth : new int[] {50, 101}) {
            names.add(
                    "se",
                    Attention.named("se"),
                    "resnext" + depth + "_32x4d",
                    () -> builder().depth(depth).stemPooling(StemPooling.CEIL_MODE));
        }
        return names.all();
    }

    /**
     * Starts a description.
     *
     * @return a builder that still needs a depth
     */
    public static Builder builder() {
        return new Builder();
    }

    private static int orDefault(int value, int defaultValue) {
        return value == 0 ? defaultValue : value;
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
        protected int defaultClasses() {
            return depth == CIFAR_DEPTH ? 10 : 1000;
        }

        @Override
        protected int defaultSize() {
            return depth == CIFAR_DEPTH ? 32 : 224;
        }

        @Override
        protected void check() {
            if (depth == 0) {
                throw new IllegalArgumentException(
                        "depth (not set) must be one of " + BLOCKS.keySet() + "; use depth(50)");
            }
            if (stemPooling != null && depth == CIFAR_DEPTH) {
                throw new IllegalArgumentException("stemPooling (" + stemPooling + ") must not be set for depth "
                        + depth + ", whose stem has no pooling; leave it out or use depth(50)");
            }
        }

        @Override
        protected void layers(NetworkGraph graph) {
            boolean cifar = depth == CIFAR_DEPTH;
            int cardinality = orDefault(groups, cifar ? DEFAULT_CIFAR_GROUPS : DEFAULT_GROUPS);
            int base = orDefault(baseWidth, cifar ? DEFAULT_CIFAR_BASE_WIDTH : DEFAULT_BASE_WIDTH);
            ConvolutionInit init = ConvolutionInit.HE_FAN_OUT;
            ResidualBlock residual = new ResidualBlock(graph, init).groups(cardinality);
            StemPooling pooling = stemPooling == null ? DEFAULT_STEM_POOLING : stemPooling;
            Feature map = ResNet.stem(graph, init, PLANES, cifar, pooling);
            map = graph.stages(map, BLOCKS.get(depth), (in, stage, block) -> {
                int planes = PLANES << (stage - 1);
                int inner = planes * base / PLANES * cardinality;
                return residual.bottleneck(inner, inner, 4 * planes)
                        .add(in, stage > 1 && block == 1 ? 2 : 1, stage, block);
            });
            graph.classifier(graph.globalAveragePooling("pool", map));
        }
    }
}
