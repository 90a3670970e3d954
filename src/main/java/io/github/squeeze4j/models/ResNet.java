package io.github.squeeze4j.models;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Residual networks, with or without attention before each addition.
 *
 * <pre>
 * y = relu(shortcut(x) + attention(branch(x)))
 * </pre>
 *
 * <p>Depths 18, 34, 50, 101 and 152 are the ImageNet form: 7x7 stem, max pooling, four stages of 64 to 512 channels
 * (four times as many with bottlenecks, from 50 on), 1000 classes, 224x224. Depths 20, 32, 44, 56 and 110 are the CIFAR
 * form: 3x3 stem, three stages of 16, 32 and 64 channels, 10 classes, 32x32. The depth alone decides; any image size
 * works with both. Where width or size changes, the shortcut is a 1x1 convolution and a BatchNorm.
 *
 * <p>With {@code selectiveKernels} the first 3x3 convolution of each block is a {@link
 * io.github.squeeze4j.blocks.SelectiveKernel} (Li et al., 1903.06586, in timm's form).
 *
 * <p>Layer names: {@code stem.conv}, {@code stem.bn}, {@code stem.relu}, {@code stem.pool} (ImageNet form); then for each
 * {@code stageS.blockB.}, counted from 1: {@code conv1}, {@code bn1}, {@code relu1}, {@code conv2}, {@code bn2}, with
 * bottlenecks {@code relu2}, {@code conv3}, {@code bn3}; {@code attention}; {@code shortcut.conv}, {@code shortcut.bn};
 * {@code add}; {@code relu}; at the end {@code pool} and {@code classifier}. Parameters are {@code W}, {@code gamma},
 * {@code beta}, {@code mean}, {@code var} and {@code b}, as in DL4J: {@code stage1.block1.conv1_W}.
 *
 * <p>Convolutions start normal with variance 2/fan, the fan counted over the outputs in the ImageNet form (torchvision)
 * and over the inputs in the CIFAR form (moskomule/senet.pytorch); gamma 1, beta 0; the classifier's weights uniform in
 * +-1/sqrt(inputs), its biases 0 (PyTorch draws them too).
 *
 * <p>He et al., Deep Residual Learning for Image Recognition, 1512.03385, sections 3 and 4.2; the CIFAR shortcut follows
 * moskomule/senet.pytorch, where the paper pads with zeros. Attention as in Hu et al., 1709.01507, figure 3.
 *
 * <pre>{@code
 * ComputationGraph graph = ResNet.builder()
 *         .depth(50)
 *         .attention(Attention.named("se"))
 *         .classes(100)
 *         .build()
 *         .init();
 * }</pre>
 */
public final class ResNet extends Network {
    private static final Map<Integer, int[]> IMAGENET_BLOCKS = new TreeMap<>(Map.of(
            18, new int[] {2, 2, 2, 2},
            34, new int[] {3, 4, 6, 3},
            50, new int[] {3, 4, 6, 3},
            101, new int[] {3, 4, 23, 3},
            152, new int[] {3, 8, 36, 3}));
    private static final List<Integer> CIFAR_DEPTHS = List.of(20, 32, 44, 56, 110);
    private static final int FIRST_DEPTH_WITH_BOTTLENECKS = 50;

    private final int depth;
    private final BottleneckStride bottleneckStride;
    private final StemPooling stemPooling;
    private final int[] kernels;
    private final boolean reluBeforeAttention;

    private ResNet(Builder builder) {
        super(builder, isCifar(builder.depth) ? 10 : 1000, isCifar(builder.depth) ? 32 : 224, 0);
        depth = builder.depth;
        bottleneckStride =
                builder.bottleneckStride == null ? Builder.DEFAULT_BOTTLENECK_STRIDE : builder.bottleneckStride;
        kernels = builder.kernels;
        reluBeforeAttention = builder.reluBeforeAttention;
        stemPooling = builder.stemPooling == null ? Builder.DEFAULT_STEM_POOLING : builder.stemPooling;
    }

    /**
     * Starts a description.
     *
     * @return a builder that still needs a depth
     */
    public static Builder builder() {
        return new Builder();
    }

    static boolean isCifar(int depth) {
        return CIFAR_DEPTHS.contains(depth);
    }

    static boolean hasBottlenecks(int depth) {
        return !isCifar(depth) && depth >= FIRST_DEPTH_WITH_BOTTLENECKS;
    }

    @Override
    void layers(NetworkGraph graph) {
        boolean cifar = isCifar(depth);
        int width = cifar ? 16 : 64;
        ConvolutionInit init = cifar ? ConvolutionInit.HE_FAN_IN : ConvolutionInit.HE_FAN_OUT;
        ResidualBlocks residual = hasBottlenecks(depth)
                ? ResidualBlocks.bottlenecks(graph, init, bottleneckStride, stemPooling)
                : ResidualBlocks.basic(graph, init, stemPooling);
        residual.selectiveKernels(kernels).reluBeforeAttention(reluBeforeAttention);
        Feature map = residual.stem(width, cifar);
        graph.classifier(graph.globalAveragePooling("pool", residual.stages(map, width, blocks())));
    }

    @Override
    int residualBlocks() {
        return Arrays.stream(blocks()).sum();
    }

    private int[] blocks() {
        return isCifar(depth) ? cifarBlocks(depth) : IMAGENET_BLOCKS.get(depth);
    }

    /** Two convolutions per block, three stages, a stem and a classifier. */
    private static int[] cifarBlocks(int depth) {
        int[] blocks = new int[3];
        Arrays.fill(blocks, (depth - 2) / 6);
        return blocks;
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        /** Default {@link #bottleneckStride}. */
        public static final BottleneckStride DEFAULT_BOTTLENECK_STRIDE = BottleneckStride.MIDDLE_3X3;

        /** Default {@link #stemPooling}. */
        public static final StemPooling DEFAULT_STEM_POOLING = StemPooling.PADDED;

        private int depth;
        private BottleneckStride bottleneckStride;
        private StemPooling stemPooling;
        private int[] kernels;
        private boolean reluBeforeAttention;

        private Builder() {}

        /**
         * Number of layers with weights, which names the network. Required.
         *
         * @param depth 18, 34, 50, 101 or 152 for the ImageNet form; 20, 32, 44, 56 or 110 for the CIFAR form
         * @return this
         */
        public Builder depth(int depth) {
            if (!IMAGENET_BLOCKS.containsKey(depth) && !isCifar(depth)) {
                throw new IllegalArgumentException("depth (" + depth + ") must be one of " + depths());
            }
            this.depth = depth;
            return this;
        }

        /**
         * Which convolution of a bottleneck block halves the map; for depths 50, 101 and 152 only.
         *
         * @param bottleneckStride default {@link BottleneckStride#MIDDLE_3X3}
         * @return this
         */
        public Builder bottleneckStride(BottleneckStride bottleneckStride) {
            this.bottleneckStride =
                    Checks.notNull("bottleneckStride", bottleneckStride, "use BottleneckStride.MIDDLE_3X3");
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

        /**
         * Selective kernels in place of the first 3x3 convolution of each block, its BatchNorm and its ReLU, under the convolution's
         * name: each of their two convolutions takes half of the channels. As timm's {@code skresnet18} and {@code skresnet34}
         * (reduction 8, at least 16) and {@code skresnet50} (16, 8).
         *
         * @param reduction channels that share one hidden channel, at least 1; default no selective kernels
         * @param minimumHidden the fewest hidden channels, at least 1
         * @return this
         * @see io.github.squeeze4j.blocks.SelectiveKernel
         */
        public Builder selectiveKernels(int reduction, int minimumHidden) {
            this.kernels = new int[] {
                Checks.positive("reduction", reduction, "use selectiveKernels(8, 16)"),
                Checks.positive("minimumHidden", minimumHidden, "use selectiveKernels(8, 16)")
            };
            return this;
        }

        /**
         * Whether blocks of two 3x3 convolutions have a ReLU, {@code relu2}, between their last BatchNorm and the attention, as
         * those of timm's {@code legacy_seresnet18} and {@code legacy_seresnet34}.
         *
         * @param reluBeforeAttention default false; for depths below 50 only
         * @return this
         */
        public Builder reluBeforeAttention(boolean reluBeforeAttention) {
            this.reluBeforeAttention = reluBeforeAttention;
            return this;
        }

        private static String depths() {
            return IMAGENET_BLOCKS.keySet() + " (ImageNet form) or " + CIFAR_DEPTHS + " (CIFAR form)";
        }

        @Override
        public ResNet build() {
            return (ResNet) super.build();
        }

        @Override
        Network describe() {
            if (depth == 0) {
                throw new IllegalArgumentException("depth (not set) must be one of " + depths() + "; use depth(50)");
            }
            if (bottleneckStride != null && !hasBottlenecks(depth)) {
                throw new IllegalArgumentException(
                        "bottleneckStride (" + bottleneckStride + ") must not be set for depth " + depth
                                + ", which has no bottlenecks; leave it out or use depth(50)");
            }
            if (reluBeforeAttention && hasBottlenecks(depth)) {
                throw new IllegalArgumentException("reluBeforeAttention (true) must not be set for depth " + depth
                        + ", which has bottlenecks; leave it out or use depth(18)");
            }
            if (stemPooling != null && isCifar(depth)) {
                throw new IllegalArgumentException("stemPooling (" + stemPooling + ") must not be set for depth "
                        + depth + ", whose stem has no pooling; leave it out or use depth(50)");
            }
            return new ResNet(this);
        }
    }
}
