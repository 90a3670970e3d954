package io.github.squeeze4j.models;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.nd4j.linalg.activations.Activation;

/**
 * MobileNetV2: inverted residuals with linear bottlenecks, with or without attention.
 *
 * <pre>
 * y = [x +] project(attention(relu6(depthwise(relu6(expand(x))))))
 * </pre>
 *
 * <p>A 3x3 stem of stride 2 and 32 channels, seven stages of inverted residuals, a 1x1 convolution to 1280 channels, 1000
 * classes, 224x224. Blocks of the first stage do not expand, all others sixfold; the input is added where size and channels
 * stay. Attention stands on the expanded map, before the projection, where MobileNetV3 has it, or with {@code
 * attentionPlace(AttentionPlace.PROJECTED)} behind the projection, where the authors of ECA have theirs.
 *
 * <p>Layer names: {@code stem.conv}, {@code stem.bn}, {@code stem.relu}; for each {@code stageS.blockB.}, counted from 1:
 * {@code expand.conv}, {@code expand.bn}, {@code expand.relu} (not in stage 1); {@code depthwise.conv}, {@code depthwise.bn},
 * {@code depthwise.relu}; {@code attention}; {@code project.conv}, {@code project.bn} (then {@code attention} if it stands
 * there); {@code add} where something is added;
 * then {@code head.conv}, {@code head.bn}, {@code head.relu}, {@code pool} and {@code classifier}.
 *
 * <p>As in torchvision: convolutions start normal with variance 2/fan, the fan counted over the outputs; gamma 1, beta 0; the
 * classifier's weights normal with deviation 0.01, its biases 0; dropout 0.2 before the classifier.
 *
 * <p>Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 1801.04381, table 2.
 *
 * <pre>{@code
 * ComputationGraph graph =
 *         MobileNetV2.builder().width(0.5).attention(Attention.named("se")).build().init();
 * }</pre>
 */
public final class MobileNetV2 extends Network {
    /** Where the attention of a block stands. */
    public enum AttentionPlace {
        /** On the expanded map, between the depthwise convolution and the projection. */
        EXPANDED,
        /** On the projected map, behind its BatchNorm and before the input is added. */
        PROJECTED
    }

    /** Expansion, channels, blocks and stride of each stage. */
    private static final int[][] STAGES = {
        {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
    };

    private static final int STEM = 32;
    private static final int HEAD = 1280;
    private static final double CLASSIFIER_DEVIATION = 0.01;

    private final double width;
    private final AttentionPlace place;

    private MobileNetV2(Builder builder) {
        super(builder, 1000, 224, Builder.DEFAULT_DROPOUT);
        width = builder.width;
        place = builder.place;
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
        InvertedResidual residual = new InvertedResidual(graph, ConvolutionInit.HE_FAN_OUT)
                .activation(Activation.RELU6.getActivationFunction())
                .attentionBehind(place == AttentionPlace.PROJECTED);
        Feature map = residual.unit("stem.", graph.input(), Widths.rounded(STEM * width), 3, 2, 1);
        for (int stage = 1; stage <= STAGES.length; stage++) {
            int[] row = STAGES[stage - 1];
            for (int block = 1; block <= row[2]; block++) {
                map = residual.window(3, block == 1 ? row[3] : 1)
                        .widths(map.channels * row[0], Widths.rounded(row[1] * width))
                        .add(map, stage, block);
            }
        }
        map = residual.unit("head.", map, Widths.rounded(HEAD * Math.max(1, width)), 1, 1, 1);
        graph.classifier(graph.globalAveragePooling("pool", map), new NormalDistribution(0, CLASSIFIER_DEVIATION));
    }

    /** Those that add their input: all but the first of each stage. */
    @Override
    int residualBlocks() {
        return Arrays.stream(STAGES).mapToInt(row -> row[2] - 1).sum();
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        /** Default {@link #width}. */
        public static final double DEFAULT_WIDTH = 1;

        /** Default {@code dropout}. */
        public static final double DEFAULT_DROPOUT = 0.2;

        private double width = DEFAULT_WIDTH;
        private AttentionPlace place = AttentionPlace.EXPANDED;

        private Builder() {}

        /**
         * Multiplies the channels of every convolution, which are then rounded to multiples of 8; the head's are never
         * fewer than 1280.
         *
         * @param width a positive number; default 1
         * @return this
         */
        public Builder width(double width) {
            this.width = Checks.positive("width", width, "use width(1)");
            return this;
        }

        /**
         * Where the attention of a block stands.
         *
         * @param place default {@link AttentionPlace#EXPANDED}
         * @return this
         */
        public Builder attentionPlace(AttentionPlace place) {
            this.place = Checks.notNull("attentionPlace", place, "use AttentionPlace.EXPANDED");
            return this;
        }

        @Override
        public MobileNetV2 build() {
            return (MobileNetV2) super.build();
        }

        @Override
        Network describe() {
            return new MobileNetV2(this);
        }
    }
}
