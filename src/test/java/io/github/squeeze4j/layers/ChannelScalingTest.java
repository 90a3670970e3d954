package io.github.squeeze4j.layers;

import static io.github.squeeze4j.Arrays4j.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.engine.Acceleration;
import org.deeplearning4j.gradientcheck.GradientCheckUtil;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.buffer.util.DataTypeUtil;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Factors for channels, as vectors and as maps of one pixel. */
@Tag("tiny")
class ChannelScalingTest {
    private static ComputationGraph network(DataType type, boolean pixels, boolean learns) {
        ComputationGraphConfiguration.GraphBuilder builder = new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(3)
                .updater(learns ? new Sgd(0.1) : new NoOp())
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(5, 4, 2))
                .addLayer(
                        "map",
                        new ConvolutionLayer.Builder(2, 2)
                                .nOut(3)
                                .activation(Activation.TANH)
                                .build(),
                        "input")
                .addLayer("mean", new GlobalPoolingLayer(PoolingType.AVG), "map")
                .addLayer(
                        "gate",
                        new DenseLayer.Builder()
                                .nOut(3)
                                .activation(Activation.SIGMOID)
                                .build(),
                        "mean");
        if (pixels) {
            builder.addVertex("pixels", new ReshapeVertex(-1, 3, 1, 1), "gate");
        }
        ComputationGraphConfiguration configuration = builder.addVertex(
                        "scaled", new ChannelScaling(), "map", pixels ? "pixels" : "gate")
                .addLayer(
                        "output",
                        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nOut(2)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "scaled")
                .setOutputs("output")
                .build();
        ComputationGraph network = new ComputationGraph(ComputationGraphConfiguration.fromJson(configuration.toJson()));
        assertThat(network.getConfiguration()).isEqualTo(configuration).isEqualTo(configuration.clone());
        network.init();
        return network;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void valuesAndGradients(boolean pixels) {
        Nd4j.getRandom().setSeed(7);
        INDArray input = Nd4j.rand(DataType.DOUBLE, 2, 2, 5, 4);
        INDArray labels = Nd4j.create(new double[][] {{1, 0}, {0, 1}});
        ComputationGraph network = network(DataType.DOUBLE, pixels, false);
        java.util.Map<String, INDArray> found = network.feedForward(input, false);
        INDArray gate = found.get("gate").reshape(2, 3, 1, 1).broadcast(2, 3, 4, 3);
        assertClose("product", found.get("scaled"), found.get("map").mul(gate), 1e-15);
        DataType before = DataTypeUtil.getDtypeFromContext();
        DataTypeUtil.setDTypeForContext(DataType.DOUBLE);
        try {
            assertThat(GradientCheckUtil.checkGradients(new GradientCheckUtil.GraphConfig()
                            .net(network)
                            .inputs(new INDArray[] {input})
                            .labels(new INDArray[] {labels})
                            .epsilon(1e-6)
                            .maxRelError(1e-5)
                            .minAbsoluteError(1e-9)))
                    .isTrue();
        } finally {
            DataTypeUtil.setDTypeForContext(before);
        }
    }

    @Test
    void trainsAcceleratedAsByDl4j() {
        Nd4j.getRandom().setSeed(7);
        INDArray input = Nd4j.rand(DataType.FLOAT, 2, 2, 5, 4);
        INDArray labels = Nd4j.create(new float[][] {{1, 0}, {0, 1}});
        ComputationGraph accelerated = network(DataType.FLOAT, false, true);
        ComputationGraph stock = network(DataType.FLOAT, false, true);
        Acceleration.apply(accelerated);
        for (int i = 0; i < 3; i++) {
            accelerated.fit(new DataSet(input, labels));
            stock.fit(new DataSet(input, labels));
        }
        assertClose("parameters", accelerated.params(), stock.params(), 1e-6);
    }

    @Test
    void otherInputsAreRefused() {
        ChannelScaling scaling = new ChannelScaling();
        InputType map = InputType.convolutional(5, 4, 3);
        assertThat(scaling.getOutputType(0, map, InputType.feedForward(3))).isEqualTo(map);
        assertThat(scaling.getOutputType(0, map, InputType.convolutional(1, 1, 3)))
                .isEqualTo(map);
        assertThatThrownBy(() -> scaling.getOutputType(0, map, InputType.feedForward(4)))
                .hasMessageContaining("must be a map [N, C, H, W] and its factors [N, C]");
        assertThatThrownBy(() -> scaling.getOutputType(0, InputType.feedForward(3), InputType.feedForward(3)))
                .hasMessageContaining("must be a map");
        InputType channelsLast = InputType.convolutional(5, 4, 3, CNN2DFormat.NHWC);
        assertThatThrownBy(() -> scaling.getOutputType(0, channelsLast, InputType.feedForward(3)))
                .hasMessageContaining("must be a map [N, C, H, W]");
    }
}
