package io.github.squeeze4j.models;

import java.util.Arrays;

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
 * <pre>{@code
 * ComputationGraph graph = SENet154.builder().classes(100).build().init();
 * }</pre>
 */
public final class SENet154 extends Network {
    private static final int GROUPS = 64;
    private static final int PLANES = 64;
    private static final int[] BLOCKS = {3, 8, 36, 3};
    private static final int[] STEM = {64, 64, 128};
    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_OUT;

    private final StemPooling stemPooling;

    private SENet154(Builder builder) {
        super(builder, 1000, 224, Builder.DEFAULT_DROPOUT);
        stemPooling = builder.stemPooling;
    }

    /**
     * Starts a description.
     *
     * @return a builder that is ready to build
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    void layers(NetworkGraph graph) {
        Feature map = graph.input();
        for (int i = 1; i <= STEM.length; i++) {
            map = graph.convolution("stem.conv" + i, map, STEM[i - 1], 3, i == 1 ? 2 : 1, INIT);
            map = graph.relu("stem.relu" + i, graph.batchNormalization("stem.bn" + i, map));
        }
        map = graph.maxPooling("stem.pool", map, stemPooling.window());
        for (int stage = 1; stage <= BLOCKS.length; stage++) {
            for (int block = 1; block <= BLOCKS[stage - 1]; block++) {
                map = block(graph, map, PLANES << (stage - 1), stage, block);
            }
        }
        graph.classifier(graph.globalAveragePooling("pool", map));
    }

    @Override
    int residualBlocks() {
        return Arrays.stream(BLOCKS).sum();
    }

    private static Feature block(NetworkGraph graph, Feature in, int planes, int stage, int block) {
        String prefix = "stage" + stage + ".block" + block + ".";
        int stride = stage > 1 && block == 1 ? 2 : 1;
        int out = planes * ResidualBlocks.BOTTLENECK_EXPANSION;
        Feature map = graph.convolution(prefix + "conv1", in, 2 * planes, 1, 1, INIT);
        map = graph.relu(prefix + "relu1", graph.batchNormalization(prefix + "bn1", map));
        map = graph.convolution(prefix + "conv2", map, 4 * planes, 3, stride, GROUPS, INIT);
        map = graph.relu(prefix + "relu2", graph.batchNormalization(prefix + "bn2", map));
        map = graph.convolution(prefix + "conv3", map, out, 1, 1, INIT);
        map = graph.lastBatchNormalization(prefix + "bn3", map);
        Feature shortcut = in;
        if (block == 1) {
            shortcut = graph.convolution(prefix + "shortcut.conv", in, out, stage == 1 ? 1 : 3, stride, INIT);
            shortcut = graph.batchNormalization(prefix + "shortcut.bn", shortcut);
        }
        map = graph.attention(prefix + "attention", map, stage, block);
        map = graph.stochasticDepth(prefix + "drop", map);
        return graph.feature(graph.relu(prefix + "relu", graph.add(prefix + "add", map, shortcut)));
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
        public SENet154 build() {
            return (SENet154) super.build();
        }

        @Override
        Network describe() {
            return new SENet154(this);
        }
    }
}
