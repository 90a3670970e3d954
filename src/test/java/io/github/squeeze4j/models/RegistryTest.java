package io.github.squeeze4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.engine.Acceleration;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every registered network at its own size: builds, computes, learns with every parameter, is saved and comes back. */
@Tag("tiny")
class RegistryTest {
    /** What a network of the default build may cost, in multiply-accumulates. */
    private static final long SMALL = 150_000_000L;

    private static final long SEED = 5;
    private static final int DRAWS = 16;

    @TempDir
    static Path folder;

    /** Arrays go with the garbage collector, which sees none of their gigabytes. */
    @AfterEach
    void free() {
        System.gc();
    }

    /** But for depths that differ from those of others in a number; {@link ModelsTest} trains them. */
    private static boolean isSmall(String name) {
        return !name.matches(".*resnet(32|44)")
                && Models.builder(name).build().summary(name).macs() < SMALL;
    }

    static List<String> small() {
        return ModelsTest.names().stream().filter(RegistryTest::isSmall).collect(Collectors.toList());
    }

    static List<String> large() {
        return ModelsTest.names().stream().filter(name -> !isSmall(name)).collect(Collectors.toList());
    }

    @ParameterizedTest
    @MethodSource("small")
    void smallNetworks(String name) throws Exception {
        check(name);
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("large")
    void largeNetworks(String name) throws Exception {
        check(name);
    }

    private static void check(String name) throws Exception {
        Network network = Models.builder(name).build();
        ComputationGraphConfiguration configuration = network.conf();
        assertThat(ComputationGraphConfiguration.fromJson(configuration.toJson()))
                .isEqualTo(configuration);

        ComputationGraph graph = network.init();
        ModelSummary summary = network.summary(name);
        assertThat(graph.numParams()).isEqualTo(summary.params() + summary.runningStatistics());
        Nd4j.getRandom().setSeed(SEED);
        INDArray images = Nd4j.randn(
                DataType.FLOAT, 2, network.options().channels, network.options().height, network.options().width);
        INDArray output = graph.outputSingle(images);
        assertThat(output.shape()).containsExactly(2, network.options().classes);
        assertThat(output.sumNumber().doubleValue()).isFinite();

        everyParameterGetsAGradient(graph, images, network.options().classes);

        File file = folder.resolve(name + ".zip").toFile();
        ModelSerializer.writeModel(graph, file, false);
        ComputationGraph read = ModelSerializer.restoreComputationGraph(file, false);
        assertThat(file.delete()).isTrue();
        Acceleration.apply(read); // as init() does
        Arrays4j.assertClose("output", read.outputSingle(images), graph.outputSingle(images), 0);
    }

    /**
     * A hidden unit of a block may be off for all examples, and then nothing before it has a gradient; so blocks are drawn again
     * until every parameter has had one.
     */
    private static void everyParameterGetsAGradient(ComputationGraph graph, INDArray images, int classes) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 2, classes);
        labels.putScalar(0, 1, 1);
        labels.putScalar(1, classes - 1, 1);
        graph.setInputs(images);
        graph.setLabels(labels);
        Set<String> without = new TreeSet<>();
        for (String key : graph.paramTable().keySet()) {
            // a bias before a BatchNorm on batch statistics changes nothing: its true gradient is 0
            if (!key.matches(".*_\\w*([mM]ean|[vV]ar)|.*attention_fusion\\dB")) {
                without.add(key);
            }
        }
        for (int draw = 0; draw < DRAWS && !without.isEmpty(); draw++) {
            graph.paramTable().forEach((key, parameter) -> {
                // what starts at zero keeps gradients from what stands before it
                if (key.matches(".*_\\w*[gG]amma")) {
                    parameter.assign(1);
                } else if (key.matches(".*attention_.*(W|B|beta)")) {
                    parameter.assign(Nd4j.randn(DataType.FLOAT, parameter.shape())
                            .muli(1 / Math.sqrt(parameter.rank() > 1 ? parameter.size(0) : 1)));
                }
            });
            graph.computeGradientAndScore();
            assertThat(graph.score()).isFinite();
            Map<String, INDArray> gradients = graph.gradient().gradientForVariable();
            without.removeIf(key -> {
                INDArray gradient = gradients.get(key);
                assertThat(gradient).as(key).isNotNull();
                assertThat(gradient.length())
                        .as(key)
                        .isEqualTo(graph.paramTable().get(key).length());
                double largest = gradient.amaxNumber().doubleValue();
                assertThat(largest).as(key).isFinite();
                return largest > 0;
            });
        }
        assertThat(without).as("parameters without a gradient").isEmpty();
    }
}
