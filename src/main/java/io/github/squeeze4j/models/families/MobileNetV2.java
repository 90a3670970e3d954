package io.github.squeeze4j.models.families;

import io.github.squeeze4j.blocks.Eca;
import io.github.squeeze4j.blocks.SimAm;
import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.InvertedResidual;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.Widths;
import java.util.Map;
import java.util.function.Supplier;
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
 * <p>Names: {@code mobilenet_v2} alone and behind {@code se_}, {@code salient_}, {@code spse_}, {@code rgse_}, {@code cbam_},
 * {@code ca_}, {@code simam_} (lambda 0.1, as ZjjConan/SimAM) and {@code eca_} (behind the projection, kernel 1 below 96 channels
 * and 3 from there, as BangguWu/ECANet).
 *
 * <pre>{@code
 * ComputationGraph graph =
 *         MobileNetV2.builder().width(0.5).attention(Attention.named("se")).build().init();
 * }</pre>
 */
public final class MobileNetV2 implements Family {
    /** Where the attention of a block stands. */
    public enum AttentionPlace {
        /** On the expanded map, between the depthwise convolution and the projection. */
        EXPANDED,
        /** On the projected map, behind its BatchNorm and before the input is added. */
        PROJECTED
    }

    private static final int[] WIDTHS = {16, 24, 32, 64, 96, 160, 320};
    private static final int[] BLOCKS = {1, 2, 3, 4, 3, 3, 1};
    private static final int[] STRIDES = {1, 2, 2, 2, 1, 2, 1};
    private static final int EXPANSION = 6;

    private static final int STEM = 32;
    private static final int HEAD = 1280;
    private static final double CLASSIFIER_DEVIATION = 0.01;

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public MobileNetV2() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        return new Names()
                .withBlocks("mobilenet_v2", MobileNetV2::builder)
                .add("ca", Attention.named("ca"), "mobilenet_v2", MobileNetV2::builder)
                .add("simam", Attention.of(SimAm.builder().lambda(0.1).build()), "mobilenet_v2", MobileNetV2::builder)
                .add(
                        "eca_mobilenet_v2",
                        () -> builder()
                                .attentionPlace(AttentionPlace.PROJECTED)
                                .attention(site -> Eca.builder()
                                        .kernel(site.channels() < 96 ? 1 : 3)
                                        .build()))
                .all();
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
        protected double defaultDropout() {
            return DEFAULT_DROPOUT;
        }

        @Override
        protected void layers(NetworkGraph graph) {
            InvertedResidual residual = new InvertedResidual(graph, ConvolutionInit.HE_FAN_OUT)
                    .activation(Activation.RELU6.getActivationFunction())
                    .attentionBehind(place == AttentionPlace.PROJECTED);
            Feature stem = residual.unit("stem.", graph.input(), Widths.rounded(STEM * width), 3, 2, 1);
            Feature map = graph.stages(
                    stem,
                    BLOCKS,
                    (in, stage, block) -> residual.window(3, block == 1 ? STRIDES[stage - 1] : 1)
                            .widths(
                                    in.channels * (stage == 1 ? 1 : EXPANSION),
                                    Widths.rounded(WIDTHS[stage - 1] * width))
                            .add(in, stage, block));
            map = residual.unit("head.", map, Widths.rounded(HEAD * Math.max(1, width)), 1, 1, 1);
            graph.classifier(graph.globalAveragePooling("pool", map), new NormalDistribution(0, CLASSIFIER_DEVIATION));
        }
    }
}
