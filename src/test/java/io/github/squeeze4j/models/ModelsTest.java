package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.models.families.ResNet;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** Every registered network. */
@Tag("tiny")
class ModelsTest {
    /** The last of three stages sees 7x7, the least that RGSE's window takes. */
    private static final int SIZE = 28;

    private static final long SEED = 11;
    private static final String OWN = "my_resnet20";

    static List<String> names() {
        return Models.names().stream().filter(name -> !name.equals(OWN)).collect(Collectors.toList());
    }

    static List<String> cifarNames() {
        return names().stream()
                .filter(name -> List.of("20", "32", "44", "56", "110").contains(name.replaceAll(".*resnet", "")))
                .collect(Collectors.toList());
    }

    @Test
    void namesArePinned() {
        assertThat(names())
                .hasSize(138)
                .contains("resnet18", "se_resnet152", "cbam_resnet110", "rgse_resnet20")
                .contains(
                        "resnext50_32x4d", "se_resnext101_32x4d", "rgse_resnext101_32x8d", "cbam_resnext29_8x64d_cifar")
                .contains("mobilenet_v2", "se_mobilenet_v2", "salient_mobilenet_v2", "senet154");
        assertThat(cifarNames()).hasSize(30);
    }

    @ParameterizedTest
    @MethodSource("names")
    void configurationSurvivesJson(String name) {
        ComputationGraphConfiguration configuration =
                Models.builder(name).classes(7).build().conf();
        ComputationGraphConfiguration read = ComputationGraphConfiguration.fromJson(configuration.toJson());
        assertThat(read).isEqualTo(configuration);
        assertThat(configuration.getVertices().keySet()).noneMatch(vertex -> vertex.contains("_"));
        assertThat(configuration.getNetworkInputs()).containsExactly(Network.INPUT);
        assertThat(configuration.getNetworkOutputs()).containsExactly(Network.OUTPUT);
    }

    /** Kernels by stage, from the README of BangguWu/ECANet, and the sum of all. */
    @ParameterizedTest
    @CsvSource({
        "eca_resnet18, 3 5 7 7, 44", "eca_resnet34, 3 3 5 7, 72", "eca_resnet50, 3 5 5 7, 80",
        "eca_resnet101, 3 3 5 7, 157", "eca_resnet152, 3 3 5 7, 234", "eca_mobilenet_v2, 1 1 1 1 3 3 3, 31"
    })
    void ecaHasThePublishedKernels(String name, String kernels, int weights) {
        String[] byStage = kernels.split(" ");
        int sum = 0;
        ComputationGraphConfiguration configuration =
                Models.builder(name).build().conf();
        for (Map.Entry<String, GraphVertex> vertex : configuration.getVertices().entrySet()) {
            if (vertex.getKey().endsWith(".attention")) {
                AttentionBlock eca = (AttentionBlock)
                        ((LayerVertex) vertex.getValue()).getLayerConf().getLayer();
                int stage = Integer.parseInt(vertex.getKey().replaceAll("stage(\\d+)\\..*", "$1"));
                assertThat(eca.learnedParameters()).as(vertex.getKey()).isEqualTo(Integer.parseInt(byStage[stage - 1]));
                sum += (int) eca.learnedParameters();
            }
        }
        assertThat(sum).isEqualTo(weights);
    }

    @ParameterizedTest
    @ValueSource(strings = {"simam_resnet18", "simam_resnet50", "simam_mobilenet_v2"})
    void simAmHasThePublishedLambda(String name) {
        LayerVertex vertex =
                (LayerVertex) Models.builder(name).build().conf().getVertices().get("stage2.block1.attention");
        assertThat(vertex.getLayerConf().getLayer().toString()).contains("{lambda=0.1}");
    }

    /** The others are in {@link RegistryTest}, which asks for more. */
    static List<String> otherCifarNames() {
        return cifarNames().stream()
                .filter(name -> name.matches(".*resnet(32|44|110)"))
                .collect(Collectors.toList());
    }

