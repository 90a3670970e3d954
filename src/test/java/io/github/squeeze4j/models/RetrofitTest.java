package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.engine.Acceleration;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.util.ModelSerializer;
import org.deeplearning4j.zoo.model.ResNet50;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.NoOp;

/** Blocks in graphs that exist already. */
class RetrofitTest {
    /** The zoo's last pooling wants a map of 3x3. */
    private static final int SIZE = 160;

    private static final int CLASSES = 5;
    private static final String BRANCHES = "bn\\d[a-z]_branch2c";
    private static final InputType INPUT = InputType.convolutional(SIZE, SIZE, 3);

    private static ComputationGraph zoo;

    @BeforeAll
    static void zoo() {
        zoo = ResNet50.builder()
                .numClasses(CLASSES)
                .inputShape(new int[] {3, SIZE, SIZE})
                .updater(new Adam(3e-3))
                .seed(7)
                .build()
                .init();
        Acceleration.apply(zoo);
        // as if trained: with the variances it starts with, its values grow beyond all bounds at inference
        for (int step = 0; step < 3; step++) {
            zoo.fit(new INDArray[] {images(8, step)}, new INDArray[] {labels(8)});
        }
    }

    private static INDArray images(int n, long seed) {
        Nd4j.getRandom().setSeed(seed);
        return Nd4j.randn(DataType.FLOAT, n, 3, SIZE, SIZE);
    }

