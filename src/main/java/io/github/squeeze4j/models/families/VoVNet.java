package io.github.squeeze4j.models.families;

import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.Window;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * VoVNet: blocks that concatenate what all of their convolutions give, once, at their end; VoVNetV2 has effective
 * Squeeze-and-Excitation and residual additions.
 *
 * <pre>
 * y = [x +] attention(1x1(concatenate(x, f1, ..., f5))),   f1 = 3x3(x), f2 = 3x3(f1), ..., each with BatchNorm and ReLU
 * </pre>
 *
 * <p>A stem of three 3x3 convolutions (64, 64 and 128 channels) that quarters the map, four stages of 256, 512, 768 and 1024
 * channels, all but the first behind a max pooling that rounds sizes up; global average pooling, 1000 classes, 224x224. Depth 39 has
 * 1, 1, 2 and 2 blocks, 57 has 1, 1, 4 and 3, 99 has 1, 3, 9 and 3. The attention, effective SE unless set otherwise, stands in
 * the last block of each stage; the input is added in all but the first of each stage.
 *
 * <p>Layer names: {@code stem.conv1}, {@code stem.bn1}, {@code stem.relu1} to {@code stem.relu3}; {@code stageS.pool}; for each
 * {@code stageS.blockB.}: {@code conv1}, {@code bn1}, {@code relu1} to {@code relu5}, {@code concat}, {@code aggregate.conv},
 * {@code aggregate.bn}, {@code aggregate.relu}, {@code attention}, {@code add}; {@code pool} and {@code classifier}.
 *
 * <p>Convolutions start normal with variance 2/fan, the fan counted over the outputs; the rest starts as in {@link ResNet}.
 *
 * <p>Lee et al., An Energy and GPU-Computation Efficient Backbone Network, 1904.09730, table 1; Lee and Park, CenterMask,
 * 1911.06667, section 3.3; timm's {@code vovnet39a}, {@code vovnet57a} and {@code ese_vovnet39b}, {@code 57b}, {@code 99b}.
 *
 * <p>Names: {@code vovnet39}, {@code vovnet57} (the first paper's); {@code ese_vovnet39}, {@code ese_vovnet57}, {@code
 * ese_vovnet99}.
 *
 * <pre>{@code
 * ComputationGraph graph = VoVNet.builder().depth(39).classes(100).build().init();
 * }</pre>
 */
public final class VoVNet implements Family {
    private static final Map<Integer, int[]> BLOCKS =
            new TreeMap<>(Map.of(39, new int[] {1, 1, 2, 2}, 57, new int[] {1, 1, 4, 3}, 99, new int[] {1, 3, 9, 3}));
    private static final int[] STEM = {64, 64, 128};
    private static final int[] INNER = {128, 160, 192, 224};
    private static final int[] WIDTHS = {256, 512, 768, 1024};
    private static final int CONVOLUTIONS = 5;
    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_OUT;
    private static final Window HALVING_POOL =
            Window.of(3).stride(2).withoutPadding().roundedUp();

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public VoVNet() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        Names names = new Names();
        BLOCKS.keySet()
                .forEach(
                        depth -> names.add("ese_vovnet" + depth, () -> builder().depth(depth)));
        for (int depth : new int[] {39, 57}) {
            names.add(
                    "vovnet" + depth,
                    () -> builder().depth(depth).residual(false).attention(Attention.none()));
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

    private static Feature block(NetworkGraph graph, Feature in, boolean adds, boolean last, int stage, int block) {
        String prefix = NetworkGraph.prefix(stage, block);
        Feature[] maps = new Feature[CONVOLUTIONS + 1];
        maps[0] = in;
        for (int i = 1; i <= CONVOLUTIONS; i++) {
            maps[i] = graph.unit(prefix, "" + i, maps[i - 1], INNER[stage - 1], Window.of(3), 1, INIT);
        }
        Feature map = graph.concatenate(prefix + "concat", maps);
        map = graph.unit(prefix + "aggregate.", "", map, WIDTHS[stage - 1], Window.of(1), 1, INIT);
        map = last ? graph.attention(prefix + "attention", map, stage, block, in.channels) : map;
        return graph.feature(adds ? graph.add(prefix + "add", graph.stochasticDepth(prefix + "drop", map), in) : map);
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        private int depth;
        private boolean residual = true;

        private Builder() {
            attention(Attention.named("ese"));
        }

        /**
         * Number of layers with weights, which names the network. Required.
         *
         * @param depth 39, 57 or 99
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
         * Whether blocks add their input, which the first paper's do not.
         *
         * @param residual default true
         * @return this
         */
        public Builder residual(boolean residual) {
            this.residual = residual;
            return this;
        }

        @Override
        protected void check() {
            if (depth == 0) {
                throw new IllegalArgumentException(
                        "depth (not set) must be one of " + BLOCKS.keySet() + "; use depth(39)");
            }
        }

        @Override
        protected void layers(NetworkGraph graph) {
            Feature stem = graph.input();
            for (int i = 1; i <= STEM.length; i++) {
                stem = graph.unit(
                        "stem.", "" + i, stem, STEM[i - 1], Window.of(3).stride(i == 2 ? 1 : 2), 1, INIT);
            }
            int[] blocks = BLOCKS.get(depth);
            Feature map = graph.stages(stem, blocks, (in, stage, block) -> {
                boolean first = block == 1;
                Feature begin = first && stage > 1 ? graph.maxPooling("stage" + stage + ".pool", in, HALVING_POOL) : in;
                return block(graph, begin, residual && !first, block == blocks[stage - 1], stage, block);
            });
            graph.classifier(graph.globalAveragePooling("pool", map));
        }
    }
}
