package io.github.squeeze4j.models.families;

import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.ResidualBlock;
import io.github.squeeze4j.models.internal.graph.Window;
import java.util.Map;
import java.util.function.Supplier;

/**
 * SENet-154, the network with which the SENet authors won ILSVRC 2017.
 *
 * <pre>
 * y = relu(shortcut(x) + attention(branch(x))),   branch = 1x1 to 2p, 3x3 to 4p in 64 groups, 1x1 to 4p
 * </pre>
 *
 * <p>Differs from {@link ResNeXt} of depth 152 in the stem of three 3x3 convolutions (64, 64 and 128 channels), the halved
 * first 1x1 convolution (2p channels, not 4p), 3x3 convolutions in the shortcuts of all stages but the first, and dropout
 * before the classifier. p = 64, 128, 256, 512 by stage; 3, 8, 36 and 3 blocks; 1000 classes, 224x224. The attention is
 * Squeeze-and-Excitation unless set otherwise.
 *
 * <p>Layer names: {@code stem.conv1}, {@code stem.bn1}, {@code stem.relu1} to {@code stem.relu3}, {@code stem.pool}; for each
 * {@code stageS.blockB.} those of {@link ResNet} with bottlenecks; {@code pool} and {@code classifier}. Weights
 * start as in {@link ResNeXt}.
 *
 * <p>Hu et al., Squeeze-and-Excitation Networks, 1709.01507, appendix; hujie-frank/SENet.
 *
 * <p>Name: {@code senet154}.
 *
 * <pre>{@code
 * ComputationGraph graph = SENet154.builder().classes(100).build().init();
 * }</pre>
 */
public final class SENet154 implements Family {
    private static final int GROUPS = 64;
    private static final int PLANES = 64;
    private static final int[] BLOCKS = {3, 8, 36, 3};
    private static final int[] STEM = {64, 64, 128};
    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_OUT;

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public SENet154() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        return Map.of("senet154", SENet154::builder);
    }

    /**
     * Starts a description.
     *
     * @return a builder that is ready to build
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        /** Default {@code dropout}. */
        public static final double DEFAULT_DROPOUT = 0.2;

        private StemPooling stemPooling = StemPooling.CEIL_MODE;

        private Builder() {
            attention(Attention.named("se"));
        }

        /**
         * How the pooling of the stem treats the borders.
         *
         * @param stemPooling default {@link StemPooling#CEIL_MODE}, as in the authors' prototxt
         * @return this
         */
        public Builder stemPooling(StemPooling stemPooling) {
            this.stemPooling = Checks.notNull("stemPooling", stemPooling, "use StemPooling.CEIL_MODE");
            return this;
        }

        @Override
        protected double defaultDropout() {
            return DEFAULT_DROPOUT;
        }

        @Override
        protected void layers(NetworkGraph graph) {
            Feature map = graph.input();
            for (int i = 1; i <= STEM.length; i++) {
                Window window = Window.of(3).stride(i == 1 ? 2 : 1);
                map = graph.unit("stem.", "" + i, map, STEM[i - 1], window, 1, INIT);
            }
            map = graph.maxPooling("stem.pool", map, stemPooling.window());
            ResidualBlock residual = new ResidualBlock(graph, INIT).groups(GROUPS);
            map = graph.stages(map, BLOCKS, (in, stage, block) -> {
                int planes = PLANES << (stage - 1);
                return residual.bottleneck(2 * planes, 4 * planes, 4 * planes)
                        .shortcutKernel(stage == 1 ? 1 : 3)
                        .add(in, stage > 1 && block == 1 ? 2 : 1, stage, block);
            });
            graph.classifier(graph.globalAveragePooling("pool", map));
        }
    }
}
