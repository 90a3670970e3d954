package io.github.squeeze4j.models;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.distribution.Distribution;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
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
 * <pre>{@code
 * ComputationGraph graph = EfficientNetLite.lite(0).weights(Path.of("tf_efficientnet_lite0.safetensors")).build().init();
 * }</pre>
 */
public final class EfficientNetLite extends Network {
    private static final double[] WIDTHS = {1, 1, 1.1, 1.2, 1.4};
    private static final double[] DEPTHS = {1, 1.1, 1.2, 1.4, 1.8};
    private static final int[] SIZES = {224, 240, 260, 280, 300};
    private static final double[] DROPOUTS = {0.2, 0.2, 0.3, 0.3, 0.3};
    private static final int STEM = 32;
    private static final int HEAD = 1280;
    private static final double EPSILON = 1e-3;

    private final int variant;

    private EfficientNetLite(Builder builder) {
        super(builder, 1000, SIZES[builder.variant], DROPOUTS[builder.variant]);
        variant = builder.variant;
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

    @Override
    double epsilon() {
        return EPSILON;
    }

    @Override
    int residualBlocks() {
        return Arrays.stream(blocks()).map(blocks -> blocks - 1).sum();
    }

    /** Blocks of each stage; the first and the last are never deeper. */
    private int[] blocks() {
        int[][] stages = EfficientNet.STAGES;
        int[] blocks = new int[stages.length];
        for (int i = 0; i < blocks.length; i++) {
            boolean fixed = i == 0 || i == blocks.length - 1;
            blocks[i] = fixed ? stages[i][3] : (int) Math.ceil(stages[i][3] * DEPTHS[variant]);
        }
        return blocks;
    }

    @Override
    void layers(NetworkGraph graph) {
        InvertedResidual residual = new InvertedResidual(graph, ConvolutionInit.HE_FAN_OUT_OF_GROUP)
                .activation(Activation.RELU6.getActivationFunction())
                .samePadding();
        Feature map = residual.unit("stem.", graph.input(), STEM, 3, 2, 1);
        int[] blocks = blocks();
        for (int stage = 1; stage <= blocks.length; stage++) {
            int[] row = EfficientNet.STAGES[stage - 1];
            for (int block = 1; block <= blocks[stage - 1]; block++) {
                map = residual.window(row[0], block == 1 ? row[4] : 1)
                        .widths(map.channels * row[1], Widths.rounded(row[2] * WIDTHS[variant]))
                        .add(map, stage, block);
            }
        }
        map = residual.unit("head.", map, HEAD, 1, 1, 1);
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
                        + "; use EfficientNetLite.lite(0)");
            }
            this.variant = variant;
        }

        @Override
        public EfficientNetLite build() {
            return (EfficientNetLite) super.build();
        }

        @Override
        Network describe() {
            return new EfficientNetLite(this);
        }
    }
}
