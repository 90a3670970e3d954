package io.github.squeeze4j.engine;

import static io.github.squeeze4j.Arrays4j.assertSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.onednn.OneDnn;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Networks in bfloat16 against float32. */
@Tag("tiny")
class PrecisionTest {
    private static final int SIZE = 20;
    /** Of the largest logit. */
    private static final double BOUND = 0.02;

    @BeforeEach
    void onProcessorsThatHaveIt() {
        assumeTrue(OneDnn.available() && OneDnn.multipliesBfloat16(), "no instructions for bfloat16");
    }

    @AfterEach
    void free() {
        System.gc();
    }

    private static INDArray images(CNN2DFormat format, int batch) {
        Nd4j.getRandom().setSeed(17);
        return format == CNN2DFormat.NCHW
                ? Nd4j.randn(DataType.FLOAT, batch, 3, SIZE, SIZE)
                : Nd4j.randn(DataType.FLOAT, batch, SIZE, SIZE, 3);
    }

    private static ComputationGraph everything(DataType type, CNN2DFormat format) {
        ComputationGraph network = Networks.everything(type, format, SIZE);
        return Networks.withLogits(Networks.withLogits(network, "out"), "auxiliary");
    }

    private static void assertNear(String what, INDArray[] actual, INDArray[] expected) {
        for (int i = 0; i < expected.length; i++) {
            double deviation = actual[i].sub(expected[i]).amaxNumber().doubleValue();
            assertThat(deviation / expected[i].amaxNumber().doubleValue())
                    .as("%s, output %d", what, i)
                    .isPositive()
                    .isLessThan(BOUND);
        }
    }

    @ParameterizedTest
    @EnumSource(CNN2DFormat.class)
    void everyKindOfLayer(CNN2DFormat format) {
        ComputationGraph branches = Networks.branches(DataType.FLOAT, format, SIZE);
        Networks.withLogits(Networks.withLogits(branches, "out"), "auxiliary");
        for (ComputationGraph network : new ComputationGraph[] {everything(DataType.FLOAT, format), branches}) {
            for (int batch : new int[] {3, 1}) {
                INDArray images = images(format, batch);
                INDArray[] expected = InferenceNetwork.optimize(network).output(images);
                try (InferenceNetwork narrow = InferenceNetwork.optimize(network, Precision.BFLOAT16)) {
                    assertNear("inference network", narrow.output(images), expected);
                    assertThat(narrow.refusal()).isNull();
                    assertThat(narrow.toString()).endsWith(" in bfloat16, with " + OneDnn.instructions());
                }
                Acceleration acceleration = Acceleration.apply(network, Precision.AUTO);
                assertNear("accelerated", network.output(images), expected);
                assertThat(acceleration.lastRefusal()).isNull();
                acceleration.undo();
            }
        }
    }

    /** Of these oneDNN has bfloat16 kernels that compute functions behind them wrongly. */
    @ParameterizedTest
    @CsvSource({"24, 2", "24, 6", "36, 3", "48, 4", "40, 5"})
    void groupsThatDoNotFillBlocks(int channels, int groups) {
        for (Activation function : new Activation[] {Activation.SWISH, Activation.SIGMOID}) {
            ComputationGraph network = new ComputationGraph(new NeuralNetConfiguration.Builder()
                    .seed(5)
                    .graphBuilder()
                    .addInputs("in")
                    .setInputTypes(InputType.convolutional(SIZE, SIZE, 3))
                    .addLayer("a", convolution(channels, Activation.RELU), "in")
                    .addLayer(
                            "g",
                            GroupedConvolution.builder()
                                    .groups(groups)
                                    .kernelSize(3, 3)
                                    .padding(1, 1)
                                    .nOut(channels)
                                    .activation(Activation.IDENTITY)
                                    .build(),
                            "a")
                    .addLayer(
                            "f",
                            new ActivationLayer.Builder().activation(function).build(),
                            "g")
                    .setOutputs("f")
                    .build());
            network.init();
            INDArray images = images(CNN2DFormat.NCHW, 2);
            INDArray[] expected = network.output(images);
            try (InferenceNetwork narrow = InferenceNetwork.optimize(network, Precision.BFLOAT16)) {
                assertNear("groups", narrow.output(images), expected);
                assertThat(narrow.refusal()).isNull();
            }
        }
    }

