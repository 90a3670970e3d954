package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.distribution.Distribution;
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
 * <pre>{@code
 * ComputationGraph graph = EfficientNet.b(0).stochasticDepth(0.2).classes(100).build().init();
 * }</pre>
 */
public final class EfficientNet extends Network {
    /** Kernel, expansion, channels, blocks and stride of each stage of B0. */
    static final int[][] STAGES = {
        {3, 1, 16, 1, 1},
        {3, 6, 24, 2, 2},
        {5, 6, 40, 2, 2},
        {3, 6, 80, 3, 2},
        {5, 6, 112, 3, 1},
        {5, 6, 192, 4, 2},
        {3, 6, 320, 1, 1}
    };

    private static final double[] WIDTHS = {1, 1, 1.1, 1.2};
    private static final double[] DEPTHS = {1, 1.1, 1.2, 1.4};
    private static final int[] SIZES = {224, 240, 260, 300};
    private static final double[] DROPOUTS = {0.2, 0.2, 0.3, 0.3};
    private static final int STEM = 32;
    private static final int HEAD = 1280;
    private static final int REDUCTION = 4;

    private final int variant;

    private EfficientNet(Builder builder) {
        super(builder, 1000, SIZES[builder.variant], DROPOUTS[builder.variant]);
        variant = builder.variant;
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

    @Override
    int residualBlocks() {
        return Arrays.stream(STAGES).mapToInt(row -> blocks(row) - 1).sum();
    }

    private int blocks(int[] row) {
        return (int) Math.ceil(row[3] * DEPTHS[variant]);
    }

    private int width(int channels) {
        return Widths.rounded(channels * WIDTHS[variant]);
    }

    @Override
    void layers(NetworkGraph graph) {
        InvertedResidual residual = new InvertedResidual(graph, ConvolutionInit.HE_FAN_OUT_OF_GROUP)
                .activation(Activation.SWISH.getActivationFunction());
        Feature map = residual.unit("stem.", graph.input(), width(STEM), 3, 2, 1);
        for (int stage = 1; stage <= STAGES.length; stage++) {
            int[] row = STAGES[stage - 1];
            for (int block = 1; block <= blocks(row); block++) {
                map = residual.window(row[0], block == 1 ? row[4] : 1)
                        .widths(map.channels * row[1], width(row[2]))
                        .add(map, stage, block);
            }
        }
        map = residual.unit("head.", map, width(HEAD), 1, 1, 1);
        double bound = 1 / Math.sqrt(classes);
        Distribution weights = new UniformDistribution(-bound, bound);
        graph.classifier(graph.globalAveragePooling("pool", map), weights);
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        private final int variant;

        private Builder(int variant) {
            if (variant < 0 || variant >= SIZES.length) {
                throw new IllegalArgumentException("variant (" + variant + ") must be from 0 to " + (SIZES.length - 1)
                        + "; use EfficientNet.b(0)");
            }
            this.variant = variant;
            attention(site -> SqueezeExcitation.builder()
                    .hidden(Math.max(1, site.blockInput() / REDUCTION))
                    .activation(Activation.SWISH)
                    .build());
        }

        @Override
        public EfficientNet build() {
            return (EfficientNet) super.build();
        }

        @Override
        Network describe() {
            return new EfficientNet(this);
        }
    }
}
