package io.github.squeeze4j.models.families;

import io.github.squeeze4j.blocks.Eca;
import io.github.squeeze4j.blocks.SimAm;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.ResidualBlock;
import io.github.squeeze4j.models.internal.graph.Window;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

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
 * <p>Names: {@code resnet18}, {@code 34}, {@code 50}, {@code 101}, {@code 152}, {@code 20}, {@code 32}, {@code 44}, {@code 56} and
 * {@code 110}, those of the CIFAR form also with {@code _cifar} behind, alone and behind {@code se_}, {@code salient_}, {@code
 * spse_}, {@code rgse_} and {@code cbam_}. {@code se_resnet50}, {@code 101} and {@code 152} have the SENet authors' form
 * (hujie-frank/SENet): the stride in the first 1x1 convolution, ceil-mode pooling, biases in the blocks; the other {@code se_}
 * networks moskomule/senet.pytorch's, without biases. What the papers of later blocks report: {@code eca_} with the ImageNet form,
 * kernels by stage as BangguWu/ECANet published them (3, 5, 7, 7 for 18; 3, 5, 5, 7 for 50; 3, 3, 5, 7 for 34, 101 and 152);
 * {@code simam_} with 18 to 101, lambda 0.1 as in ZjjConan/SimAM; {@code ge_} with 50 and 101; {@code ese_resnet50}, {@code
 * gc_resnet50}.
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
public final class ResNet implements Family {
    private static final Map<Integer, int[]> BLOCKS = new TreeMap<>(Map.of(
            18, new int[] {2, 2, 2, 2},
            34, new int[] {3, 4, 6, 3},
            50, new int[] {3, 4, 6, 3},
            101, new int[] {3, 4, 23, 3},
            152, new int[] {3, 8, 36, 3},
            20, new int[] {3, 3, 3},
            32, new int[] {5, 5, 5},
            44, new int[] {7, 7, 7},
            56, new int[] {9, 9, 9},
            110, new int[] {18, 18, 18}));
    private static final String DEPTHS = depths(false) + " (ImageNet form) or " + depths(true) + " (CIFAR form)";
    private static final int FIRST_DEPTH_WITH_BOTTLENECKS = 50;

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public ResNet() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        Names names = new Names();
        for (int depth : BLOCKS.keySet()) {
            names.withBlocks("resnet" + depth, () -> builder().depth(depth)).add("se_resnet" + depth, () -> se(depth));
        }
        put(names, "eca", kernels(3, 5, 7, 7), 18);
        put(names, "eca", kernels(3, 5, 5, 7), 50);
        put(names, "eca", kernels(3, 3, 5, 7), 34, 101, 152);
        put(names, "simam", Attention.of(SimAm.builder().lambda(0.1).build()), 18, 34, 50, 101);
        put(names, "ge", Attention.named("ge"), 50, 101);
        put(names, "ese", Attention.named("ese"), 50);
        put(names, "gc", Attention.named("gc"), 50);
        return names.all();
    }

    @Override
    public Map<String, String> aliases() {
        Map<String, String> aliases = new HashMap<>();
        for (String name : networks().keySet()) {
            if (isCifar(Integer.parseInt(name.replaceFirst(".*resnet", "")))) {
                aliases.put(name + "_cifar", name);
            }
        }
        return aliases;
    }

    private static void put(Names names, String block, Attention attention, int... depths) {
        for (int depth : depths) {
            names.add(block, attention, "resnet" + depth, () -> builder().depth(depth));
        }
    }

    private static Attention kernels(int... byStage) {
        return site -> Eca.builder().kernel(byStage[site.stage() - 1]).build();
    }

    private static Builder se(int depth) {
        Builder builder = builder().depth(depth);
        return hasBottlenecks(depth)
                ? builder.attention(Attention.named("se"))
                        .bottleneckStride(BottleneckStride.FIRST_1X1)
                        .stemPooling(StemPooling.CEIL_MODE)
                : builder.attention(
                        Attention.of(SqueezeExcitation.builder().biases(false).build()));
    }

    /**
     * Starts a description.
     *
     * @return a builder that still needs a depth
     */
    public static Builder builder() {
        return new Builder();
    }

    private static boolean isCifar(int depth) {
        return BLOCKS.get(depth).length == 3;
    }

    private static boolean hasBottlenecks(int depth) {
        return !isCifar(depth) && depth >= FIRST_DEPTH_WITH_BOTTLENECKS;
    }

    private static List<Integer> depths(boolean cifar) {
        return BLOCKS.keySet().stream().filter(depth -> isCifar(depth) == cifar).collect(Collectors.toList());
    }

    /** 3x3 for small images; 7x7 and max pooling, together a quarter of the size, for others. */
    static Feature stem(NetworkGraph graph, ConvolutionInit init, int width, boolean small, StemPooling pooling) {
        Window window = small ? Window.of(3) : Window.of(7).stride(2);
        Feature map = graph.unit("stem.", "", graph.input(), width, window, 1, init);
        return small ? map : graph.maxPooling("stem.pool", map, pooling.window());
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
            if (!BLOCKS.containsKey(depth)) {
                throw new IllegalArgumentException("depth (" + depth + ") must be one of " + DEPTHS);
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

        @Override
        protected int defaultClasses() {
            return isCifar(depth) ? 10 : 1000;
        }

        @Override
        protected int defaultSize() {
            return isCifar(depth) ? 32 : 224;
        }

        @Override
        protected void check() {
            if (depth == 0) {
                throw new IllegalArgumentException("depth (not set) must be one of " + DEPTHS + "; use depth(50)");
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
        }

        @Override
        protected void layers(NetworkGraph graph) {
            boolean cifar = isCifar(depth);
            int width = cifar ? 16 : 64;
            BottleneckStride stride = bottleneckStride == null ? DEFAULT_BOTTLENECK_STRIDE : bottleneckStride;
            ConvolutionInit init = cifar ? ConvolutionInit.HE_FAN_IN : ConvolutionInit.HE_FAN_OUT;
            ResidualBlock residual = new ResidualBlock(graph, init)
                    .strideInFirst(stride == BottleneckStride.FIRST_1X1)
                    .selectiveKernels(kernels)
                    .reluBeforeAttention(reluBeforeAttention);
            Feature map = stem(graph, init, width, cifar, stemPooling == null ? DEFAULT_STEM_POOLING : stemPooling);
            map = graph.stages(map, BLOCKS.get(depth), (in, stage, block) -> {
                int planes = width << (stage - 1);
                return (hasBottlenecks(depth)
                                ? residual.bottleneck(planes, planes, 4 * planes)
                                : residual.basic(planes))
                        .add(in, stage > 1 && block == 1 ? 2 : 1, stage, block);
            });
            graph.classifier(graph.globalAveragePooling("pool", map));
        }
    }
}
