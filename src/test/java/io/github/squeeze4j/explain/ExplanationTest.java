package io.github.squeeze4j.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.SelectiveKernel;
import io.github.squeeze4j.models.Models;
import java.util.Random;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

@Tag("tiny")
class ExplanationTest {
    /** Twenty roundings of 2^-11: one a layer. */
    private static final double HALF = 20 / 2048.0;

    private static ComputationGraph resnet(int size) {
        return Models.builder("se_resnet20").inputSize(size, size).build().init();
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(4)
                .build();
    }

    private static void complains(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isExactlyInstanceOf(BadInputException.class).hasMessage(message);
    }

    @Test
    void aStageEndsWhereAllGoesOn() {
        Explained seen = Explanation.of(resnet(32)).explain(Nd4j.rand(DataType.FLOAT, 2, 3, 32, 32));
        assertThat(seen.stages().stream().map(StageMaps::toString).collect(Collectors.toList()))
                .containsExactly(
                        "stage1.block3.relu, stride 1", "stage2.block3.relu, stride 2", "stage3.block3.relu, stride 4");
        assertThat(seen.stages().get(1).number()).isEqualTo(2);
        assertThat(seen.stages().get(1).gradCam().shape()).containsExactly(2, 16, 16);
        assertThat(seen.stages().get(1).gradCamPlusPlus().shape()).containsExactly(2, 16, 16);
        assertThat(seen.inputGradient().shape()).containsExactly(2, 3, 32, 32);
        assertThat(seen.output().shape()).containsExactly(2, 10);
        assertThat(seen.scores().argMax(1).toIntVector()).containsExactly(seen.classes());
        assertThat(seen.blocks()).hasSize(9);
        assertThat(seen.blocks().get(8).layer()).isEqualTo("stage3.block3.attention");
        assertThat(seen.blocks().get(8).block()).isEqualTo("se");
        assertThat(seen.blocks().get(8).stride()).isEqualTo(4);
        assertThat(seen.blocks().get(8).gates().get(0).values().shape()).containsExactly(2, 64);
    }

    @Test
    void stagesAndLayersAreChosen() {
        Explanation explanation = Explanation.of(resnet(32));
        INDArray picture = Nd4j.rand(DataType.FLOAT, 3, 32, 32);
        Explained all = explanation.forClass(1).explain(picture);
        Explained third = explanation.forClass(1).atStages(3).explain(picture);
        assertThat(third.stages()).hasSize(1);
        assertThat(third.stages().get(0).gradCam())
                .isEqualTo(all.stages().get(2).gradCam());
        Explained named = explanation
                .forClass(1)
                .atLayers("stage3.block3.relu", "stem.conv")
                .explain(picture);
        assertThat(named.stages().stream().map(StageMaps::layer)).containsExactly("stem.conv", "stage3.block3.relu");
        assertThat(named.stages().get(1).gradCam())
                .isEqualTo(all.stages().get(2).gradCam());
        assertThat(named.classes()).containsExactly(1);
    }

