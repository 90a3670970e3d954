package io.github.squeeze4j.models.families;

import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.InvertedResidual;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.activations.Activation;

/**
 * EfficientNet-Lite 0 to 4: EfficientNet for small devices, without Squeeze-and-Excitation and with ReLU6.
 *
 * <pre>
 * y = [x +] project([attention](relu6(depthwise(relu6(expand(x))))))
 * </pre>
 *
 * <p>The stages of {@link EfficientNet}. Lite0 has its widths and depths; Lite1 to Lite4 multiply widths by 1, 1.1, 1.2 and 1.4 and
 * depths by 1.1, 1.2, 1.4 and 1.8, but for the stem (32 channels), the head (1280) and the depth of the first and the last
 * stage. Image sizes are 224, 240, 260, 280 and 300, dropout 0.2, 0.2, 0.3, 0.3 and 0.3. There is no attention unless set
 * otherwise; it stands on the expanded map, before the projection.
 *
 * <p>Layer names are those of {@link MobileNetV2}. Blocks of the first stage have no {@code expand}. Convolutions are padded as
 * TensorFlow's "same" mode pads: an odd row or column of zeros lies behind the map ({@code ConvolutionMode.Same}). BatchNorm:
 * epsilon 1e-3.
 *
 * <p>Parameters start as in {@link EfficientNet}.
 *
 * <p>tensorflow/tpu, models/official/efficientnet/lite; Tan and Le, EfficientNet, 1905.11946. The weights of timm's
 * {@code tf_efficientnet_lite0} to {@code 4} and of {@code efficientnet_lite_pytorch} fit; timm's {@code efficientnet_lite0}, which
 * is padded evenly and has another epsilon, is another network.
 *
 * <p>Names: {@code efficientnet_lite0} to {@code efficientnet_lite4}.
 *
 * <pre>{@code
 * ComputationGraph graph = EfficientNetLite.lite(0).weights(Path.of("tf_efficientnet_lite0.safetensors")).build().init();
 * }</pre>
 */
public final class EfficientNetLite implements Family {
    private static final double[] WIDTHS = {1, 1, 1.1, 1.2, 1.4};
    private static final double[] DEPTHS = {1, 1.1, 1.2, 1.4, 1.8};
    private static final int[] SIZES = {224, 240, 260, 280, 300};
    private static final double[] DROPOUTS = {0.2, 0.2, 0.3, 0.3, 0.3};
    private static final int STEM = 32;
    private static final int HEAD = 1280;
    private static final double EPSILON = 1e-3;

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public EfficientNetLite() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        Names names = new Names();
        for (int variant = 0; variant < SIZES.length; variant++) {
            int lite = variant;
            names.add("efficientnet_lite" + lite, () -> lite(lite));
        }
        return names.all();
    }

    /**
     * Starts a description.
     *
     * @param variant 0 to 4
     * @return a builder that is ready to build
     */
    public static Builder lite(int variant) {
        return new Builder(variant);
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        private final int variant;

        private Builder(int variant) {
            this.variant = Checks.variant(variant, SIZES.length, "use EfficientNetLite.lite(0)");
        }

        @Override
        protected int defaultSize() {
            return SIZES[variant];
        }

        @Override
        protected double defaultDropout() {
            return DROPOUTS[variant];
        }

        @Override
        protected double batchNormEpsilon() {
            return EPSILON;
        }

        @Override
        protected void layers(NetworkGraph graph) {
            EfficientNet.layers(
                    graph,
                    new InvertedResidual(graph, ConvolutionInit.HE_FAN_OUT_OF_GROUP)
                            .activation(Activation.RELU6.getActivationFunction())
                            .samePadding(),
                    STEM,
                    WIDTHS[variant],
                    EfficientNet.blocks(DEPTHS[variant], false),
                    HEAD);
        }
    }
}
