package io.github.squeeze4j.models;

/**
 * MobileNet (V1): depthwise separable convolutions, with or without attention after each.
 *
 * <pre>
 * y = attention(relu(bn(1x1(relu(bn(depthwise 3x3(x)))))))
 * </pre>
 *
 * <p>A 3x3 stem of stride 2 and 32 channels, thirteen separable convolutions in five stages, global average pooling, 1000
 * classes, 224x224.
 *
 * <p>Layer names: {@code stem.conv}, {@code stem.bn}, {@code stem.relu}; for each {@code stageS.blockB.}, counted from 1:
 * {@code depthwise.conv}, {@code depthwise.bn}, {@code depthwise.relu}; {@code pointwise.conv}, {@code pointwise.bn}, {@code
 * pointwise.relu}; {@code attention}; then {@code pool} and {@code classifier}. A stage ends where the map is halved.
 *
 * <p>Convolutions start normal with variance 2/fan, the fan counted over the outputs; the rest starts as in {@link ResNet}.
 *
 * <p>Howard et al., MobileNets, 1704.04861, table 1; the SE- and Salient-MobileNets of 1709.01507 and AmigoCDT/Salient-Net are
 * of this version. The activation is the paper's ReLU; timm's {@code mobilenetv1_100} takes ReLU6.
 *
 * <pre>{@code
 * ComputationGraph graph = MobileNetV1.builder().width(0.5).attention(Attention.named("se")).build().init();
 * }</pre>
 */
public final class MobileNetV1 extends Network {
    /** Channels, blocks and stride of each stage. */
    private static final int[][] STAGES = {{64, 1, 1}, {128, 2, 2}, {256, 2, 2}, {512, 6, 2}, {1024, 2, 2}};

    private static final int STEM = 32;
    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_OUT;

    private final double width;

    private MobileNetV1(Builder builder) {
        super(builder, 1000, 224, 0);
        width = builder.width;
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
    int residualBlocks() {
        return 0;
    }

    @Override
    void layers(NetworkGraph graph) {
        Feature map = graph.unit(
                "stem.",
                "",
                graph.input(),
                Widths.rounded(STEM * width),
                Window.of(3).stride(2),
                1,
                INIT);
        for (int stage = 1; stage <= STAGES.length; stage++) {
            int[] row = STAGES[stage - 1];
            for (int block = 1; block <= row[1]; block++) {
                String prefix = "stage" + stage + ".block" + block + ".";
                int in = map.channels;
                map = graph.unit(
                        prefix + "depthwise.", "", map, in, Window.of(3).stride(block == 1 ? row[2] : 1), in, INIT);
                map = graph.unit(prefix + "pointwise.", "", map, Widths.rounded(row[0] * width), Window.of(1), 1, INIT);
                map = graph.feature(graph.attention(prefix + "attention", map, stage, block, in));
            }
        }
        graph.classifier(graph.globalAveragePooling("pool", map));
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        /** Default {@link #width}. */
        public static final double DEFAULT_WIDTH = 1;

        private double width = DEFAULT_WIDTH;

        private Builder() {}

        /**
         * Multiplies the channels of every convolution, which are then rounded to multiples of 8: the paper's 1, 0.75, 0.5 and
         * 0.25 need no rounding.
         *
         * @param width a positive number; default 1
         * @return this
         */
        public Builder width(double width) {
            this.width = Checks.positive("width", width, "use width(1)");
            return this;
        }

        @Override
        public MobileNetV1 build() {
            return (MobileNetV1) super.build();
        }

        @Override
        Network describe() {
            return new MobileNetV1(this);
        }
    }
}
