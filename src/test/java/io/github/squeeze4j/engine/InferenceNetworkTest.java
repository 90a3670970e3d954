package io.github.squeeze4j.engine;

import static io.github.squeeze4j.Arrays4j.assertClose;
import static io.github.squeeze4j.Arrays4j.assertSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Logits against DL4J's own. */
class InferenceNetworkTest {
    private static final double BOUND = 1e-4;
    private static final int SIZE = 20;

    private static INDArray images(CNN2DFormat format, int batch, int size) {
        Nd4j.getRandom().setSeed(13L * batch + size);
        return format == CNN2DFormat.NCHW
                ? Nd4j.randn(DataType.FLOAT, batch, 3, size, size)
                : Nd4j.randn(DataType.FLOAT, batch, size, size, 3);
    }

    private static ComputationGraph everything(DataType type, CNN2DFormat format) {
        ComputationGraph network = Networks.everything(type, format, SIZE);
        return Networks.withLogits(Networks.withLogits(network, "out"), "auxiliary");
    }

    @ParameterizedTest
    @EnumSource(CNN2DFormat.class)
    void everyKindOfLayer(CNN2DFormat format) {
        assertEqualToDoublePrecision(format, everything(DataType.FLOAT, format), everything(DataType.DOUBLE, format));
    }

