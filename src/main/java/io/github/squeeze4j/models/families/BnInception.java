package io.github.squeeze4j.models.families;

import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Family;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.internal.graph.ConvolutionInit;
import io.github.squeeze4j.models.internal.graph.Feature;
import io.github.squeeze4j.models.internal.graph.NetworkGraph;
import io.github.squeeze4j.models.internal.graph.Window;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;

/**
 * BN-Inception (Inception-v2), with or without attention after each module.
 *
 * <pre>
 * y = attention(concatenate(1x1(x), 3x3(1x1(x)), 3x3(3x3(1x1(x))), 1x1(pool(x))))
 * </pre>
 *
 * <p>A 7x7 and a 3x3 stem, ten modules in three stages (two, five and three of them), global average pooling, 1000 classes,
 * 224x224. The last module of the first two stages halves the map: its 3x3 convolutions have stride 2, its pooling is maximal
 * and passed on without a convolution, and it has no 1x1 branch. Every convolution is followed by BatchNorm and ReLU; poolings
 * of stride 2 round sizes up, as in Caffe; means count the padding in.
 *
 * <p>Layer names: {@code stem.conv1}, {@code stem.bn1}, {@code stem.relu1}, {@code stem.pool1}, {@code stem.conv2}, ... {@code
 * stem.relu3}, {@code stem.pool2}; for each {@code stageS.blockB.}: {@code single.conv}, {@code single.bn}, {@code single.relu}; {@code three.reduce.conv},
 * ..., {@code three.conv}, ...; {@code double.reduce.conv}, ..., {@code double.conv1}, {@code double.bn1}, {@code
 * double.relu1}, {@code double.conv2}, ...; {@code pool} and {@code pool.conv}, ...; {@code concat}; {@code attention}; at the
 * end {@code pool} and {@code classifier}. Stage 1 holds 3a, 3b, 3c; stage 2 holds 4a to 4e; stage 3 holds 5a and 5b.
 *
 * <p>Convolutions start normal with variance 2/fan, the fan counted over the inputs; gamma 1, beta 0; the classifier's weights
 * uniform in +-1/sqrt(inputs), its biases 0.
 *
 * <p>Ioffe and Szegedy, Batch Normalization, 1502.03167, figure 5; widths and attention after each concatenation as in the
 * SENet authors' SE-BN-Inception.prototxt (hujie-frank/SENet), whose convolutions have no biases.
 *
 * <p>Names: {@code bn_inception}, {@code se_bn_inception}.
 *
 * <pre>{@code
 * ComputationGraph graph =
 *         BnInception.builder().attention(Attention.named("se")).classes(100).build().init();
 * }</pre>
 */
public final class BnInception implements Family {
    /** Widths of 1x1, 3x3 reduce, 3x3, double 3x3 reduce, double 3x3 (twice), pool projection. */
    private static final int[][][] STAGES = {
        {{64, 64, 64, 64, 96, 32}, {64, 64, 96, 64, 96, 64}, {0, 128, 160, 64, 96, 0}},
        {
            {224, 64, 96, 96, 128, 128},
            {192, 96, 128, 96, 128, 128},
            {160, 128, 160, 128, 160, 128},
            {96, 128, 192, 160, 192, 128},
            {0, 128, 192, 192, 256, 0}
        },
        {{352, 192, 320, 160, 224, 128}, {352, 192, 320, 192, 224, 128}}
    };

    private static final ConvolutionInit INIT = ConvolutionInit.HE_FAN_IN;
    private static final Window HALVING_POOL =
            Window.of(3).stride(2).withoutPadding().roundedUp();

    /** The family, for {@link io.github.squeeze4j.models.Models}. */
    public BnInception() {}

    @Override
    public Map<String, Supplier<? extends NetworkBuilder<?>>> networks() {
        return new Names()
                .add("bn_inception", BnInception::builder)
                .add("se", Attention.named("se"), "bn_inception", BnInception::builder)
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

    private static Feature module(NetworkGraph graph, Feature in, int[] widths, boolean last, int stage, int block) {
        String prefix = NetworkGraph.prefix(stage, block);
        boolean halves = widths[0] == 0;
        int stride = halves ? 2 : 1;
        Feature three = graph.unit(prefix + "three.reduce.", "", in, widths[1], Window.of(1), 1, INIT);
        three = graph.unit(prefix + "three.", "", three, widths[2], Window.of(3).stride(stride), 1, INIT);
        Feature twice = graph.unit(prefix + "double.reduce.", "", in, widths[3], Window.of(1), 1, INIT);
        twice = graph.unit(prefix + "double.", "1", twice, widths[4], Window.of(3), 1, INIT);
        twice = graph.unit(
                prefix + "double.", "2", twice, widths[4], Window.of(3).stride(stride), 1, INIT);
        Feature map;
        if (halves) {
            Feature pooled = graph.maxPooling(prefix + "pool", in, HALVING_POOL);
            map = graph.concatenate(prefix + "concat", three, twice, pooled);
        } else {
            Feature single = graph.unit(prefix + "single.", "", in, widths[0], Window.of(1), 1, INIT);
            Feature pooled = last
                    ? graph.maxPooling(prefix + "pool", in, Window.of(3))
                    : graph.averagePooling(prefix + "pool", in, Window.of(3));
            pooled = graph.unit(prefix + "pool.", "", pooled, widths[5], Window.of(1), 1, INIT);
            map = graph.concatenate(prefix + "concat", single, three, twice, pooled);
        }
        return graph.feature(graph.attention(prefix + "attention", map, stage, block, in.channels));
    }

    /** Options of the network. */
    public static final class Builder extends NetworkBuilder<Builder> {
        private Builder() {}

        @Override
        protected void layers(NetworkGraph graph) {
            Feature map =
                    graph.unit("stem.", "1", graph.input(), 64, Window.of(7).stride(2), 1, INIT);
            map = graph.maxPooling("stem.pool1", map, HALVING_POOL);
            map = graph.unit("stem.", "2", map, 64, Window.of(1), 1, INIT);
            map = graph.feature(graph.unit("stem.", "3", map, 192, Window.of(3), 1, INIT));
            map = graph.maxPooling("stem.pool2", map, HALVING_POOL);
            int[] blocks =
                    Arrays.stream(STAGES).mapToInt(modules -> modules.length).toArray();
            map = graph.stages(map, blocks, (in, stage, block) -> {
                boolean last = stage == blocks.length && block == blocks[stage - 1];
                return module(graph, in, STAGES[stage - 1][block - 1], last, stage, block);
            });
            graph.classifier(graph.globalAveragePooling("pool", map));
        }
    }
}
