package io.github.squeeze4j.models.families;

import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.internal.Checks;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.Window;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.distribution.Distribution;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;

/**
 * Inception-v3, with or without attention in each of its eleven modules.
 *
 * <pre>
 * y = attention(module(x)),   or module(attention(x)) with {@code attentionPlace(AttentionPlace.MODULE_INPUT)}
 * </pre>
 *
 * <p>A stem of five convolutions and two poolings, three stages of modules at 35x35, 17x17 and 8x8 positions (5b, 5c, 5d; 6a to
 * 6e; 7a to 7c), global average pooling, dropout 0.5, 1000 classes, 299x299. Every convolution is followed by BatchNorm
 * (epsilon 0.001) and ReLU. The auxiliary classifier, which the paper found to matter little (section 4), is left out.
 *
 * <p>Layer names: {@code stem.conv1} to {@code stem.conv5} with {@code stem.bn1}, {@code stem.relu1}, ..., {@code
 * stem.pool1}, {@code stem.pool2}; for each {@code stageS.blockB.} the branches {@code single}, {@code five}, {@code three},
 * {@code seven}, {@code double} and {@code pool}, whose convolutions count from 1: {@code five.conv1}, {@code five.bn1}, {@code
 * five.relu1}; where a branch forks, {@code three.conv2a}, {@code three.conv2b} and {@code three.concat}; {@code concat} and
 * {@code attention}; at the end {@code pool} and {@code classifier}. Stage 1 holds 5b to 5d, stage 2 6a to 6e, stage 3 7a to
 * 7c.
 *
 * <p>Convolutions start normal with variance 2/fan, the fan counted over the inputs; gamma 1, beta 0; the classifier's weights
 * normal with deviation 0.1, as in torchvision.
 *
 * <p>Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 1512.00567, table 1, in torchvision's form.
 * Attention after each module as in Hu et al., 1709.01507, figure 2. moskomule/senet.pytorch declares its blocks for the inputs
 * of the modules (and never runs them); {@code se_inception_v3} has its parameters.
 *
 * <p>Names: {@code inception_v3}, {@code se_inception_v3}.
 *
 * <pre>{@code
 * ComputationGraph graph =
 *         InceptionV3.builder().attention(Attention.named("se")).classes(100).build().init();
 * }</pre>
 */
public final class InceptionV3 implements Family {
    /** Where the attention of a module stands. */
    public enum AttentionPlace {
        /** Before the branches part: the channels of moskomule/senet.pytorch's blocks. */
        MODULE_INPUT,
        /** After the concatenation: the place that Hu et al. describe. */
        MODULE_OUTPUT
    }

    private static final int SIZE = 299;
    private static final double EPSILON = 0.001;
    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_IN;
    private static final Distribution CLASSIFIER = new NormalDistribution(0, 0.1);
    private static final Window HALVING = Window.of(3).stride(2).withoutPadding();
    private static final int[] POOL_WIDTHS = {32, 64, 64};
    private static final int[] SEVEN_WIDTHS = {128, 160, 160, 192};

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public InceptionV3() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        return new Names()
                .add("inception_v3", InceptionV3::builder)
                .add(
                        "se_inception_v3",
                        () -> builder()
                                .attentionPlace(AttentionPlace.MODULE_INPUT)
                                .attention(Attention.of(SqueezeExcitation.builder()
                                        .biases(false)
                                        .build())))
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

    private interface Branches {
        Feature of(String prefix, Feature in);
    }

