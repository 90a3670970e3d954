package io.github.squeeze4j.models.families;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.InvertedResidual;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.Widths;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
import org.nd4j.linalg.activations.Activation;

/**
 * EfficientNet-B0 to B3: inverted residuals with Squeeze-and-Excitation and SiLU, scaled in width, depth and image size.
 *
 * <pre>
 * y = [x +] project(attention(silu(depthwise(silu(expand(x))))))
 * </pre>
 *
 * <p>A 3x3 stem of stride 2, seven stages of inverted residuals with 3x3 and 5x5 kernels, a 1x1 convolution, global average
 * pooling, dropout, 1000 classes. B0 has 32 stem and 1280 head channels; B1 to B3 multiply widths by 1, 1.1 and 1.2 and depths
 * by 1.1, 1.2 and 1.4. Image sizes are 224, 240, 260 and 300, dropout 0.2, 0.2, 0.3 and 0.3; the authors trained with
 * {@code stochasticDepth(0.2)}. The attention is Squeeze-and-Excitation unless set otherwise: a fourth of the channels of the
 * block's input, SiLU between its layers, biases; another block stands in the same places.
 *
 * <p>Layer names are those of {@link MobileNetV2}, the activation being named {@code relu}. Blocks of the first stage have no
 * {@code expand}. Padding is kernel / 2 on both sides, as in timm and torchvision, where TensorFlow pads the far side more;
 * BatchNorm: epsilon 1e-5 as there.
 *
 * <p>Convolutions start normal with variance 2/fan, the fan counted over the outputs of a group; gamma 1, beta 0; the
 * classifier's weights uniform in +-1/sqrt(classes), its biases 0.
 *
 * <p>Tan and Le, EfficientNet, 1905.11946, table 1 and section 3.3; timm's {@code efficientnet_b0} to {@code b3}.
 *
 * <p>Names: {@code efficientnet_b0} to {@code efficientnet_b3}.
 *
 * <pre>{@code
 * ComputationGraph graph = EfficientNet.b(0).stochasticDepth(0.2).classes(100).build().init();
 * }</pre>
 */
public final class EfficientNet implements Family {
    /** Kernel, expansion, channels and stride of each stage. */
    private static final int[][] STAGES = {
        {3, 1, 16, 1}, {3, 6, 24, 2}, {5, 6, 40, 2}, {3, 6, 80, 2}, {5, 6, 112, 1}, {5, 6, 192, 2}, {3, 6, 320, 1}
    };

    private static final int[] BLOCKS = {1, 2, 2, 3, 3, 4, 1};
    private static final double[] WIDTHS = {1, 1, 1.1, 1.2};
    private static final double[] DEPTHS = {1, 1.1, 1.2, 1.4};
    private static final int[] SIZES = {224, 240, 260, 300};
    private static final double[] DROPOUTS = {0.2, 0.2, 0.3, 0.3};
    private static final int STEM = 32;
    private static final int HEAD = 1280;
    private static final int REDUCTION = 4;

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public EfficientNet() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        Names names = new Names();
        for (int variant = 0; variant < SIZES.length; variant++) {
            int b = variant;
            names.add("efficientnet_b" + b, () -> b(b));
        }
        return names.all();
    }

    /**
     * Starts a description.
     *
     * @param variant 0 to 3, for B0 to B3
     * @return a builder that is ready to build
     */
    public static Builder b(int variant) {
        return new Builder(variant);
    }

    /** Blocks of each stage, so many times as deep; the first and the last stage's too, or as they are. */
    static int[] blocks(double depth, boolean ends) {
        int[] blocks = BLOCKS.clone();
        for (int i = ends ? 0 : 1; i < blocks.length - (ends ? 0 : 1); i++) {
            blocks[i] = (int) Math.ceil(blocks[i] * depth);
        }
        return blocks;
    }

    /** Stem, stages, head and classifier. */
    static void layers(NetworkGraph graph, InvertedResidual residual, int stem, double width, int[] blocks, int head) {
        Feature map = residual.unit("stem.", graph.input(), stem, 3, 2, 1);
        map = graph.stages(map, blocks, (in, stage, block) -> {
            int[] row = STAGES[stage - 1];
            return residual.window(row[0], block == 1 ? row[3] : 1)
                    .widths(in.channels * row[1], Widths.rounded(row[2] * width))
                    .add(in, stage, block);
        });
        map = residual.unit("head.", map, head, 1, 1, 1);
        double bound = 1 / Math.sqrt(graph.classes());
        graph.classifier(graph.globalAveragePooling("pool", map), new UniformDistribution(-bound, bound));
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        private final int variant;

        private Builder(int variant) {
            this.variant = Checks.variant(variant, SIZES.length, "use EfficientNet.b(0)");
            attention(site -> SqueezeExcitation.builder()
                    .hidden(Math.max(1, site.blockInput() / REDUCTION))
                    .activation(Activation.SWISH)
                    .build());
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
        protected void layers(NetworkGraph graph) {
            double width = WIDTHS[variant];
            EfficientNet.layers(
                    graph,
                    new InvertedResidual(graph, ConvolutionInit.HE_FAN_OUT_OF_GROUP)
                            .activation(Activation.SWISH.getActivationFunction()),
                    Widths.rounded(STEM * width),
                    width,
                    blocks(DEPTHS[variant], true),
                    Widths.rounded(HEAD * width));
        }
    }
}
