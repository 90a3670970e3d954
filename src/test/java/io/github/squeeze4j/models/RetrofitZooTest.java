package io.github.squeeze4j.models;

import static io.github.squeeze4j.Arrays4j.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.blocks.Bam;
import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.CoordinateAttention;
import io.github.squeeze4j.blocks.EffectiveSe;
import io.github.squeeze4j.blocks.GatedChannel;
import io.github.squeeze4j.blocks.GatherExcite;
import io.github.squeeze4j.blocks.GlobalContext;
import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.ScSe;
import io.github.squeeze4j.blocks.Spse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.engine.Acceleration;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.deeplearning4j.zoo.model.ResNet50;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** DL4J's own ResNet-50 with a block in each residual branch. */
@Tag("tiny")
class RetrofitZooTest {
    /** The smallest whose last maps, 3 x 3, fill the pooling window. */
    private static final int SIZE = 135;

    private static final int CLASSES = 5;
    /** What the zoo calls the last batch normalization of each residual branch. */
    private static final String BRANCHES = "bn\\d[a-z]_branch2c";

    private static ComputationGraph zoo;
    /** What it gives layer by layer and as a program. */
    private static INDArray[] byLayers;

    private static INDArray[] accelerated;

    @BeforeAll
    static void train() {
        // The zoo's own initial weights overflow.
        ComputationGraphConfiguration configuration = ResNet50.builder()
                .seed(3)
                .inputShape(new int[] {3, SIZE, SIZE})
                .numClasses(CLASSES)
                .weightInit(new WeightInitRelu())
                .updater(new Adam(1e-4))
                .build()
                .graphBuilder()
                .build();
        // Statistics that follow fast are in a few steps what they are in a trained network.
        for (GraphVertex vertex : configuration.getVertices().values()) {
            if (vertex instanceof LayerVertex
                    && ((LayerVertex) vertex).getLayerConf().getLayer() instanceof BatchNormalization) {
                ((BatchNormalization) ((LayerVertex) vertex).getLayerConf().getLayer()).setDecay(0.3);
            }
        }
        zoo = new ComputationGraph(configuration);
        zoo.init();
        assertThat(Acceleration.apply(zoo).refusal()).isNull();
        for (int i = 0; i < 6; i++) {
            zoo.fit(data(i, 4));
        }
        byLayers = read(zoo.clone());
        accelerated = read(zoo);
        assertThat(byLayers[0].isNaN().any()).isFalse();
        assertThat(byLayers[0].stdNumber().doubleValue()).isBetween(0.01, 100.0);
        assertThat(byLayers[1].maxNumber().doubleValue()).isLessThan(0.999);
    }

    @AfterAll
    static void release() {
        zoo = null;
        byLayers = null;
        accelerated = null;
    }

    /** Arrays go with the garbage collector, which sees none of their gigabytes. */
    @AfterEach
    void free() {
        System.gc();
    }

    private static DataSet data(int seed, int examples) {
        Nd4j.getRandom().setSeed(seed);
        INDArray images = Nd4j.randn(DataType.FLOAT, examples, 3, SIZE, SIZE);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, examples, CLASSES);
        for (int i = 0; i < examples; i++) {
            labels.putScalar(i, i, 1);
        }
        return new DataSet(images, labels);
    }

    private static Retrofit retrofit(Layer block) {
        return Retrofit.of(zoo)
                .inputTypes(InputType.convolutional(SIZE, SIZE, 3))
                .after(BRANCHES)
                .insert(Attention.of(block));
    }

    /** One that joins the addition behind it in a program, and one with maps of its own. */
    static List<Layer> blocks() {
        return Arrays.asList(SqueezeExcitation.builder().build(), Cbam.builder().build());
    }

    /** The others that can be the identity; {@link RetrofitTest} has them all in a small network. */
    static List<Layer> otherBlocks() {
        return Arrays.asList(
                Salient.builder().build(),
                Spse.builder().build(),
                Rgse.builder().window(3).build(),
                GatedChannel.builder().build(),
                EffectiveSe.builder().build(),
                GlobalContext.builder().build(),
                ScSe.builder().build(),
                CoordinateAttention.builder().build(),
                GatherExcite.builder().build(),
                Bam.builder().build());
    }

    private static INDArray[] read(ComputationGraph graph) {
        return graph.output(
                Arrays.asList("avgpool", "output"),
                false,
                new INDArray[] {data(9, 2).getFeatures()},
                null);
    }

    /** Layer by layer against layer by layer and program against program: the two round differently. */
    @ParameterizedTest
    @MethodSource("blocks")
    void atTheIdentityFeaturesAndOutputAreUnchanged(Layer block) {
        RetrofitResult result = retrofit(block).gate(1).build();
        assertThat(result.inserted()).hasSize(16);
        assertUnchanged("by layers", read(result.graph()), byLayers);
        Acceleration acceleration = Acceleration.apply(result.graph());
        assertThat(acceleration.refusal()).isNull();
        assertUnchanged("accelerated", read(result.graph()), accelerated);
        assertThat(acceleration.lastRefusal()).isNull();
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("otherBlocks")
    void atTheIdentityOfOtherBlocksTheyAreUnchanged(Layer block) {
        atTheIdentityFeaturesAndOutputAreUnchanged(block);
    }

    private static void assertUnchanged(String how, INDArray[] actual, INDArray[] expected) {
        assertClose(how + ": features", actual[0], expected[0], 1e-5);
        assertClose(how + ": probabilities", actual[1], expected[1], 1e-5);
    }

    @Test
    void trainsWithSqueezeAndExcitation() {
        RetrofitResult result = retrofit(SqueezeExcitation.builder().build()).build();
        ComputationGraph graph = result.graph();
        assertThat(result.report())
                .contains("16 layers inserted, 2530992 parameters added to ")
                .contains("  after bn2a_branch2c: bn2a_branch2c.attention (se), 256 channels, 17 x 17, gate 0.999, 8464"
                        + " parameters");
        assertThat(Acceleration.apply(graph).refusal()).isNull();
        INDArray[] before = result.inserted().stream()
                .map(insertion -> graph.getLayer(insertion.layer()).params().dup())
                .toArray(INDArray[]::new);
        double first = loss(graph);
        for (int i = 0; i < 6; i++) {
            graph.fit(data(8, 4));
        }
        assertThat(loss(graph)).isLessThan(first);
        for (int i = 0; i < before.length; i++) {
            String layer = result.inserted().get(i).layer();
            INDArray after = graph.getLayer(layer).params();
            assertThat(after.isNaN().any()).as(layer).isFalse();
            assertThat(after.equalsWithEps(before[i], 0)).as(layer).isFalse();
        }
    }

    /** Of a training pass, with the batch's own statistics. */
    private static double loss(ComputationGraph graph) {
        return graph.score(data(8, 4), true);
    }
}
