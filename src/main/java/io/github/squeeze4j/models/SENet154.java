package io.github.squeeze4j.models;

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
 * {@code stageS.blockB.} those of {@link ResNet} with bottlenecks; {@code pool} and {@code classifier}. The pooling of the
 * stem pads with a border where Caffe rounds up, which gives maps of the same size at 224x224. Weights start as in {@link
 * ResNeXt}.
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

    private final double dropout;

    private SENet154(Builder builder) {
        super(builder, 1000, 224);
        dropout = builder.dropout;
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
        map = graph.maxPooling("stem.pool", map, 3, 2);
        for (int stage = 1; stage <= BLOCKS.length; stage++) {
            for (int block = 1; block <= BLOCKS[stage - 1]; block++) {
                map = block(graph, map, PLANES << (stage - 1), stage, block);
            }
        }
        graph.classifier(graph.globalAveragePooling("pool", map), dropout);
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
        map = graph.batchNormalization(prefix + "bn3", map);
        Feature shortcut = in;
        if (block == 1) {
            shortcut = graph.convolution(prefix + "shortcut.conv", in, out, stage == 1 ? 1 : 3, stride, INIT);
            shortcut = graph.batchNormalization(prefix + "shortcut.bn", shortcut);
        }
        map = graph.attention(prefix + "attention", map, stage, block);
        return graph.relu(prefix + "relu", graph.add(prefix + "add", map, shortcut));
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        /** Default {@link #dropout}. */
        public static final double DEFAULT_DROPOUT = 0.2;

        private double dropout = DEFAULT_DROPOUT;

        private Builder() {
            attention(Attention.named("se"));
        }

        /**
         * Dropout before the classifier.
         *
         * @param dropout the probability to drop a value, from 0 to below 1; default 0.2
         * @return this
         */
        public Builder dropout(double dropout) {
            this.dropout = Checks.probability("dropout", dropout, "use dropout(0.2)");
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