    @Test
    void anOlderHandleLeavesTheNewerRegion() {
        ComputationGraph network = everything(DataType.FLOAT, CNN2DFormat.NCHW);
        Acceleration older = Acceleration.apply(network);
        Acceleration newer = Acceleration.apply(network, Precision.BFLOAT16);
        older.close();
        network.output(images(CNN2DFormat.NCHW, 1));
        assertThat(newer.lastRefusal()).isNull();
        assertThat(Acceleration.of(network).refusal()).isNull();
    }

    @Test
    void aNetworkOfLayers() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(5)
                .list()
                .layer(convolution(16, Activation.RELU))
                .layer(convolution(24, Activation.SWISH))
                .layer(new OutputLayer.Builder()
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(SIZE, SIZE, 3))
                .build());
        network.init();
        INDArray images = images(CNN2DFormat.NCHW, 2);
        INDArray[] expected = {network.output(images)};
        assertNear(
                "inference network",
                InferenceNetwork.optimize(network, Precision.BFLOAT16).output(images),
                expected);
        assertThat(Acceleration.apply(network, Precision.BFLOAT16).report()).contains("bfloat16 at inference");
        assertNear("accelerated", new INDArray[] {network.output(images)}, expected);
    }

    @Test
    void aNetworkThatIsAcceleratedGetsAnotherPrecision() {
        ComputationGraph network = everything(DataType.FLOAT, CNN2DFormat.NCHW);
        INDArray images = images(CNN2DFormat.NCHW, 2);
        Acceleration single = Acceleration.apply(network);
        INDArray before = network.output(images)[0].dup();
        Acceleration narrow = Acceleration.apply(network, Precision.BFLOAT16);
        assertThat(network.output(images)[0]).isNotEqualTo(before);
        assertThat(narrow.report())
                .startsWith(single.report())
                .endsWith("  bfloat16 at inference, with " + OneDnn.instructions() + "; training is float32");
        assertThat(Acceleration.apply(network, Precision.BFLOAT16).refusal())
                .isEqualTo("it is accelerated already; Acceleration.of(network) gives the handle");
        assertThat(Acceleration.of(network).report()).isEqualTo(narrow.report());
        assertThat(Acceleration.apply(network, Precision.FLOAT32).refusal()).isNull();
        assertSame("float32 again", network.output(images)[0], before);
    }

    @Test
    void trainingIsThatOfFloat32() {
        ComputationGraph single = everything(DataType.FLOAT, CNN2DFormat.NCHW);
        ComputationGraph narrow = single.clone();
        INDArray images = images(CNN2DFormat.NCHW, 2);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, 2, Networks.CLASSES);
        labels.putScalar(0, 1, 1);
        labels.putScalar(1, 2, 1);
        MultiDataSet data = new MultiDataSet(new INDArray[] {images}, new INDArray[] {labels, labels});
        Acceleration.apply(single);
        Acceleration.apply(narrow, Precision.BFLOAT16);
        narrow.output(images);
        single.fit(data);
        narrow.fit(data);
        assertSame("parameters", narrow.params(), single.params());
    }

    private static ConvolutionLayer convolution(int out, Activation activation) {
        return new ConvolutionLayer.Builder(3, 3)
                .padding(1, 1)
                .nOut(out)
                .activation(activation)
                .build();
    }

    /** In a pixel or in a weight: DL4J's result, exactly. */
    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f})
    void whatIsNotANumberIsDl4js(float value) {
        for (Activation activation : new Activation[] {Activation.RELU, Activation.RELU6, Activation.SWISH}) {
            for (boolean inWeight : new boolean[] {false, true}) {
                ComputationGraph network = new ComputationGraph(new NeuralNetConfiguration.Builder()
                        .seed(5)
                        .graphBuilder()
                        .addInputs("in")
                        .setInputTypes(InputType.convolutional(SIZE, SIZE, 3))
                        .addLayer("conv1", convolution(16, Activation.IDENTITY), "in")
                        .addLayer("bn1", new BatchNormalization(), "conv1")
                        .addLayer("act1", new ActivationLayer(activation), "bn1")
                        .addLayer("conv2", convolution(8, activation), "act1")
                        .setOutputs("conv2")
                        .build());
                network.init();
                INDArray images = images(CNN2DFormat.NCHW, 2);
                if (inWeight) {
                    network.getParam("conv2_W").putScalar(0, value);
                } else {
                    images.putScalar(new int[] {1, 2, 4, 5}, value);
                }
                INDArray expected = network.clone().outputSingle(images.dup());
                try (InferenceNetwork narrow = InferenceNetwork.optimize(network, Precision.BFLOAT16)) {
                    assertEqual(narrow.outputSingle(images.dup()), expected);
                    assertThat(narrow.refusal()).endsWith("that are infinite, not numbers or above 1e15");
                }
                Acceleration acceleration = Acceleration.apply(network, Precision.BFLOAT16);
                assertEqual(network.outputSingle(images.dup()), expected);
                assertThat(acceleration.lastRefusal()).endsWith("that are infinite, not numbers or above 1e15");
            }
        }
    }

    private static void assertEqual(INDArray actual, INDArray expected) {
        float[] numbers = actual.dup('c').data().asFloat();
        assertThat(numbers).isEqualTo(expected.dup('c').data().asFloat()); // NaN is equal to itself here
    }

    @Test
    void ofFloatNetworksOnly() {
        ComputationGraph network = everything(DataType.DOUBLE, CNN2DFormat.NCHW);
        String rule = "must be for a network of FLOAT, which this one of DOUBLE is not";
        assertThatThrownBy(() -> Acceleration.apply(network, Precision.BFLOAT16))
                .isInstanceOf(BadInputException.class)
                .hasMessage("precision (bf16) " + rule + "; use auto or fp32");
        assertThatThrownBy(() -> InferenceNetwork.optimize(network, Precision.BFLOAT16))
                .isInstanceOf(BadInputException.class)
                .hasMessage("precision (bf16) " + rule + "; use auto or fp32");
        INDArray images = images(CNN2DFormat.NCHW, 2).castTo(DataType.DOUBLE);
        InferenceNetwork wide = InferenceNetwork.optimize(network, Precision.AUTO);
        assertSame("auto", wide.output(images)[0], network.output(images)[0]);
        assertThat(wide.refusal()).isEqualTo("its data type is DOUBLE and oneDNN computes in FLOAT");
    }

    @Test
    void namesOfTheCommandLine() {
        assertThat(Arrays.stream(Precision.values()).map(p -> Precision.named(p.toString())))
                .containsExactly(Precision.values());
        assertThat(Precision.named("BF16")).isEqualTo(Precision.BFLOAT16);
        assertThatThrownBy(() -> Precision.named("fp8"))
                .isInstanceOf(BadInputException.class)
                .hasMessage("precision (fp8) must be fp32, bf16 or auto; use auto where in doubt");
    }

    /** In a process of its own, in which oneDNN is told to leave such instructions alone. */
    @Test
    void onOtherProcessors() throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), OtherProcessor.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("DNNL_MAX_CPU_ISA", "AVX2");
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        String rule = "must have a processor with Intel AMX or AVX-512 BF16; oneDNN finds AVX2";
        assertThat(printed.lines())
                .contains("refused: precision (bf16) " + rule + "; use auto or fp32")
                .contains("  float32: bfloat16 " + rule)
                .contains("equal: true");
    }

    /** What {@link #onOtherProcessors} runs. */
    static final class OtherProcessor {
        public static void main(String[] args) {
            ComputationGraph network = everything(DataType.FLOAT, CNN2DFormat.NCHW);
            INDArray images = images(CNN2DFormat.NCHW, 2);
            try {
                Acceleration.apply(network, Precision.BFLOAT16);
            } catch (BadInputException e) {
                System.out.println("refused: " + e.getMessage());
            }
            Acceleration single = Acceleration.apply(network);
            INDArray expected = network.output(images)[0].dup();
            single.undo();
            System.out.println(Acceleration.apply(network, Precision.AUTO).report());
            System.out.println("equal: " + network.output(images)[0].equals(expected));
            System.exit(0);
        }
    }
}
