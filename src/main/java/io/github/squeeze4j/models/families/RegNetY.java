package io.github.squeeze4j.models.families;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.ResidualBlock;
import io.github.squeeze4j.models.internal.graph.Window;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;

/**
 * RegNetY-400MF and RegNetY-4.0GF: residual bottlenecks of constant width with grouped convolutions and
 * Squeeze-and-Excitation.
 *
 * <pre>
 * y = relu(shortcut(x) + bn(1x1(attention(relu(bn(grouped 3x3(relu(bn(1x1(x))))))))))
 * </pre>
 *
 * <p>A 3x3 stem of stride 2 and 32 channels, four stages that each halve the map, global average pooling, 1000 classes, 224x224.
 * 400MF: widths 48, 104, 208, 440, depths 1, 3, 6, 6, groups of 8 channels; 4GF: widths 128, 192, 512, 1088, depths 2, 6, 12, 2,
 * groups of 64. The attention is Squeeze-and-Excitation unless set otherwise: a fourth of the channels of the block's input,
 * biases; another block stands in the same places, before the last 1x1 convolution.
 *
 * <p>Layer names: {@code stem.conv}, {@code stem.bn}, {@code stem.relu}; for each {@code stageS.blockB.} those of {@link
 * ResNet} with bottlenecks, {@code attention} standing before {@code conv3}; {@code pool} and {@code classifier}.
 *
 * <p>Convolutions start normal with variance 2/fan, the fan counted over the outputs of a group; gamma 1, beta 0; the
 * classifier's weights normal with deviation 0.01, its biases 0.
 *
 * <p>Radosavovic et al., Designing Network Design Spaces, 2003.13678, section 5; facebookresearch/pycls; timm's {@code
 * regnety_004} and {@code regnety_040}.
 *
 * <p>Names: {@code regnety_400mf}, {@code regnety_4gf}.
 *
 * <pre>{@code
 * ComputationGraph graph = RegNetY.megaFlops400().classes(100).build().init();
 * }</pre>
 */
public final class RegNetY implements Family {
    private static final int STEM = 32;
    private static final int REDUCTION = 4;
    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_OUT_OF_GROUP;

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public RegNetY() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        return Map.of("regnety_400mf", RegNetY::megaFlops400, "regnety_4gf", RegNetY::gigaFlops4);
    }

    /**
     * Starts a description of RegNetY-400MF: 4.3 million parameters.
     *
     * @return a builder that is ready to build
     */
    public static Builder megaFlops400() {
        return new Builder(new int[] {48, 104, 208, 440}, new int[] {1, 3, 6, 6}, 8);
    }

    /**
     * Starts a description of RegNetY-4.0GF: 20.6 million parameters.
     *
     * @return a builder that is ready to build
     */
    public static Builder gigaFlops4() {
        return new Builder(new int[] {128, 192, 512, 1088}, new int[] {2, 6, 12, 2}, 64);
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        private final int[] widths;
        private final int[] depths;
        private final int groupWidth;

        private Builder(int[] widths, int[] depths, int groupWidth) {
            this.widths = widths;
            this.depths = depths;
            this.groupWidth = groupWidth;
            attention(site -> SqueezeExcitation.builder()
                    .hidden((int) Math.rint((double) site.blockInput() / REDUCTION))
                    .build());
        }

        @Override
        protected void layers(NetworkGraph graph) {
            Feature map =
                    graph.unit("stem.", "", graph.input(), STEM, Window.of(3).stride(2), 1, INIT);
            ResidualBlock residual = new ResidualBlock(graph, INIT).attentionInside();
            map = graph.stages(map, depths, (in, stage, block) -> {
                int width = widths[stage - 1];
                return residual.bottleneck(width, width, width)
                        .groups(width / groupWidth)
                        .add(in, block == 1 ? 2 : 1, stage, block);
            });
            graph.classifier(graph.globalAveragePooling("pool", map), new NormalDistribution(0, 0.01));
        }
    }
}