    /** torchvision's InceptionA, figure 5 of the paper. */
    private static Feature fine(NetworkGraph graph, String prefix, Feature in, int poolWidth) {
        Feature single = graph.unit(prefix + "single.", "1", in, 64, Window.of(1), 1, INIT);
        Feature five = graph.unit(prefix + "five.", "1", in, 48, Window.of(1), 1, INIT);
        five = graph.unit(prefix + "five.", "2", five, 64, Window.of(5), 1, INIT);
        Feature twice = graph.unit(prefix + "double.", "1", in, 64, Window.of(1), 1, INIT);
        twice = graph.unit(prefix + "double.", "2", twice, 96, Window.of(3), 1, INIT);
        twice = graph.unit(prefix + "double.", "3", twice, 96, Window.of(3), 1, INIT);
        return graph.concatenate(prefix + "concat", single, five, twice, pool(graph, prefix, in, poolWidth));
    }

    /** InceptionB, figure 10. */
    private static Feature halvingTo17(NetworkGraph graph, String prefix, Feature in) {
        Feature three = graph.unit(prefix + "three.", "1", in, 384, HALVING, 1, INIT);
        Feature twice = graph.unit(prefix + "double.", "1", in, 64, Window.of(1), 1, INIT);
        twice = graph.unit(prefix + "double.", "2", twice, 96, Window.of(3), 1, INIT);
        twice = graph.unit(prefix + "double.", "3", twice, 96, HALVING, 1, INIT);
        Feature pooled = graph.maxPooling(prefix + "pool", in, HALVING);
        return graph.concatenate(prefix + "concat", three, twice, pooled);
    }

    /** InceptionC, figure 6. */
    private static Feature middle(NetworkGraph graph, String prefix, Feature in, int width) {
        Feature single = graph.unit(prefix + "single.", "1", in, 192, Window.of(1), 1, INIT);
        Feature seven = graph.unit(prefix + "seven.", "1", in, width, Window.of(1), 1, INIT);
        seven = graph.unit(prefix + "seven.", "2", seven, width, Window.of(1, 7), 1, INIT);
        seven = graph.unit(prefix + "seven.", "3", seven, 192, Window.of(7, 1), 1, INIT);
        Feature twice = graph.unit(prefix + "double.", "1", in, width, Window.of(1), 1, INIT);
        twice = graph.unit(prefix + "double.", "2", twice, width, Window.of(7, 1), 1, INIT);
        twice = graph.unit(prefix + "double.", "3", twice, width, Window.of(1, 7), 1, INIT);
        twice = graph.unit(prefix + "double.", "4", twice, width, Window.of(7, 1), 1, INIT);
        twice = graph.unit(prefix + "double.", "5", twice, 192, Window.of(1, 7), 1, INIT);
        return graph.concatenate(prefix + "concat", single, seven, twice, pool(graph, prefix, in, 192));
    }

    /** InceptionD. */
    private static Feature halvingTo8(NetworkGraph graph, String prefix, Feature in) {
        Feature three = graph.unit(prefix + "three.", "1", in, 192, Window.of(1), 1, INIT);
        three = graph.unit(prefix + "three.", "2", three, 320, HALVING, 1, INIT);
        Feature seven = graph.unit(prefix + "seven.", "1", in, 192, Window.of(1), 1, INIT);
        seven = graph.unit(prefix + "seven.", "2", seven, 192, Window.of(1, 7), 1, INIT);
        seven = graph.unit(prefix + "seven.", "3", seven, 192, Window.of(7, 1), 1, INIT);
        seven = graph.unit(prefix + "seven.", "4", seven, 192, HALVING, 1, INIT);
        Feature pooled = graph.maxPooling(prefix + "pool", in, HALVING);
        return graph.concatenate(prefix + "concat", three, seven, pooled);
    }

    /** InceptionE, figure 7. */
    private static Feature coarse(NetworkGraph graph, String prefix, Feature in) {
        Feature single = graph.unit(prefix + "single.", "1", in, 320, Window.of(1), 1, INIT);
        Feature three =
                fork(graph, prefix + "three.", "2", graph.unit(prefix + "three.", "1", in, 384, Window.of(1), 1, INIT));
        Feature twice = graph.unit(prefix + "double.", "1", in, 448, Window.of(1), 1, INIT);
        twice = fork(
                graph, prefix + "double.", "3", graph.unit(prefix + "double.", "2", twice, 384, Window.of(3), 1, INIT));
        return graph.concatenate(prefix + "concat", single, three, twice, pool(graph, prefix, in, 192));
    }