    @ParameterizedTest
    @MethodSource("otherCifarNames")
    void everyLearnedParameterGetsAGradient(String name) {
        Network network =
                Models.builder(name).inputSize(SIZE).inputChannels(1).classes(3).build();
        ComputationGraph graph = network.init();
        Nd4j.getRandom().setSeed(SEED);
        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 1, SIZE, SIZE);
        INDArray labels = Nd4j.createFromArray(new float[][] {{1, 0, 0}, {0, 0, 1}});

        INDArray output = graph.outputSingle(images);
        assertThat(output.shape()).containsExactly(2, 3);
        assertFinite("output", output);
        Arrays4j.assertClose("sum", output.sum(1), Nd4j.ones(DataType.FLOAT, 2), 1e-5);

        graph.setInputs(images);
        graph.setLabels(labels);
        graph.computeGradientAndScore();
        Map<String, INDArray> gradients = graph.gradient().gradientForVariable();
        ModelSummary summary = network.summary(name);
        long learned = 0;
        long statistics = 0;
        for (Map.Entry<String, INDArray> parameter : graph.paramTable().entrySet()) {
            String key = parameter.getKey();
            if (key.endsWith("_mean") || key.endsWith("_var")) {
                statistics += parameter.getValue().length();
                continue;
            }
            learned += parameter.getValue().length();
            INDArray gradient = gradients.get(key);
            assertThat(gradient).as(key).isNotNull();
            assertThat(gradient.length()).as(key).isEqualTo(parameter.getValue().length());
            assertFinite(key, gradient);
            if (key.contains(".conv")) {
                assertThat(gradient.amaxNumber().doubleValue()).as(key).isPositive();
            }
        }
        assertThat(summary.params()).isEqualTo(learned);
        assertThat(summary.runningStatistics()).isEqualTo(statistics);
        assertThat(graph.numParams()).isEqualTo(learned + statistics);
    }

    private static void assertFinite(String name, INDArray array) {
        assertThat(array.sumNumber().doubleValue()).as(name).isFinite();
    }

    @Test
    void formatsAgree() {
        for (String name : List.of("se_resnet20", "cbam_resnet20", "resnet18")) {
            NetworkBuilder<?> builder = Models.builder(name).inputSize(33, 21).classes(4);
            ComputationGraph first = builder.build().init();
            ComputationGraph last = builder.format(CNN2DFormat.NHWC).build().init();
            last.setParams(first.params());
            INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 33, 21);
            Arrays4j.assertClose(
                    name, last.outputSingle(images.permute(0, 2, 3, 1).dup('c')), first.outputSingle(images), 1e-5);
        }
    }

    @Test
    void doubleIsTheSameNetwork() {
        NetworkBuilder<?> builder = Models.builder("se_resnet20").inputSize(9).classes(4);
        ComputationGraph single = builder.build().init();
        ComputationGraph exact = builder.dataType(DataType.DOUBLE).build().init();
        assertThat(exact.params().dataType()).isEqualTo(DataType.DOUBLE);
        exact.setParams(single.params().castTo(DataType.DOUBLE));
        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 9, 9);
        Arrays4j.assertClose(
                "output", single.outputSingle(images), exact.outputSingle(images.castTo(DataType.DOUBLE)), 1e-5);
    }

    @Test
    void aSmallNetworkLearns() {
        ComputationGraph graph = Models.builder("se_resnet20")
                .inputSize(8)
                .inputChannels(1)
                .classes(2)
                .updater(new Sgd(0.05))
                .build()
                .init();
        INDArray images = Nd4j.zeros(DataType.FLOAT, 8, 1, 8, 8);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 8, 2);
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < 8; k++) {
                // Horizontal stripes against vertical ones.
                images.putScalar(i % 2 == 0 ? new int[] {i, 0, i / 2, k} : new int[] {i, 0, k, i / 2}, 1);
            }
            labels.putScalar(i, i % 2, 1);
        }
        for (int step = 0; step < 20; step++) {
            graph.fit(new INDArray[] {images}, new INDArray[] {labels});
        }
        assertThat(graph.score()).isLessThan(0.3);
    }

    @Test
    void savedNetworksComeBack(@TempDir Path folder) throws IOException {
        Network network = Models.builder("cbam_resnet20").inputSize(8).build();
        ComputationGraph graph = network.init();
        INDArray images = Nd4j.rand(DataType.FLOAT, 2, 3, 8, 8);
        graph.fit(new INDArray[] {images}, new INDArray[] {Nd4j.eye(10).getRows(0, 1)});
        File file = folder.resolve("network.zip").toFile();
        ModelSerializer.writeModel(graph, file, true);
        ComputationGraph read = ModelSerializer.restoreComputationGraph(file, true);
        Acceleration.apply(read); // as init() does
        Arrays4j.assertClose("output", read.outputSingle(images), graph.outputSingle(images), 0);
        Arrays4j.assertClose(
                "updater state",
                read.getUpdater().getStateViewArray(),
                graph.getUpdater().getStateViewArray(),
                0);
        assertThat(ModelSummary.of("read", read.getConfiguration(), network.inputType())
                        .toCsv())
                .isEqualTo(network.summary("read").toCsv());
    }

    @Test
    void twoWorkersTrainOneNetwork() throws Exception {
        ComputationGraph graph =
                Models.builder("se_resnet20").inputSize(8).build().init();
        INDArray before = graph.params().dup();
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            batches.add(new DataSet(
                    Nd4j.rand(DataType.FLOAT, 2, 3, 8, 8), Nd4j.eye(10).getRows(i, i + 1)));
        }
        try (ParallelWrapper wrapper = new ParallelWrapper.Builder<>(graph)
                .workers(2)
                .averagingFrequency(1)
                .trainingMode(ParallelWrapper.TrainingMode.AVERAGING)
                .build()) {
            wrapper.fit(new ExistingDataSetIterator(batches));
        }
        assertFinite("parameters", graph.params());
        assertThat(graph.params()).isNotEqualTo(before);
        assertThat(graph.getParam("stem.bn_mean").amaxNumber().doubleValue()).isPositive();
    }

    @Test
    void cifarAliases() {
        assertThat(Models.builder("se_resnet20_cifar").build().conf())
                .isEqualTo(Models.builder("se_resnet20").build().conf());
        assertThatThrownBy(() -> Models.builder("se_resnet50_cifar"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("model (se_resnet50_cifar) must be one of ");
        assertThatThrownBy(() -> Models.builder("vgg16"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("model (vgg16) must be one of the " + Models.names().size()
                        + " known; see Models.names() or the command list");
    }

    @Test
    void unknownNamesListTheNearest() {
        assertThatThrownBy(() -> Models.builder("se_resnet51"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model (se_resnet51) must be one of se_resnet50, ")
                .hasMessageEndingWith("; did you mean se_resnet50?");
        assertThatThrownBy(() -> Models.builder(null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("model (null) must be one of ");
    }

    @Test
    void usersRegisterTheirOwn() {
        Models.register(OWN, () -> ResNet.builder().depth(20).classes(5));
        assertThat(Models.names()).contains(OWN);
        assertThat(Models.builder(OWN).build().summary(OWN).toCsv()).startsWith(OWN + ",32,272149,");

        assertThatThrownBy(
                        () -> Models.register("resnet50", () -> ResNet.builder().depth(50)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("model name (resnet50) must be new; resnet50 is already registered");
        assertThatThrownBy(
                        () -> Models.register("My Net", () -> ResNet.builder().depth(50)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("model name (My Net) must consist of lower-case letters, digits and underscores; use a name"
                        + " like my_resnet50");
    }
}
