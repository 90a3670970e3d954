package io.github.squeeze4j.models;

import static io.github.squeeze4j.Arrays4j.assertClose;
import static io.github.squeeze4j.Arrays4j.assertSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.Bam;
import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.CoordinateAttention;
import io.github.squeeze4j.blocks.EffectiveSe;
import io.github.squeeze4j.blocks.Gate;
import io.github.squeeze4j.blocks.GatedChannel;
import io.github.squeeze4j.blocks.GatherExcite;
import io.github.squeeze4j.blocks.GlobalContext;
import io.github.squeeze4j.blocks.Pool;
import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.ScSe;
import io.github.squeeze4j.blocks.Spse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.engine.Acceleration;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;

/** Blocks put into small graphs that were there already. */
@Tag("tiny")
class RetrofitTest {
    private static final int SIZE = 10;
    private static final int CHANNELS = 8;
    private static final InputType INPUT = InputType.convolutional(SIZE, SIZE, 3);

    // ---- networks --------------------------------------------------------------------------------------------------

    private static ConvolutionLayer convolution(CNN2DFormat format) {
        return new ConvolutionLayer.Builder(3, 3)
                .nOut(CHANNELS)
                .convolutionMode(ConvolutionMode.Same)
                .dataFormat(format)
                .build();
    }