    private static Feature fork(NetworkGraph graph, String prefix, String number, Feature in) {
        Feature wide = graph.unit(prefix, number + "a", in, 384, Window.of(1, 3), 1, INIT);
        Feature high = graph.unit(prefix, number + "b", in, 384, Window.of(3, 1), 1, INIT);
        return graph.concatenate(prefix + "concat", wide, high);
    }

    private static Feature pool(NetworkGraph graph, String prefix, Feature in, int width) {
        Feature pooled = graph.averagePooling(prefix + "pool", in, Window.of(3));
        return graph.unit(prefix + "pool.", "1", pooled, width, Window.of(1), 1, INIT);
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        /** Default {@code dropout}. */
        public static final double DEFAULT_DROPOUT = 0.5;

        private AttentionPlace place = AttentionPlace.MODULE_OUTPUT;

        private Builder() {}

        /**
         * Where the attention of a module stands.
         *
         * @param place default {@link AttentionPlace#MODULE_OUTPUT}
         * @return this
         */
        public Builder attentionPlace(AttentionPlace place) {
            this.place = Checks.notNull("attentionPlace", place, "use AttentionPlace.MODULE_OUTPUT");
            return this;
        }

        @Override
        protected int defaultSize() {
            return SIZE;
        }

        @Override
        protected double defaultDropout() {
            return DEFAULT_DROPOUT;
        }

        @Override
        protected double batchNormEpsilon() {
            return EPSILON;
        }

        @Override
        protected void layers(NetworkGraph graph) {
            Feature map = graph.unit("stem.", "1", graph.input(), 32, HALVING, 1, INIT);
            map = graph.unit("stem.", "2", map, 32, Window.of(3).withoutPadding(), 1, INIT);
            map = graph.unit("stem.", "3", map, 64, Window.of(3), 1, INIT);
            map = graph.maxPooling("stem.pool1", map, HALVING);
            map = graph.unit("stem.", "4", map, 80, Window.of(1), 1, INIT);
            map = graph.feature(graph.unit("stem.", "5", map, 192, Window.of(3).withoutPadding(), 1, INIT));
            map = graph.maxPooling("stem.pool2", map, HALVING);
            for (int i = 0; i < POOL_WIDTHS.length; i++) {
                int width = POOL_WIDTHS[i];
                map = module(graph, map, 1, i + 1, (prefix, in) -> fine(graph, prefix, in, width));
            }
            map = module(graph, map, 2, 1, (prefix, in) -> halvingTo17(graph, prefix, in));
            for (int i = 0; i < SEVEN_WIDTHS.length; i++) {
                int width = SEVEN_WIDTHS[i];
                map = module(graph, map, 2, i + 2, (prefix, in) -> middle(graph, prefix, in, width));
            }
            map = module(graph, map, 3, 1, (prefix, in) -> halvingTo8(graph, prefix, in));
            map = module(graph, map, 3, 2, (prefix, in) -> coarse(graph, prefix, in));
            map = module(graph, map, 3, 3, (prefix, in) -> coarse(graph, prefix, in));
            graph.classifier(graph.globalAveragePooling("pool", map), CLASSIFIER);
        }

        private Feature module(NetworkGraph graph, Feature in, int stage, int block, Branches branches) {
            String prefix = NetworkGraph.prefix(stage, block);
            String attention = prefix + "attention";
            if (place == AttentionPlace.MODULE_INPUT) {
                return graph.feature(branches.of(prefix, graph.attention(attention, in, stage, block)));
            }
            return graph.feature(graph.attention(attention, branches.of(prefix, in), stage, block, in.channels));
        }
    }
}
