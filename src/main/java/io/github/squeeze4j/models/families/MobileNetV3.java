package io.github.squeeze4j.models.families;

import io.github.squeeze4j.blocks.Gate;
import io.github.squeeze4j.blocks.Rounding;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.layers.HardSwish;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.InvertedResidual;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;

/**
 * MobileNetV3, large and small: inverted residuals, Squeeze-and-Excitation in some of them, hard-swish in the later ones.
 *
 * <pre>
 * y = [x +] project(attention(f(depthwise(f(expand(x)))))),   f = relu or hardswish
 * </pre>
 *
 * <p>A 3x3 stem of stride 2 and 16 channels, stages of inverted residuals with 3x3 and 5x5 kernels, a 1x1 convolution, global
 * average pooling, a hidden linear layer, dropout 0.2, 1000 classes, 224x224. The attention is Squeeze-and-Excitation unless
 * set otherwise: a fourth of the expanded channels, rounded to a multiple of 8, with biases and the hard sigmoid; another block
 * stands in the same places.
 *
 * <p>Layer names are those of {@link MobileNetV2}, activations being named {@code relu} whatever they are; between {@code pool}
 * and {@code classifier} stands {@code hidden}. Blocks whose expansion is 1 have no {@code expand}. A stage ends where the map
 * is halved or the width changes, as in the paper's tables.
 *
 * <p>Convolutions start normal with variance 2/fan, the fan counted over the outputs; gamma 1, beta 0; linear layers normal
 * with deviation 0.01, biases 0. BatchNorm: epsilon 1e-5 as in timm unless set otherwise; torchvision has 1e-3.
 *
 * <p>Howard et al., Searching for MobileNetV3, 1905.02244, tables 1 and 2, section 5; timm's {@code mobilenetv3_large_100} and
 * {@code mobilenetv3_small_100}.
 *
 * <p>Names: {@code mobilenet_v3_large}, {@code mobilenet_v3_small}.
 *
 * <pre>{@code
 * ComputationGraph graph = MobileNetV3.large().classes(100).build().init();
 * }</pre>
 */
public final class MobileNetV3 implements Family {
    private static final int SE = 1;
    private static final int HARD = 1;

    /** Stage, kernel, expanded channels, channels, attention, hard-swish, stride. */
    private static final int[][] LARGE = {
        {1, 3, 16, 16, 0, 0, 1},
        {2, 3, 64, 24, 0, 0, 2},
        {2, 3, 72, 24, 0, 0, 1},
        {3, 5, 72, 40, SE, 0, 2},
        {3, 5, 120, 40, SE, 0, 1},
        {3, 5, 120, 40, SE, 0, 1},
        {4, 3, 240, 80, 0, HARD, 2},
        {4, 3, 200, 80, 0, HARD, 1},
        {4, 3, 184, 80, 0, HARD, 1},
        {4, 3, 184, 80, 0, HARD, 1},
        {5, 3, 480, 112, SE, HARD, 1},
        {5, 3, 672, 112, SE, HARD, 1},
        {6, 5, 672, 160, SE, HARD, 2},
        {6, 5, 960, 160, SE, HARD, 1},
        {6, 5, 960, 160, SE, HARD, 1}
    };

    private static final int[][] SMALL = {
        {1, 3, 16, 16, SE, 0, 2},
        {2, 3, 72, 24, 0, 0, 2},
        {2, 3, 88, 24, 0, 0, 1},
        {3, 5, 96, 40, SE, HARD, 2},
        {3, 5, 240, 40, SE, HARD, 1},
        {3, 5, 240, 40, SE, HARD, 1},
        {4, 5, 120, 48, SE, HARD, 1},
        {4, 5, 144, 48, SE, HARD, 1},
        {5, 5, 288, 96, SE, HARD, 2},
        {5, 5, 576, 96, SE, HARD, 1},
        {5, 5, 576, 96, SE, HARD, 1}
    };

    private static final int STEM = 16;
    private static final NormalDistribution LINEAR = new NormalDistribution(0, 0.01);

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public MobileNetV3() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        return Map.of("mobilenet_v3_large", MobileNetV3::large, "mobilenet_v3_small", MobileNetV3::small);
    }

    /**
     * Starts a description of the large network: 5.5 million parameters.
     *
     * @return a builder that is ready to build
     */
    public static Builder large() {
        return new Builder(true);
    }

    /**
     * Starts a description of the small network: 2.5 million parameters.
     *
     * @return a builder that is ready to build
     */
    public static Builder small() {
        return new Builder(false);
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        /** Default {@code dropout}. */
        public static final double DEFAULT_DROPOUT = 0.2;

        /** Default {@link #epsilon}. */
        public static final double DEFAULT_EPSILON = NativeBatchNormalization.EPSILON;

        private final boolean large;
        private double epsilon = DEFAULT_EPSILON;

        private Builder(boolean large) {
            this.large = large;
            attention(Attention.of(SqueezeExcitation.builder()
                    .reduction(4)
                    .rounding(Rounding.DIVISIBLE_8)
                    .gate(Gate.HARD_SIGMOID)
                    .build()));
        }

        /**
         * What every BatchNorm adds to the variance.
         *
         * @param epsilon above 0; default 1e-5, timm's; torchvision's and the authors' is 1e-3
         * @return this
         */
        public Builder epsilon(double epsilon) {
            if (!(epsilon > 0 && epsilon < 1)) {
                throw new IllegalArgumentException(
                        "epsilon (" + epsilon + ") must be above 0 and below 1; use epsilon(1e-5) or epsilon(1e-3)");
            }
            this.epsilon = epsilon;
            return this;
        }

        @Override
        protected double defaultDropout() {
            return DEFAULT_DROPOUT;
        }

        @Override
        protected double batchNormEpsilon() {
            return epsilon;
        }

        @Override
        protected void layers(NetworkGraph graph) {
            IActivation relu = Activation.RELU.getActivationFunction();
            IActivation hardSwish = new HardSwish();
            InvertedResidual residual = new InvertedResidual(graph, ConvolutionInit.HE_FAN_OUT).activation(hardSwish);
            Feature map = residual.unit("stem.", graph.input(), STEM, 3, 2, 1);
            int stage = 0;
            int block = 0;
            int expanded = 0;
            for (int[] row : large ? LARGE : SMALL) {
                block = row[0] == stage ? block + 1 : 1;
                stage = row[0];
                expanded = row[2];
                map = residual.window(row[1], row[6])
                        .widths(expanded, row[3])
                        .attention(row[4] == SE)
                        .activation(row[5] == HARD ? hardSwish : relu)
                        .add(map, stage, block);
            }
            map = graph.globalAveragePooling("pool", residual.unit("head.", map, expanded, 1, 1, 1));
            graph.classifier(graph.dense("hidden", map, large ? 1280 : 1024, LINEAR, hardSwish), LINEAR);
        }
    }
}