    /** A residual block, a dense layer that reads the flattened maps, an output. */
    private static ComputationGraph graph(DataType type, CNN2DFormat format, IUpdater updater) {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(4)
                .dataType(type)
                .activation(Activation.IDENTITY)
                .updater(updater)
                .l2(1e-3)
                .graphBuilder()
                .addInputs("image")
                .setInputTypes(InputType.convolutional(SIZE, SIZE, 3, format))
                .addLayer("conv1", convolution(format), "image")
                .addLayer("relu1", new ActivationLayer(Activation.RELU), "conv1")
                .addLayer("conv2", convolution(format), "relu1")
                .addLayer("bn2", new BatchNormalization.Builder().build(), "conv2")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "bn2", "relu1")
                .addLayer("relu2", new ActivationLayer(Activation.RELU), "add")
                .addLayer(
                        "dense",
                        new DenseLayer.Builder()
                                .nOut(6)
                                .activation(Activation.TANH)
                                .build(),
                        "relu2")
                .addLayer(
                        "out",
                        new OutputLayer.Builder()
                                .nOut(4)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "dense")
                .setOutputs("out")
                .build();
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        return graph;
    }

    private static ComputationGraph trained(DataType type, CNN2DFormat format, IUpdater updater) {
        ComputationGraph graph = graph(type, format, updater);
        for (int i = 0; i < 3; i++) {
            graph.fit(data(type, format));
        }
        graph.incrementEpochCount();
        return graph;
    }

    private static ComputationGraph trained() {
        return trained(DataType.FLOAT, CNN2DFormat.NCHW, new Adam(1e-3));
    }

    private static DataSet data(DataType type, CNN2DFormat format) {
        Nd4j.getRandom().setSeed(6);
        INDArray images = Nd4j.randn(DataType.DOUBLE, 5, 3, SIZE, SIZE);
        INDArray labels = Nd4j.zeros(type, 5, 4);
        for (int i = 0; i < 5; i++) {
            labels.putScalar(i, i % 4, 1);
        }
        INDArray laidOut =
                format == CNN2DFormat.NCHW ? images : images.permute(0, 2, 3, 1).dup('c');
        return new DataSet(laidOut.castTo(type), labels);
    }

    private static DataSet data() {
        return data(DataType.FLOAT, CNN2DFormat.NCHW);
    }

    private static Attention se() {
        return Attention.of(SqueezeExcitation.builder().reduction(2).build());
    }

    private static Retrofit retrofit(ComputationGraph graph) {
        return Retrofit.of(graph).inputTypes(INPUT);
    }

    static List<AttentionBlock> blocks() {
        return Arrays.asList(
                SqueezeExcitation.builder().reduction(2).build(),
                SqueezeExcitation.builder()
                        .reduction(2)
                        .gate(Gate.HARD_SIGMOID)
                        .activation(Activation.TANH)
                        .build(),
                Salient.builder().build(),
                Salient.builder().channelsPerMap(4).build(),
                Spse.builder().reduction(2).build(),
                Rgse.builder().reduction(2).window(3).build(),
                Rgse.builder().reduction(2).window(SIZE).build(),
                Cbam.builder().reduction(2).build(),
                Cbam.builder().reduction(2).spatial(false).pools(Pool.AVG).build(),
                Cbam.builder().channel(false).build());
    }

    private static void assertOldParametersKept(ComputationGraph result, ComputationGraph source) {
        source.paramTable().forEach((name, parameter) -> assertSame(name, result.getParam(name), parameter));
    }

    // ---- what a block starts at ------------------------------------------------------------------------------------

    /** All kinds that can be the identity. */
    static List<AttentionBlock> identities() {
        List<AttentionBlock> identities = new ArrayList<>(blocks());
        identities.addAll(List.of(
                GatedChannel.builder().build(),
                EffectiveSe.builder().build(),
                GlobalContext.builder().reduction(2).build(),
                ScSe.builder().reduction(2).build(),
                CoordinateAttention.builder().build(),
                GatherExcite.builder().reduction(2).build(),
                Bam.builder().reduction(2).build()));
        return identities;
    }

    @ParameterizedTest
    @MethodSource("identities")
    void atTheIdentityTheOutputIsUnchanged(AttentionBlock block) {
        ComputationGraph source = trained();
        INDArray images = data().getFeatures();
        RetrofitResult result = retrofit(source)
                .after("bn2|relu1|relu2")
                .insert(Attention.of(block))
                .gate(1)
                .build();
        assertThat(result.inserted())
                .hasSize(3)
                .allSatisfy(i -> assertThat(i.gate()).isEqualTo(1));
        assertOldParametersKept(result.graph(), source);
        for (String layer : new String[] {"dense", "out"}) {
            assertClose(layer, read(result.graph(), layer, images), read(source, layer, images), 1e-6);
        }
        Acceleration acceleration = Acceleration.apply(result.graph());
        INDArray accelerated = result.graph().outputSingle(images);
        assertThat(acceleration.lastRefusal()).isNull();
        assertClose("accelerated", accelerated, read(source, "out", images), 1e-6);
    }

    private static INDArray read(ComputationGraph graph, String layer, INDArray images) {
        return graph.output(Arrays.asList(layer), false, new INDArray[] {images}, null)[0];
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void aBlockMultipliesEveryValueByTheGate(AttentionBlock block) {
        ComputationGraph source = trained(DataType.DOUBLE, CNN2DFormat.NCHW, new Sgd(0.01));
        for (double gate : new double[] {0.3, 0.999}) {
            RetrofitResult result = retrofit(source)
                    .after("bn2")
                    .insert(Attention.of(block))
                    .gate(gate)
                    .build();
            assertThat(result.inserted().get(0).gate()).isEqualTo(gate);
            DataSet data = data(DataType.DOUBLE, CNN2DFormat.NCHW);
            for (boolean training : new boolean[] {false, true}) {
                Map<String, INDArray> maps = result.graph().feedForward(data.getFeatures(), training);
                assertClose("gated", maps.get("bn2.attention"), maps.get("bn2").mul(gate), 1e-12);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void aBlockLearnsFromTheDefaultStart(AttentionBlock block) {
        RetrofitResult result =
                retrofit(trained()).after("bn2").insert(Attention.of(block)).build();
        assertThat(result.inserted().get(0).gate()).isEqualTo(Retrofit.DEFAULT_GATE);
        INDArray before = result.graph().getLayer("bn2.attention").params().dup();
        double loss = result.graph().score(data());
        for (int i = 0; i < 10; i++) {
            result.graph().fit(data());
        }
        assertThat(result.graph().getLayer("bn2.attention").params().equalsWithEps(before, 0))
                .isFalse();
        assertThat(result.graph().score(data())).isLessThan(loss);
    }

    @Test
    void withoutABiasTheFactorIsAHalf() {
        RetrofitResult result = retrofit(trained())
                .after("bn2")
                .insert(Attention.of(
                        SqueezeExcitation.builder().reduction(2).biases(false).build()))
                .build();
        assertThat(result.inserted().get(0).gate()).isEqualTo(0.5);
        Map<String, INDArray> maps = result.graph().feedForward(data().getFeatures(), false);
        assertClose("gated", maps.get("bn2.attention"), maps.get("bn2").mul(0.5), 1e-6);
        assertThat(result.report()).contains("gate 0.5, 64 parameters");
    }

    @Test
    void aRandomStartIsTheBlocksOwn() {
        RetrofitResult result = retrofit(trained())
                .after("bn2")
                .insert(Attention.of(Salient.builder().build()))
                .gate(1)
                .randomStart()
                .build();
        assertThat(result.inserted().get(0).gate()).isNaN();
        assertThat(result.report()).contains("own start");
        assertThat(result.graph().getParam("bn2.attention_gamma").getDouble(0)).isEqualTo(1);
    }

    @Test
    void startNearIdentityRefusesWhatIsNoBlock() {
        ComputationGraph graph =
                retrofit(trained()).after("bn2").insert(se()).build().graph();
        assertThat(AttentionBlock.startNearIdentity(graph.getLayer("bn2.attention"), 0.9))
                .isEqualTo(0.9);
        assertThatThrownBy(() -> AttentionBlock.startNearIdentity(graph.getLayer("bn2"), 0.9))
                .hasMessage("layer (BatchNormalization) must be an attention block; use network.getLayer(name) of one");
        assertThatThrownBy(() -> AttentionBlock.startNearIdentity(graph.getLayer("bn2.attention"), 0))
                .hasMessage("gate (0.0) must be above 0 and at most 1; use 0.999, or 1 for an unchanged output");
        assertThatThrownBy(() -> AttentionBlock.startNearIdentity(null, 1))
                .hasMessage("layer (null) must be set; use network.getLayer(name) of an attention block");
    }

    // ---- where it goes ---------------------------------------------------------------------------------------------

    @Test
    void allReadersReadTheNewLayerAndKeepTheirPreprocessors() {
        ComputationGraph source = trained();
        String before = source.getConfiguration().toJson();
        INDArray parameters = source.params().dup();
        ComputationGraph graph = retrofit(source)
                .after("relu.")
                .insert(se())
                .after(vertex -> vertex.layer() instanceof BatchNormalization)
                .insert(Attention.named("salient"))
                .build()
                .graph();
        Map<String, List<String>> inputs = graph.getConfiguration().getVertexInputs();
        assertThat(inputs.get("relu1.attention")).containsExactly("relu1");
        assertThat(inputs.get("conv2")).containsExactly("relu1.attention");
        assertThat(inputs.get("add")).containsExactly("bn2.attention", "relu1.attention");
        assertThat(inputs.get("dense")).containsExactly("relu2.attention");
        LayerVertex dense = (LayerVertex) graph.getConfiguration().getVertices().get("dense");
        assertThat(dense.getPreProcessor()).isNotNull();
        assertThat(((LayerVertex) graph.getConfiguration().getVertices().get("relu2.attention")).getPreProcessor())
                .isNull();
        assertThat(source.getConfiguration().toJson()).isEqualTo(before);
        assertSame("parameters", source.params(), parameters);
        graph.fit(data());
        assertSame("parameters", source.params(), parameters);
    }

    @Test
    void placesAreNumberedBySizeOfMap() {
        List<String> sites = new ArrayList<>();
        ComputationGraph source = Models.builder("resnet20")
                .inputSize(16)
                .inputChannels(1)
                .classes(3)
                .build()
                .init();
        RetrofitResult result = Retrofit.of(source)
                .inputTypes(InputType.convolutional(16, 16, 1))
                .after("stage\\d\\.block[12]\\.bn2")
                .insert(site -> {
                    sites.add(site.toString());
                    return site.stage() == 1 ? null : se().at(site);
                })
                .build();
        assertThat(sites)
                .containsExactly(
                        "stage1.block1 [16, 16, 16]",
                        "stage1.block2 [16, 16, 16]",
                        "stage2.block1 [32, 8, 8]",
                        "stage2.block2 [32, 8, 8]",
                        "stage3.block1 [64, 4, 4]",
                        "stage3.block2 [64, 4, 4]");
        assertThat(result.inserted())
                .extracting(RetrofitInsertion::layer)
                .containsExactly(
                        "stage2.block1.bn2.attention",
                        "stage2.block2.bn2.attention",
                        "stage3.block1.bn2.attention",
                        "stage3.block2.bn2.attention");
    }

    @Test
    void theReportListsWhatWasChanged() {
        RetrofitResult result =
                retrofit(trained()).after("bn2|relu1").insert(se()).build();
        assertThat(result.report().lines())
                .containsExactly(
                        "2 layers inserted, 152 parameters added to 5674",
                        "  after relu1: relu1.attention (se), 8 channels, 10 x 10, gate 0.999, 76 parameters",
                        "  after bn2: bn2.attention (se), 8 channels, 10 x 10, gate 0.999, 76 parameters",
                        "  new layers, where they have none of their own: updater " + new Adam(1e-3)
                                + ", regularisation [" + new L2Regularization(1e-3) + "]",
                        "  updater state: kept for all old parameters, new for the inserted layers");
        assertThat(retrofit(graph(DataType.FLOAT, CNN2DFormat.NCHW, new Adam(1e-3)))
                        .after("bn2")
                        .insert(se())
                        .build()
                        .report())
                .startsWith("1 layer inserted")
                .endsWith("  updater state: none to keep");
    }

    // ---- what is kept ----------------------------------------------------------------------------------------------

    private static IUpdater[] updaters() {
        return new IUpdater[] {new Adam(1e-3), new Nesterovs(0.01, 0.9), new RmsProp(1e-3), new Sgd(0.01)};
    }

    static List<IUpdater> updatersWithAndWithoutState() {
        return Arrays.asList(updaters());
    }

    /**
     * A network with blocks whose gates are exactly 1, and so do not learn, goes on as the network without them would, whether
     * the blocks share the updater of their neighbours and its state or not.
     */
    @ParameterizedTest
    @MethodSource("updatersWithAndWithoutState")
    void trainingGoesOnWhereItWas(IUpdater updater) {
        AttentionBlock own =
                SqueezeExcitation.builder().reduction(2).updater(new Sgd(0.5)).build();
        for (Attention attention : Arrays.asList(se(), Attention.of(own))) {
            ComputationGraph source = trained(DataType.DOUBLE, CNN2DFormat.NCHW, updater);
            ComputationGraph graph = retrofit(source)
                    .after("relu1|bn2")
                    .insert(attention)
                    .gate(1)
                    .build()
                    .graph();
            assertThat(graph.getIterationCount()).isEqualTo(3);
            assertThat(graph.getEpochCount()).isEqualTo(1);
            DataSet data = data(DataType.DOUBLE, CNN2DFormat.NCHW);
            for (int i = 0; i < 3; i++) {
                source.fit(data);
                graph.fit(data);
            }
            source.paramTable().forEach((name, value) -> assertClose(name, graph.getParam(name), value, 1e-9));
        }
    }

    /** The new layers' updater is the old ones', so that old and new parameters share blocks of the updater's state. */
    @Test
    void updaterStateIsKeptAmongNewParameters() {
        ComputationGraph source = trained();
        ComputationGraph graph =
                retrofit(source).after("relu1|bn2").insert(se()).build().graph();
        long old = source.getUpdater().getStateViewArray().length();
        long added = 2 * 2 * 76;
        assertThat(graph.getUpdater().getStateViewArray().length()).isEqualTo(old + added);
        assertThat(sum(graph)).isCloseTo(sum(source), within(1e-9));
        assertThat(graph.getUpdater().getUpdaterBlocks().stream()
                        .map(UpdaterBlock::getLayersAndVariablesInBlock)
                        .mapToInt(List::size)
                        .max()
                        .getAsInt())
                .isGreaterThan(4);
    }

    private static double sum(ComputationGraph graph) {
        return graph.getUpdater()
                .getStateViewArray()
                .castTo(DataType.DOUBLE)
                .sumNumber()
                .doubleValue();
    }

    @Test
    void newLayersLearnByTheNetworksUpdaterOrTheirOwn() {
        ComputationGraph graph = retrofit(trained())
                .after("bn2")
                .insert(se())
                .after("relu1")
                .insert(Attention.of(SqueezeExcitation.builder()
                        .reduction(2)
                        .updater(new Sgd(0.5))
                        .l2(0.25)
                        .build()))
                .build()
                .graph();
        AttentionBlock inherited =
                (AttentionBlock) graph.getLayer("bn2.attention").conf().getLayer();
        assertThat(inherited.getUpdater()).isEqualTo(new Adam(1e-3));
        assertThat(inherited.getRegularization()).containsExactly(new L2Regularization(1e-3));
        AttentionBlock own =
                (AttentionBlock) graph.getLayer("relu1.attention").conf().getLayer();
        assertThat(own.getUpdater()).isEqualTo(new Sgd(0.5));
        assertThat(own.getRegularization()).containsExactly(new L2Regularization(0.25));
    }

    @Test
    void frozenLayersStayFrozen() {
        ComputationGraph source = new TransferLearning.GraphBuilder(trained())
                .setFeatureExtractor("relu1")
                .build();
        RetrofitResult result = retrofit(source).after("relu1|bn2").insert(se()).build();
        ComputationGraph graph = result.graph();
        assertThat(graph.getLayer("conv1")).isInstanceOf(FrozenLayer.class);
        assertThat(graph.getLayer("conv2")).isNotInstanceOf(FrozenLayer.class);
        assertOldParametersKept(graph, source);
        INDArray convolution = graph.getLayer("conv1").params().dup();
        INDArray block = graph.getLayer("relu1.attention").params().dup();
        graph.fit(data());
        assertSame("conv1", graph.getLayer("conv1").params(), convolution);
        assertThat(graph.getLayer("relu1.attention").params().equalsWithEps(block, 0))
                .isFalse();
        assertThat(((AttentionBlock) graph.getLayer("relu1.attention").conf().getLayer()).getUpdater())
                .isEqualTo(new Adam(1e-3));
    }

    /** DL4J gives no gradient to what stands before a frozen layer. */
    @Test
    void aBlockThatAFrozenLayerReadsIsFrozenToo() {
        ComputationGraph source = new TransferLearning.GraphBuilder(trained())
                .setFeatureExtractor("conv2")
                .build();
        RetrofitResult result = retrofit(source).after("relu1|bn2").insert(se()).build();
        ComputationGraph graph = result.graph();
        assertThat(graph.getLayer("relu1.attention")).isInstanceOf(FrozenLayer.class);
        assertThat(result.inserted().get(0).isFrozen()).isTrue();
        assertThat(result.inserted().get(0).gate()).isEqualTo(0.999);
        assertThat(result.inserted().get(1).isFrozen()).isFalse();
        assertThat(result.report()).contains("gate 0.999, 76 parameters, frozen as what reads it");
        INDArray block = graph.getLayer("relu1.attention").params().dup();
        INDArray other = graph.getLayer("bn2.attention").params().dup();
        graph.fit(data());
        assertSame("frozen", graph.getLayer("relu1.attention").params(), block);
        assertThat(graph.getLayer("bn2.attention").params().equalsWithEps(other, 0))
                .isFalse();
    }

    @ParameterizedTest
    @EnumSource(
            value = DataType.class,
            names = {"FLOAT", "DOUBLE"})
    void channelsLast(DataType type) {
        ComputationGraph source = trained(type, CNN2DFormat.NHWC, new Adam(1e-3));
        DataSet data = data(type, CNN2DFormat.NHWC);
        INDArray expected = source.outputSingle(data.getFeatures());
        ComputationGraph graph = Retrofit.of(source)
                .inputTypes(InputType.convolutional(SIZE, SIZE, 3, CNN2DFormat.NHWC))
                .after("bn2|relu2")
                .insert(Attention.of(Cbam.builder().reduction(2).build()))
                .gate(1)
                .build()
                .graph();
        AttentionBlock block =
                (AttentionBlock) graph.getLayer("bn2.attention").conf().getLayer();
        assertThat(block.getFormat()).isEqualTo(CNN2DFormat.NHWC);
        assertClose("output", graph.outputSingle(data.getFeatures()), expected, 1e-6);
        graph.fit(data);
    }

    @Test
    void clonesFilesAndJson(@TempDir Path folder) throws IOException {
        ComputationGraph graph =
                retrofit(trained()).after("bn2|relu2").insert(se()).build().graph();
        graph.fit(data());
        INDArray expected = graph.outputSingle(data().getFeatures());
        File file = folder.resolve("model.zip").toFile();
        ModelSerializer.writeModel(graph, file, true);
        ComputationGraph loaded = ModelSerializer.restoreComputationGraph(file, true);
        assertSame(
                "updater",
                loaded.getUpdater().getStateViewArray(),
                graph.getUpdater().getStateViewArray());
        ComputationGraph fromJson = new ComputationGraph(
                ComputationGraphConfiguration.fromJson(graph.getConfiguration().toJson()));
        fromJson.init(graph.params(), true);
        for (ComputationGraph other : Arrays.asList(graph.clone(), loaded, fromJson)) {
            assertSame("output", other.outputSingle(data().getFeatures()), expected);
        }
        assertThat(fromJson.getConfiguration()).isEqualTo(graph.getConfiguration());
        assertThat(loaded.getIterationCount()).isEqualTo(4);
    }

    @Test
    void anAcceleratedGraphStaysAcceleratedAndTheNewOneCanBe() {
        ComputationGraph source = trained();
        Acceleration acceleration = Acceleration.apply(source);
        assertThat(acceleration.refusal()).isNull();
        INDArray images = data().getFeatures();
        INDArray expected = source.outputSingle(images);
        Object[] vertices = source.getVertices().clone();
        ComputationGraph graph =
                retrofit(source).after("bn2|relu1").insert(se()).gate(1).build().graph();
        assertThat(source.getVertices()).isEqualTo(vertices);
        assertOldParametersKept(graph, source);
        assertClose("by layers", graph.outputSingle(images), expected, 1e-5);
        Acceleration second = Acceleration.apply(graph);
        assertThat(second.refusal()).isNull();
        assertThat(second.nativeLayers()).contains("bn2.attention", "relu1.attention");
        assertClose("accelerated", graph.outputSingle(images), expected, 1e-5);
        graph.fit(data());
        assertThat(second.lastRefusal()).isNull();
    }

    @Test
    void aNetworkOfLayersBecomesAGraph() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(5)
                .updater(new Adam(1e-3))
                .list()
                .layer(convolution(CNN2DFormat.NCHW))
                .layer(new BatchNormalization.Builder().build())
                .layer(new OutputLayer.Builder()
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(INPUT)
                .build());
        assertThatThrownBy(() -> Retrofit.of(network)).hasMessage("network must be initialised; call its init() first");
        network.init();
        network.fit(data());
        network.fit(data());
        ComputationGraph graph = Retrofit.of(network)
                .inputTypes(INPUT)
                .after("1")
                .insert(se())
                .gate(1)
                .build()
                .graph();
        INDArray images = data().getFeatures();
        assertClose("output", graph.outputSingle(images), network.output(images), 1e-6);
        assertThat(graph.getIterationCount()).isEqualTo(2);
        graph.fit(data());
        assertThatThrownBy(() -> Retrofit.of((MultiLayerNetwork) null))
                .hasMessage("network (null) must be set; use an initialised MultiLayerNetwork");
    }

    @Test
    void aLayerThatIsNoBlockIsInsertedAsItIs() {
        RetrofitResult result = retrofit(trained())
                .after("add")
                .insert(Attention.of(new ActivationLayer.Builder()
                        .activation(Activation.TANH)
                        .build()))
                .after("bn2")
                .insert(Attention.of(convolution(CNN2DFormat.NCHW)))
                .build();
        assertThat(result.report())
                .contains("after add: add.attention (ActivationLayer, no attention block), 8 channels, 10 x 10, own"
                        + " start, 0 parameters")
                .contains("bn2.attention (ConvolutionLayer, no attention block)");
        Layer layer = result.graph().getLayer("bn2.attention").conf().getLayer();
        assertThat(((ConvolutionLayer) layer).getIUpdater()).isEqualTo(new Adam(1e-3));
        result.graph().fit(data());
    }

    // ---- bad input -------------------------------------------------------------------------------------------------

    private static void assertRefused(Retrofit retrofit, String message) {
        assertThatThrownBy(retrofit::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void theGraphMustBeThere() {
        assertThatThrownBy(() -> Retrofit.of((ComputationGraph) null))
                .hasMessage("graph (null) must be set; use an initialised ComputationGraph");
        assertThatThrownBy(() -> Retrofit.of(new ComputationGraph(trained().getConfiguration())))
                .hasMessage("graph must be initialised; call its init() first");
    }

    @Test
    void theInputTypesMustFit() {
        ComputationGraph graph = trained();
        assertRefused(
                Retrofit.of(graph).after("bn2").insert(se()),
                "inputTypes (none) must name the network's inputs [image], which DL4J does not keep; use"
                        + " inputTypes(InputType.convolutional(height, width, channels))");
        assertRefused(
                Retrofit.of(graph).inputTypes(INPUT, INPUT).after("bn2").insert(se()),
                "inputTypes [" + INPUT + ", " + INPUT + "] must name one type for each of the network's inputs [image];"
                        + " use 1 type");
        InputType gray = InputType.convolutional(SIZE, SIZE, 1);
        assertRefused(
                Retrofit.of(graph).inputTypes(gray).after("bn2").insert(se()),
                "inputTypes [" + gray
                        + "] must fit the network: \"conv1\" would have 80 parameters and has 224; use the"
                        + " types that the network was configured for");
        InputType large = InputType.convolutional(2 * SIZE, SIZE, 3);
        assertThatThrownBy(retrofit(graph).inputTypes(large).after("bn2").insert(se())::build)
                .hasMessageStartingWith("inputTypes [" + large + "] must fit the network: ")
                .hasMessageEndingWith("; use the types that the network was configured for");
        assertThatThrownBy(retrofit(graph)
                        .inputTypes(InputType.feedForward(7))
                        .after("bn2")
                        .insert(se())::build)
                .hasMessageStartingWith("inputTypes [" + InputType.feedForward(7) + "] must fit the network: ")
                .hasMessageEndingWith("; use the types that the network was configured for");
        InputType last = InputType.convolutional(SIZE, SIZE, 3, CNN2DFormat.NHWC);
        assertRefused(
                retrofit(graph).inputTypes(last).after("bn2").insert(se()),
                "inputTypes [" + last + "] must fit the network: \"conv1\" is NCHW and not NHWC; use"
                        + " InputType.convolutional(height, width, channels, CNN2DFormat.NCHW)");
    }

    @Test
    void theVerticesMustBeThereAndFeatureMaps() {
        ComputationGraph graph = trained();
        assertRefused(
                retrofit(graph).after("bn3").insert(se()),
                "pattern (bn3) must match the whole name of a vertex; the nearest names are bn2, add, out, conv1,"
                        + " conv2");
        assertThatThrownBy(retrofit(graph).after(vertex -> false).insert(se())::build)
                .hasMessageStartingWith("after(predicate) must choose at least one of the 8 vertices, such as ");
        assertThatThrownBy(() -> retrofit(graph).after("bn("))
                .hasMessage("pattern (bn() must be a regular expression: Unclosed group; use Pattern.quote(name) for a"
                        + " name as it is");
        assertRefused(
                retrofit(graph).after("dense").insert(se()),
                "vertex \"dense\" (" + InputType.feedForward(6)
                        + ") must give a feature map; choose a vertex before the"
                        + " maps are flattened or pooled away");
        ComputationGraph headless = new TransferLearning.GraphBuilder(graph)
                .removeVertexAndConnections("dense")
                .removeVertexAndConnections("out")
                .setOutputs("relu2")
                .build();
        assertRefused(
                retrofit(headless).after("relu2").insert(se()),
                "vertex \"relu2\" must not be an output of the network, whose name would be another's; choose a vertex"
                        + " before it");
    }

    @Test
    void theBlockMustFit() {
        ComputationGraph graph = trained();
        assertRefused(
                retrofit(graph)
                        .after("bn2")
                        .insert(Attention.of(
                                Rgse.builder().reduction(2).window(11).build())),
                "rgse layer \"bn2.attention\": window (11) must not exceed the map's size (10 x 10); use window(10)");
        assertRefused(
                retrofit(graph).after("bn2").insert(Attention.named("se")),
                "se layer \"bn2.attention\": reduction (16) must not exceed channels (8); use reduction(4)");
        assertRefused(
                retrofit(graph).after("bn2").insert(Attention.none()),
                "attention must give a layer for at least one of the 1 vertices chosen and gave null for all; use"
                        + " Attention.named(\"se\")");
        assertRefused(
                retrofit(graph).after("bn2").insert(se()).after("bn.").insert(se()),
                "layer name \"bn2.attention\" must be new and is taken; choose another vertex than \"bn2\", or one"
                        + " vertex once");
        assertThatThrownBy(retrofit(graph)
                        .after("bn2")
                        .insert(Attention.of(new ConvolutionLayer.Builder(3, 3)
                                .nOut(CHANNELS)
                                .build()))::build)
                .hasMessageStartingWith(
                        "layer \"bn2.attention\" (ConvolutionLayer) must keep the map's shape and gives ")
                .hasMessageEndingWith("; use a layer that keeps it");
    }

    @Test
    void theSentenceMustBeWhole() {
        Retrofit retrofit = retrofit(trained());
        assertThatThrownBy(retrofit::build)
                .hasMessage("nothing to insert; use after(\"name\").insert(Attention.named(\"se\"))");
        assertThatThrownBy(() -> retrofit.insert(se()))
                .hasMessage("insert(...) must follow after(...); say after which vertices");
        retrofit.after("bn2");
        assertThatThrownBy(retrofit::build)
                .hasMessage("after(...) must be followed by insert(...); say what to insert");
        assertThatThrownBy(() -> retrofit.insert(null))
                .hasMessage("attention (null) must be set; use Attention.named(\"se\")");
        assertThatThrownBy(() -> retrofit.gate(1.5))
                .hasMessage("gate (1.5) must be above 0 and at most 1; use gate(0.999), or gate(1) for an unchanged"
                        + " output");
    }
}
