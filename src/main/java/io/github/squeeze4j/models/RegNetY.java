package io.github.squeeze4j.models;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import java.util.Arrays;
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
 * <pre>{@code
 * ComputationGraph graph = RegNetY.megaFlops400().classes(100).build().init();
 * }</pre>
 */
public final class RegNetY extends Network {
    private static final int STEM = 32;
    private static final int REDUCTION = 4;
    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_OUT_OF_GROUP;

    private final int[] widths;
    private final int[] depths;
    private final int groupWidth;

    private RegNetY(Builder builder) {
        super(builder, 1000, 224, 0);
        widths = builder.widths;
        depths = builder.depths;
        groupWidth = builder.groupWidth;
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

    @Override
    int residualBlocks() {
        return Arrays.stream(depths).sum();
    }

    @Override
    void layers(NetworkGraph graph) {
        Feature map = graph.convolution("stem.conv", graph.input(), STEM, 3, 2, INIT);
        map = graph.relu("stem.relu", graph.batchNormalization("stem.bn", map));
        for (int stage = 1; stage <= widths.length; stage++) {
            for (int block = 1; block <= depths[stage - 1]; block++) {
                map = block(graph, map, widths[stage - 1], stage, block);
            }
        }
        graph.classifier(graph.globalAveragePooling("pool", map), new NormalDistribution(0, 0.01));
    }

    private Feature block(NetworkGraph graph, Feature in, int width, int stage, int block) {
        String prefix = "stage" + stage + ".block" + block + ".";
        int stride = block == 1 ? 2 : 1;
        Feature map = graph.convolution(prefix + "conv1", in, width, 1, 1, INIT);
        map = graph.relu(prefix + "relu1", graph.batchNormalization(prefix + "bn1", map));
        map = graph.convolution(prefix + "conv2", map, width, 3, stride, width / groupWidth, INIT);
        map = graph.relu(prefix + "relu2", graph.batchNormalization(prefix + "bn2", map));
        map = graph.attention(prefix + "attention", map, stage, block, in.channels);
        map = graph.convolution(prefix + "conv3", map, width, 1, 1, INIT);
        map = graph.lastBatchNormalization(prefix + "bn3", map);
        Feature shortcut = in;
        if (block == 1) {
            shortcut = graph.convolution(prefix + "shortcut.conv", in, width, 1, stride, INIT);
            shortcut = graph.batchNormalization(prefix + "shortcut.bn", shortcut);
        }
        map = graph.stochasticDepth(prefix + "drop", map);
        return graph.feature(graph.relu(prefix + "relu", graph.add(prefix + "add", map, shortcut)));
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
        public RegNetY build() {
            return (RegNetY) super.build();
        }

        @Override
        Network describe() {
            return new RegNetY(this);
        }
    }
}