    private static INDArray labels(int n) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, n, CLASSES);
        for (int i = 0; i < n; i++) {
            labels.putScalar(i, i % CLASSES, 1);
        }
        return labels;
    }

    /** What a graph computes before its output layer. */
    private static INDArray features(ComputationGraph graph, INDArray images) {
        String output = graph.getConfiguration().getNetworkOutputs().get(0);
        String last = graph.getConfiguration().getVertexInputs().get(output).get(0);
        return graph.feedForward(images, false).get(last);
    }

    /** Without the regularisation of the zoo's wide weights. */
    private static double loss(ComputationGraph graph) {
        return graph.score() - graph.calcRegularizationScore(true);
    }

    @Test
    void zooResNet50WithSqueezeExcitationTrains() {
        Retrofit.Result result = Retrofit.of(zoo, INPUT).after(BRANCHES).insert(Attention.named("se"));
        assertThat(result.changes()).hasSize(16);
        assertThat(result.report())
                .startsWith("Inserted 16 blocks with 2,530,992 parameters; all ")
                .contains("bn2a_branch2c -> bn2a_branch2c.attention: se, 256 channels, ")
                .contains("starts at a gate of 0.999");

        ComputationGraph graph = result.graph();
        Acceleration.apply(graph);
        INDArray images = images(8, 1);
        INDArray labels = labels(8);
        INDArray before = graph.getParam("bn5c_branch2c.attention_expandW").dup();
        graph.fit(new INDArray[] {images}, new INDArray[] {labels});
        double first = loss(graph);
        for (int step = 0; step < 20; step++) {
            graph.fit(new INDArray[] {images}, new INDArray[] {labels});
        }
        assertThat(loss(graph)).isLessThan(0.5 * first);
        for (Retrofit.Change change : result.changes()) {
            assertThat(graph.getParam(change.layer() + "_expandB").stdNumber().doubleValue())
                    .as(change.layer())
                    .isPositive();
        }
        assertThat(graph.getParam("bn5c_branch2c.attention_expandW")).isNotEqualTo(before);
    }

    static List<String> blocks() {
        return List.of("se", "salient", "spse", "rgse", "cbam", "eca", "gct", "ese", "gc", "scse", "ca", "ge", "bam");
    }

    /** ECA and SimAM have no biases, selective kernels convolve: they cannot be the identity. */
    @ParameterizedTest
    @MethodSource("blocks")
    void atIdentityTheOutputStays(String block) {
        INDArray images = images(3, 5);
        INDArray expected = zoo.outputSingle(images);
        assertThat(expected.amaxNumber().doubleValue()).isFinite();
        Attention attention =
                block.equals("rgse") ? Attention.of(Rgse.builder().window(1).build()) : Attention.named(block);
        Retrofit.Result result = Retrofit.of(zoo, INPUT).after(BRANCHES).gate(1).insert(attention);
        if (block.equals("eca")) {
            assertThat(result.changes()).allMatch(change -> change.start() == 0.5);
            return;
        }
        assertThat(result.changes()).allMatch(change -> Math.abs(change.start() - 1) < 1e-6);
        Arrays4j.assertClose(block + " output", result.graph().outputSingle(images), expected, 1e-5);
        INDArray wide = features(zoo, images);
        Arrays4j.assertClose(
                block + " features",
                features(result.graph(), images),
                wide,
                1e-5 * Math.max(1, wide.amaxNumber().doubleValue()));
        Arrays4j.assertClose("the given graph", zoo.outputSingle(images), expected, 0);
    }

    /** Momentum of every parameter that was there. */
    @Test
    void trainingGoesOn() {
        ComputationGraph source =
                Models.builder("resnet20").inputSize(8).classes(CLASSES).build().init();
        INDArray images = Nd4j.rand(DataType.FLOAT, 4, 3, 8, 8);
        for (int step = 0; step < 2; step++) {
            source.fit(new INDArray[] {images}, new INDArray[] {labels(4)});
        }
        Retrofit.Result result = Retrofit.of(source, InputType.convolutional(8, 8, 3))
                .after("stage\\d\\.block\\d\\.bn2")
                .gate(1)
                .insert(Attention.named("gct"));
        assertThat(result.report()).contains("and the updater's state with them");
        ComputationGraph graph = result.graph();
        assertThat(graph.getIterationCount()).isEqualTo(2);
        // a gate of exactly 1 changes nothing, so the next step is the one that the source would make
        source.fit(new INDArray[] {images}, new INDArray[] {labels(4)});
        graph.fit(new INDArray[] {images}, new INDArray[] {labels(4)});
        source.paramTable()
                .forEach((key, value) ->
                        Arrays4j.assertClose(key, graph.paramTable().get(key), value, 1e-3));
    }

    @Test
    void weightsAreKeptAndTheResultComesBack(@TempDir Path folder) throws Exception {
        ComputationGraph source = Models.builder("resnet20")
                .inputSize(16)
                .classes(CLASSES)
                .build()
                .init();
        Map<String, INDArray> kept = source.paramTable();
        Retrofit.Result result = Retrofit.of(source, InputType.convolutional(16, 16, 3))
                .after(name -> name.matches("stage\\d\\.block\\d\\.bn2"))
                .insert(site -> site.block() % 2 == 1
                        ? SqueezeExcitation.builder().reduction(4).build()
                        : null);
        assertThat(result.changes()).hasSize(6);
        ComputationGraph graph = result.graph();
        kept.forEach(
                (key, value) -> assertThat(graph.paramTable().get(key)).as(key).isEqualTo(value));
        assertThat(graph.getConfiguration().getVertexInputs().get("stage1.block1.add"))
                .containsExactly("stage1.block1.bn2.attention", "stem.relu");

        SqueezeExcitation block = (SqueezeExcitation)
                graph.getLayer("stage1.block1.bn2.attention").conf().getLayer();
        assertThat(block.getUpdaterByParam("reduceW").getClass()).isNotEqualTo(NoOp.class);
        assertThat(block.getUpdaterByParam("reduceW"))
                .isEqualTo(((org.deeplearning4j.nn.conf.layers.BaseLayer)
                                graph.getLayer("stem.conv").conf().getLayer())
                        .getIUpdater());

        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 16, 16);
        Acceleration.apply(graph);
        INDArray output = graph.outputSingle(images);
        assertThat(ComputationGraphConfiguration.fromJson(
                        graph.getConfiguration().toJson()))
                .isEqualTo(graph.getConfiguration());
        Arrays4j.assertClose("clone", graph.clone().outputSingle(images), output, 1e-5);
        File file = folder.resolve("retrofitted.zip").toFile();
        ModelSerializer.writeModel(graph, file, true);
        ComputationGraph read = ModelSerializer.restoreComputationGraph(file, true);
        Arrays4j.assertClose("read", read.outputSingle(images), output, 1e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"NCHW", "NHWC"})
    void formatsAndFrozenLayers(CNN2DFormat format) {
        ComputationGraph source = Models.builder("resnet20")
                .inputSize(16)
                .classes(CLASSES)
                .format(format)
                .build()
                .init();
        ComputationGraph frozen = new TransferLearning.GraphBuilder(source)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(1e-3))
                        .build())
                .setFeatureExtractor("stage2.block1.relu")
                .build();
        Retrofit.Result result = Retrofit.of(frozen, InputType.convolutional(16, 16, 3, format))
                .after("stage\\d\\.block2\\.bn2")
                .gate(1)
                .insert(Attention.named("cbam"));
        assertThat(result.changes()).extracting(Retrofit.Change::isFrozen).containsExactly(true, false, false);
        assertThat(result.report()).contains("frozen as what reads it");
        ComputationGraph graph = result.graph();
        INDArray images = format == CNN2DFormat.NCHW
                ? Nd4j.rand(DataType.FLOAT, 2, 3, 16, 16)
                : Nd4j.rand(DataType.FLOAT, 2, 16, 16, 3);
        Arrays4j.assertClose("output", graph.outputSingle(images), source.outputSingle(images), 1e-5);
        INDArray stem = graph.getParam("stem.conv_W").dup();
        INDArray late = graph.getParam("stage3.block3.conv1_W").dup();
        graph.fit(new INDArray[] {images}, new INDArray[] {labels(2)});
        assertThat(graph.getParam("stem.conv_W")).isEqualTo(stem);
        assertThat(graph.getParam("stage3.block3.conv1_W")).isNotEqualTo(late);
    }

    @Test
    void anOutputStaysAnOutput() {
        Network network = Models.builder("resnet20").inputSize(16).build();
        ComputationGraph features = network.initFeatures(4);
        String output = features.getConfiguration().getNetworkOutputs().get(0);
        ComputationGraph graph = Retrofit.of(features, network.inputType())
                .after(output)
                .ownStart()
                .insert(Attention.named("se"))
                .graph();
        assertThat(graph.getConfiguration().getNetworkOutputs()).containsExactly(output + ".attention");
        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 16, 16);
        assertThat(graph.outputSingle(images).shape())
                .isEqualTo(features.outputSingle(images).shape());
    }

    @Test
    void layersOfTheUsersOwn() {
        Network network = Models.builder("resnet20").inputSize(16).build();
        ComputationGraph source = network.init();
        Retrofit.Result result = Retrofit.of(source, network.inputType())
                .after("stage1\\.block1\\.bn2")
                .insert(Attention.of(new ActivationLayer(Activation.IDENTITY)));
        assertThat(result.report())
                .contains(
                        "stage1.block1.bn2.attention: ActivationLayer, 16 channels, 16x16, 0 parameters, starts as in a new"
                                + " network");
    }

    @Test
    void badInput() {
        Network network = Models.builder("resnet20").inputSize(16).build();
        ComputationGraph graph = network.init();
        InputType input = network.inputType();
        refused(() -> Retrofit.of(null, input), "graph (null) must be set; pass the initialised graph");
        refused(
                () -> Retrofit.of(new ComputationGraph(network.conf()), input),
                "graph (not initialised) must have parameters; call init() first");
        refused(
                () -> Retrofit.of(graph),
                "inputTypes (0) must be one for each of the inputs [input]; use InputType.convolutional(height, width,"
                        + " channels)");
        refused(
                () -> Retrofit.of(graph, input).insert(Attention.named("se")),
                "selection (not set) must be made; use after(\"pattern\")");
        refused(
                () -> Retrofit.of(graph, input).after("stage1.block1.bn4").insert(Attention.named("se")),
                "pattern (stage1.block1.bn4) must select a vertex; this graph has stage1.block1.bn1, stage1.block1.bn2,"
                        + " stage1.block2.bn1, stage1.block2.bn2, stage1.block3.bn1 and 68 more");
        refused(
                () -> Retrofit.of(graph, input).after("["),
                "pattern ([) must be a regular expression: Unclosed character class");
        refused(
                () -> Retrofit.of(graph, input).after("classifier").insert(Attention.named("se")),
                "vertex (classifier) must give a feature map, not InputTypeFeedForward(10); select another");
        refused(
                () -> Retrofit.of(graph, input).after("stage3\\.block1\\.bn2").insert(Attention.named("rgse")),
                "vertex (stage3.block1.bn2): rgse layer \"stage3.block1.bn2.attention\": window (7) must not exceed the"
                        + " map's size (4 x 4); use window(4)");
        refused(() -> Retrofit.of(graph, input).gate(0), "gate (0.0) must be above 0 and at most 1; use gate(0.999)");
        ComputationGraph once = Retrofit.of(graph, input)
                .after("stage1\\.block1\\.bn2")
                .insert(Attention.named("se"))
                .graph();
        refused(
                () -> Retrofit.of(once, input).after("stage1\\.block1\\.bn2").insert(Attention.named("se")),
                "layer name (stage1.block1.bn2.attention) must be new, but the graph has such a vertex already; was it"
                        + " retrofitted before?");
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
