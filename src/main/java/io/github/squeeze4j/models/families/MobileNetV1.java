package io.github.squeeze4j.models.families;

import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.Widths;
import io.github.squeeze4j.models.internal.graph.Window;
import java.util.Map;
import java.util.function.Supplier;

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
 * <p>Names: {@code mobilenet_v1} alone and behind {@code se_}, {@code salient_}, {@code spse_}, {@code rgse_} and {@code cbam_};
 * {@code mobilenet_v1_075}, {@code _050} and {@code _025}.
 *
 * <pre>{@code
 * ComputationGraph graph = MobileNetV1.builder().width(0.5).attention(Attention.named("se")).build().init();
 * }</pre>
 */
public final class MobileNetV1 implements Family {
    private static final int[] WIDTHS = {64, 128, 256, 512, 1024};
    private static final int[] BLOCKS = {1, 2, 2, 6, 2};

    private static final int STEM = 32;
    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_OUT;

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public MobileNetV1() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        return new Names()
                .withBlocks("mobilenet_v1", MobileNetV1::builder)
                .add("mobilenet_v1_075", () -> builder().width(0.75))
                .add("mobilenet_v1_050", () -> builder().width(0.5))
                .add("mobilenet_v1_025", () -> builder().width(0.25))
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
        protected void layers(NetworkGraph graph) {
            Window halving = Window.of(3).stride(2);
            Feature stem = graph.unit("stem.", "", graph.input(), Widths.rounded(STEM * width), halving, 1, INIT);
            Feature map = graph.stages(stem, BLOCKS, (in, stage, block) -> {
                String prefix = NetworkGraph.prefix(stage, block);
                Window window = stage > 1 && block == 1 ? halving : Window.of(3);
                Feature deep = graph.unit(prefix + "depthwise.", "", in, in.channels, window, in.channels, INIT);
                int out = Widths.rounded(WIDTHS[stage - 1] * width);
                Feature wide = graph.unit(prefix + "pointwise.", "", deep, out, Window.of(1), 1, INIT);
                return graph.feature(graph.attention(prefix + "attention", wide, stage, block, in.channels));
            });
            graph.classifier(graph.globalAveragePooling("pool", map));
        }
    }
}
