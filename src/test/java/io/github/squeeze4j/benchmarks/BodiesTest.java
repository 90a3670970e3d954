package io.github.squeeze4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.github.squeeze4j.blocks.Computation;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What the benchmarks time computes what it should; small shapes. */
@Tag("tiny")
class BodiesTest {
    /** Arrays go with the garbage collector, which sees none of their gigabytes. */
    @AfterEach
    void free() {
        System.gc();
    }

    static Set<String> blocks() {
        return Bodies.blocks().keySet();
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void blockGivesTheOutputOfItsDefinition(String block) {
        INDArray expected =
                Bodies.block(block, Computation.SAMEDIFF, 32, 14, 2, false).result();
        Body body = Bodies.block(block, Computation.FUSED, 32, 14, 2, false);
        body.run();
        assertClose(body.result(), expected);
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void blockGivesTheGradientOfItsDefinition(String block) {
        INDArray expected =
                Bodies.block(block, Computation.SAMEDIFF, 32, 14, 2, true).result();
        Body body = Bodies.block(block, Computation.FUSED, 32, 14, 2, true);
        body.run();
        assertClose(body.result(), expected);
    }

    /** Small; the zoo's last pooling window needs more. */
    private static int size(String model) {
        return model.equals(Bodies.ZOO) ? 136 : 64;
    }

    private static void assertClose(INDArray actual, INDArray expected) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(expected.norm2Number().doubleValue()).isPositive();
        assertThat(actual.sub(expected).amaxNumber().doubleValue()).isLessThan(2e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet50", "se_resnet50", "se_resnet20", Bodies.ZOO})
    void networkGivesProbabilities(String model) {
        Body body = Bodies.network(model, false, 2, size(model), 7, false);
        body.run();
        INDArray output = body.result();
        assertThat(output.shape()).isEqualTo(new long[] {2, 7});
        assertThat(output.sum(1).sub(1).amaxNumber().doubleValue()).isLessThan(1e-5);
    }

    /**
     * The first steps are chaotic: in double precision resnet50's loss goes 1.4084, 1.2764, 1.2803, 1.4108, 1.4081, and
     * parameters changed by 1e-6 of themselves give anything between 1.3 and 1.7 after the first. After ten it is below 0.5
     * in all of them.
     */
    @ParameterizedTest
    @ValueSource(strings = {"se_resnet20", Bodies.ZOO})
    void trainingStepLowersTheLossOfItsBatch(String model) {
        Body body = Bodies.network(model, false, 4, size(model), 7, true);
        double first = body.result().getDouble(0);
        for (int i = 0; i < 8; i++) {
            body.run();
        }
        assertThat(first).isFinite();
        assertThat(body.result().getDouble(0)).isFinite().isLessThan(first);
    }

    /** By the same code as SE-ResNet-20. */
    @Tag("heavy")
    @ParameterizedTest
    @ValueSource(strings = {"resnet50", "se_resnet50"})
    void trainingStepOfLargeNetworksToo(String model) {
        trainingStepLowersTheLossOfItsBatch(model);
    }

    @Test
    void zooNetworkIsTheSameWithAndWithoutThisLibrary() {
        Body ours = Bodies.network(Bodies.ZOO, false, 2, size(Bodies.ZOO), 7, false);
        Body stock = Bodies.network(Bodies.ZOO, true, 2, size(Bodies.ZOO), 7, false);
        // The zoo's 25,636,712 with 1000 classes, less 53,120 running statistics and 993 classes of 2049 parameters.
        assertThat(ours.learnedParameters())
                .isEqualTo(stock.learnedParameters())
                .isEqualTo(25_636_712 - 53_120 - 993 * 2049);
        assertClose(ours.result(), stock.result());
    }

    /** From 4.5 to 1.3; the network amplifies float's rounding to a few percent of its gradients, with and without. */
    @Test
    void zooNetworkTrainsAsWithoutThisLibrary() {
        double ours = Bodies.network(Bodies.ZOO, false, 4, size(Bodies.ZOO), 7, true)
                .result()
                .getDouble(0);
        double stock = Bodies.network(Bodies.ZOO, true, 4, size(Bodies.ZOO), 7, true)
                .result()
                .getDouble(0);
        assertThat(ours).isCloseTo(stock, withinPercentage(10));
    }

    @Test
    void workerAnswersLineByLine() throws IOException {
        String[] answers = answers(false, "CASE block.se.32x7.both 3", "PARAMS se_resnet20.inference.b1")
                .split("\n");
        assertThat(answers).hasSize(2);
        String[] times = answers[0].split(" ");
        assertThat(times).hasSize(4).startsWith("block.se.32x7.both");
        assertThat(Double.parseDouble(times[1])).isBetween(Double.parseDouble(times[2]), Double.parseDouble(times[3]));
        assertThat(answers[1]).isEqualTo("se_resnet20.inference.b1 274490");
    }

    @Test
    void workerSaysWhatItLacks() throws IOException {
        assertThat(answers(false, "CASE nonet.train.b8 1"))
                .isEqualTo("nonet.train.b8 unavailable this version has no network of that name\n");
        assertThat(answers(false, "CASE block.no.8x8.both 1"))
                .isEqualTo("block.no.8x8.both unavailable this version has no case of that name\n");
        assertThat(answers(true, "CASE resnet20.inference.b1 1"))
                .isEqualTo("resnet20.inference.b1 unavailable this version has no network of that name\n");
        assertThat(answers(false, "TIME it"))
                .isEqualTo("it failed requests are CASE name reps, PARAMS name or VERSIONS\n");
    }

    private static String answers(boolean stock, String... requests) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new Worker(stock)
                .serve(
                        new BufferedReader(new StringReader(String.join("\n", requests))),
                        new PrintStream(bytes, true, StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