    @Test
    void aMultiLayerNetworkIsExplained() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .padding(1, 1)
                        .nOut(4)
                        .activation(Activation.RELU)
                        .build())
                .layer(new SubsamplingLayer.Builder()
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build())
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .padding(1, 1)
                        .nOut(4)
                        .activation(Activation.RELU)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(8)
                        .activation(Activation.RELU)
                        .build())
                .layer(output())
                .setInputType(InputType.convolutional(8, 8, 3))
                .build());
        network.init();
        INDArray picture = Nd4j.rand(DataType.FLOAT, 1, 3, 8, 8);
        Explained seen = Explanation.of(network).explain(picture);
        assertThat(seen.output().distance2(network.output(picture))).isLessThan(1e-6);
        assertThat(seen.stages()).hasSize(2);
        assertThat(seen.stages().get(1).gradCam().shape()).containsExactly(1, 4, 4);
    }

    @Test
    void selectiveKernelsConvolveAndHaveAStride() {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                    .graphBuilder()
                    .addInputs("input")
                    .setInputTypes(InputType.convolutional(8, 12, 4, format))
                    .addLayer(
                            "sk", SelectiveKernel.builder().stride(2).outputs(6).build(), "input")
                    .addLayer("gap", new GlobalPoolingLayer(PoolingType.AVG), "sk")
                    .addLayer("classifier", output(), "gap")
                    .setOutputs("classifier")
                    .build());
            graph.init();
            long[] shape = format == CNN2DFormat.NCHW ? new long[] {2, 4, 8, 12} : new long[] {2, 8, 12, 4};
            Explained seen = Explanation.of(graph).explain(Nd4j.rand(DataType.FLOAT, shape));
            assertThat(seen.stages()).hasToString("[sk, stride 2]");
            assertThat(seen.stages().get(0).gradCam().shape()).containsExactly(2, 4, 6);
            assertThat(seen.blocks().get(0).stride()).isEqualTo(2);
        }
    }

    /** Gradients of about 1e-4, whose squares half precision does not have. Grad-CAM++ sums what is positive: nothing cancels. */
    @Test
    void mapsOfHalfPrecisionAreThoseOfSingle() {
        ComputationGraph graph = resnet(32);
        graph.getParam("classifier_W").divi(16);
        ComputationGraph half = graph.convertDataType(DataType.FLOAT16);
        graph.setParams(half.params().castTo(DataType.FLOAT));
        INDArray picture = Nd4j.createFromArray(
                        new Random(1).doubles(3 * 32 * 32).toArray())
                .castTo(DataType.FLOAT16)
                .reshape('c', 1, 3, 32, 32);
        StageMaps seen = last(half, picture);
        INDArray expected = last(graph, picture).gradCamPlusPlus();
        INDArray map = seen.gradCamPlusPlus();
        double largest = expected.amaxNumber().doubleValue();
        assertThat(largest).isPositive();
        assertThat(map.castTo(DataType.FLOAT).sub(expected).amaxNumber().doubleValue())
                .as("of up to %s", largest)
                .isLessThan(HALF * largest);
        assertThat(map.dataType()).isEqualTo(DataType.FLOAT);
        assertThat(seen.gradCam().dataType()).isEqualTo(DataType.FLOAT);
    }

    private static StageMaps last(ComputationGraph graph, INDArray picture) {
        return Explanation.of(graph)
                .forClass(1)
                .atStages(3)
                .explain(picture)
                .stages()
                .get(0);
    }

    @Test
    void saysWhatIsWrong() {
        Explanation explanation = Explanation.of(resnet(32));
        INDArray picture = Nd4j.rand(DataType.FLOAT, 1, 3, 32, 32);
        complains(
                () -> explanation.forClass(10).explain(picture),
                "class (10) must be one of the network's 10; use 0 to 9");
        complains(
                () -> explanation.atStages(4).explain(picture), "stage (4) must be one of the network's 3; use 1 to 3");
        complains(
                () -> explanation.explain(Nd4j.rand(DataType.FLOAT, 1, 3, 2, 3)),
                "picture (2x3) must be at least as large as the stride of the network's last stage (4); enlarge it");
        complains(
                () -> explanation.explain(Nd4j.rand(DataType.FLOAT, 3, 32)),
                "pictures (of rank 2) must be [N, C, H, W] or [C, H, W]; give the network's input");
        complains(
                () -> explanation.gates(Nd4j.rand(DataType.FLOAT, 3, 32)),
                "pictures (of rank 2) must be [N, C, H, W] or [C, H, W]; give the network's input");
        complains(
                () -> explanation.output("logits"),
                "output (logits) must be one of the graph's; use one of classifier");
        assertThatThrownBy(() -> explanation.atLayers("pool"))
                .isExactlyInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "layer (pool) must be one with a map before the output; use one of stem.conv, stem.bn");
    }

    @Test
    void aGraphWithoutConvolutionsIsNone() {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("input")
                .addLayer("dense", new DenseLayer.Builder().nOut(8).build(), "input")
                .addLayer("classifier", output(), "dense")
                .setOutputs("classifier")
                .setInputTypes(InputType.feedForward(6))
                .build());
        graph.init();
        complains(
                () -> Explanation.of(graph),
                "graph (DenseLayer, OutputLayer) must have a convolution before output classifier;"
                        + " explain a network of convolutions");
    }
}