    @ParameterizedTest
    @EnumSource(CNN2DFormat.class)
    void branches(CNN2DFormat format) {
        ComputationGraph[] networks = new ComputationGraph[2];
        for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
            ComputationGraph network = Networks.branches(type, format, SIZE);
            networks[type == DataType.FLOAT ? 0 : 1] =
                    Networks.withLogits(Networks.withLogits(network, "out"), "auxiliary");
        }
        assertEqualToDoublePrecision(format, networks[0], networks[1]);
    }

    private static void assertEqualToDoublePrecision(
            CNN2DFormat format, ComputationGraph network, ComputationGraph expected) {
        InferenceNetwork optimized = InferenceNetwork.optimize(network);
        for (int batch : new int[] {2, 1, 9}) {
            for (int size : new int[] {SIZE, 31}) {
                INDArray images = images(format, batch, size);
                INDArray[] wanted = expected.output(images.castTo(DataType.DOUBLE));
                INDArray[] outputs = optimized.output(images);
                assertThat(optimized.refusal()).isNull();
                assertClose("out", outputs[0], wanted[0], BOUND);
                assertClose("auxiliary", outputs[1], wanted[1], BOUND);
            }
        }
    }

    /** Arrays go with the garbage collector, which sees none of their gigabytes. */
    @AfterEach
    void free() {
        System.gc();
    }

    private static void assertEqualLogits(String model, int size) {
        Network described = Models.builder(model).inputSize(size).build();
        ComputationGraph network = Networks.withLogits(Networks.randomised(described.init()), Network.OUTPUT);
        // a clone is not accelerated: layer by layer
        ComputationGraph expected = network.clone();
        InferenceNetwork optimized = InferenceNetwork.optimize(network);
        INDArray images = images(CNN2DFormat.NCHW, 1, size);
        INDArray logits = optimized.outputSingle(images);
        assertThat(optimized.refusal()).isNull();
        assertThat(logits.stdNumber().doubleValue()).isPositive();
        assertClose(model, logits, expected.outputSingle(images), BOUND);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "resnet20",
                "se_resnet20",
                "salient_resnet20",
                "spse_resnet20",
                "cbam_resnet20",
                "se_resnet50",
                "se_resnext50_32x4d",
                "se_mobilenet_v2"
            })
    void registeredModel(String model) {
        assertEqualLogits(model, model.endsWith("20") ? 32 : 64);
    }

    static List<String> names() {
        return Models.names();
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("names")
    void everyRegisteredModelAtItsSize(String model) {
        assertEqualLogits(model, (int) Models.builder(model).build().inputType().getHeight());
    }

    @Test
    void trainingTheNetworkFurtherChangesNothing() {
        ComputationGraph network = everything(DataType.FLOAT, CNN2DFormat.NCHW);
        InferenceNetwork optimized = InferenceNetwork.optimize(network);
        INDArray images = images(CNN2DFormat.NCHW, 2, SIZE);
        INDArray before = optimized.output(images)[0];
        network.params().muli(2);
        assertSame("output", optimized.output(images)[0], before);
        assertThat(InferenceNetwork.optimize(network).output(images)[0]).isNotEqualTo(before);
    }

    @Test
    void theOutputIsTheCallers() {
        InferenceNetwork optimized = InferenceNetwork.optimize(everything(DataType.FLOAT, CNN2DFormat.NCHW));
        INDArray first = optimized.output(images(CNN2DFormat.NCHW, 2, SIZE))[0];
        INDArray copy = first.dup();
        optimized.output(images(CNN2DFormat.NCHW, 2, SIZE).muli(3));
        assertThat(first.isAttached()).isFalse();
        assertThat(first).isEqualTo(copy);
    }

    /** An identity is its input's memory, which others read too: the caller's images, a map with a second reader. */
    @Test
    void nothingThatIsStillReadIsOverwritten() {
        ComputationGraph network = Networks.identities();
        INDArray images = images(CNN2DFormat.NCHW, 2, SIZE);
        INDArray before = images.dup();
        // DL4J itself writes over its input here
        INDArray expected = network.output(images.dup())[0];
        InferenceNetwork optimized = InferenceNetwork.optimize(network);
        assertClose("optimised", optimized.output(images)[0], expected, BOUND);
        assertThat(optimized.refusal()).isNull();
        assertThat(images).isEqualTo(before);
        Acceleration acceleration = Acceleration.apply(network);
        assertClose("accelerated", network.output(images)[0], expected, BOUND);
        assertThat(acceleration.lastRefusal()).isNull();
        assertThat(images).isEqualTo(before);
    }

    @Test
    void severalThreads() throws Exception {
        InferenceNetwork optimized = InferenceNetwork.optimize(everything(DataType.FLOAT, CNN2DFormat.NCHW));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<INDArray>> results = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                INDArray images = images(CNN2DFormat.NCHW, 1 + i % 3, SIZE);
                results.add(threads.submit(() -> optimized.output(images)[0]));
            }
            for (int i = 0; i < results.size(); i++) {
                INDArray images = images(CNN2DFormat.NCHW, 1 + i % 3, SIZE);
                assertSame("call " + i, results.get(i).get(), optimized.output(images)[0]);
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void otherTypesAreDl4js() {
        ComputationGraph network = everything(DataType.DOUBLE, CNN2DFormat.NCHW);
        InferenceNetwork optimized = InferenceNetwork.optimize(network);
        assertThat(optimized.refusal()).isEqualTo("its data type is DOUBLE and oneDNN computes in FLOAT");
        INDArray images = images(CNN2DFormat.NCHW, 2, SIZE).castTo(DataType.DOUBLE);
        assertSame("output", optimized.output(images)[0], network.output(images)[0]);
    }

    @Test
    void badInput() {
        InferenceNetwork optimized = InferenceNetwork.optimize(everything(DataType.FLOAT, CNN2DFormat.NCHW));
        INDArray images = images(CNN2DFormat.NCHW, 2, SIZE);
        assertThatThrownBy(() -> optimized.output(images, images))
                .hasMessageContaining("Invalid number of input arrays");
        assertThatThrownBy(() -> optimized.outputSingle(images))
                .hasMessage("outputSingle: outputs (2) must be 1; use output() for all of them");
        assertThatThrownBy(() -> optimized.output(Nd4j.rand(DataType.FLOAT, 2, 4, SIZE, SIZE)))
                .hasMessageContaining("conv");
    }
}
