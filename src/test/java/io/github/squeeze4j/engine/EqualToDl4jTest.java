package io.github.squeeze4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.blocks.Computation;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.models.Models;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SpaceToBatchLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** Networks with the engine against the same networks without it, where the two once differed. */
@Tag("tiny")
class EqualToDl4jTest {
    private static final double BOUND = 1e-5;
    private static final int SIZE = 8;
    private static final int CHANNELS = 4;
    private static final int CLASSES = 3;

    private static GraphBuilder graph() {
        return graph(CNN2DFormat.NCHW);
    }

    private static GraphBuilder graph(CNN2DFormat format) {
        return new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Sgd(0.1))
                .activation(Activation.IDENTITY)
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(SIZE, SIZE, 3, format));
    }

    private static ConvolutionLayer.Builder convolution() {
        return new ConvolutionLayer.Builder(3, 3)
                .convolutionMode(ConvolutionMode.Same)
                .nOut(CHANNELS);
    }

    private static ComputationGraph finished(GraphBuilder graph, String last) {
        graph.addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), last)
                .addLayer(
                        "out",
                        new OutputLayer.Builder()
                                .activation(Activation.SOFTMAX)
                                .nOut(CLASSES)
                                .build(),
                        "pool")
                .setOutputs("out");
        ComputationGraph network = new ComputationGraph(graph.build());
        network.init();
        return network;
    }

    private static INDArray images(int batch) {
        Nd4j.getRandom().setSeed(batch);
        return Nd4j.randn(DataType.FLOAT, batch, 3, SIZE, SIZE);
    }

    private static INDArray labels(int batch) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, batch, CLASSES);
        for (int i = 0; i < batch; i++) {
            labels.putScalar(i, i % CLASSES, 1);
        }
        return labels;
    }

    private static Acceleration assertEqual(ComputationGraph stock) {
        return assertEqual(stock, images(3));
    }

    /** Outputs, gradients, three steps; and the network made ready for use. */
    private static Acceleration assertEqual(ComputationGraph stock, INDArray images) {
        ComputationGraph fast = stock.clone();
        Acceleration acceleration = Acceleration.apply(fast);
        assertThat(acceleration.refusal()).isNull();
        InferenceNetwork ready = InferenceNetwork.optimize(stock);
        assertSame("output", fast.output(images)[0], stock.output(images)[0]);
        INDArray[] outputs = acceleration.output(images);
        assertThat(outputs == null).isEqualTo(acceleration.lastRefusal() != null);
        if (outputs != null) {
            assertSame("acceleration.output", outputs[0], stock.output(images)[0]);
        }
        assertSame("ready", ready.outputSingle(images), stock.output(images)[0]);
        int batch = (int) images.size(0);
        gradients(stock, images, labels(batch));
        gradients(fast, images, labels(batch));
        assertSame("score", Nd4j.scalar(fast.score()), Nd4j.scalar(stock.score()));
        Map<String, INDArray> wanted = stock.gradient().gradientForVariable();
        Map<String, INDArray> actual = fast.gradient().gradientForVariable();
        assertThat(actual.keySet()).containsExactlyElementsOf(wanted.keySet());
        assertSameGradients(actual, wanted);
        for (int step = 0; step < 3; step++) {
            Nd4j.getRandom().setSeed(step);
            stock.fit(new DataSet(images, labels(batch)));
            Nd4j.getRandom().setSeed(step);
            fast.fit(new DataSet(images, labels(batch)));
        }
        assertSame("parameters", fast.params(), stock.params());
        return acceleration;
    }

    private static void gradients(ComputationGraph network, INDArray images, INDArray labels) {
        Nd4j.getRandom().setSeed(9);
        network.setInputs(images);
        network.setLabels(labels);
        network.computeGradientAndScore();
    }

    /** A lone bias may be what remains where terms cancel, rounded as they are: the largest of its layer is the measure. */
    private static void assertSameGradients(Map<String, INDArray> actual, Map<String, INDArray> expected) {
        Map<String, Double> largest = new HashMap<>();
        expected.forEach((name, gradient) -> largest.merge(
                name.split("_")[0],
                gradient == null ? 0 : largest(gradient.dup('c').data().asDouble()),
                Math::max));
        expected.forEach((name, gradient) -> {
            if (gradient != null) {
                assertSame(name, actual.get(name), gradient, largest.get(name.split("_")[0]));
            }
        });
    }

    private static double largest(double[] values) {
        double largest = 1e-2;
        for (double value : values) {
            largest = Double.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
        }
        return largest;
    }

    private static void assertSame(String name, INDArray actual, INDArray expected) {
        assertSame(name, actual, expected, largest(expected.dup('c').data().asDouble()));
    }

    /** Not a number where it is not one there, too. */
    private static void assertSame(String name, INDArray actual, INDArray expected, double largest) {
        double[] a = actual.dup('c').data().asDouble();
        double[] e = expected.dup('c').data().asDouble();
        for (int i = 0; i < e.length; i++) {
            assertThat(Double.isNaN(a[i]))
                    .as(name + " [" + i + "]: " + a[i] + " for " + e[i])
                    .isEqualTo(Double.isNaN(e[i]));
            if (Double.isFinite(e[i])) {
                assertThat(a[i])
                        .as(name + " [" + i + "]")
                        .isCloseTo(e[i], org.assertj.core.api.Assertions.within(BOUND * largest));
            }
        }
    }

    // ---- what DL4J prints and casts --------------------------------------------------------------------------------

    /** DL4J divides by the square of exp(x) + 1, which is infinite from 45 on in FLOAT: its gradient is no number where the engine's is that of DOUBLE. */
    @Test
    void theDerivativeOfSwishDoesNotOverflow() {
        Map<String, INDArray> gradients = new HashMap<>();
        for (String how : List.of("stock", "engine", "double")) {
            ComputationGraph network = finished(
                    graph().addLayer(
                                    "a",
                                    convolution()
                                            .activation(Activation.SWISH)
                                            .biasInit(60)
                                            .build(),
                                    "input"),
                    "a");
            DataType type = how.equals("double") ? DataType.DOUBLE : DataType.FLOAT;
            network = network.convertDataType(type);
            if (how.equals("engine")) {
                Acceleration.apply(network);
            }
            INDArray labels = Nd4j.zeros(type, 2, CLASSES);
            labels.putScalar(0, 0, 1).putScalar(1, 2, 1);
            Twins.gradients(network, new Twins.Pass(new INDArray[] {images(2).castTo(type)}, new INDArray[] {labels}));
            gradients.put(how, network.gradient().getGradientFor("a_b").dup());
        }
        assertThat(gradients.get("stock").sumNumber().doubleValue()).isNaN();
        INDArray wanted = gradients.get("double");
        assertThat(gradients.get("engine").castTo(DataType.DOUBLE).distance2(wanted))
                .isLessThan(BOUND * wanted.norm2Number().doubleValue());
    }

    @Test
    void summariesAreDl4js() {
        ComputationGraph network =
                Models.builder("se_resnet20").classes(10).build().init();
        String accelerated = network.summary();
        String withSizes = network.summary(InputType.convolutional(32, 32, 3));
        Acceleration.of(network).undo();
        assertThat(accelerated)
                .isEqualTo(network.summary())
                .contains("stage1.block1.attention (SqueezeExcitation, 16 channels)");
        assertThat(withSizes).isEqualTo(network.summary(InputType.convolutional(32, 32, 3)));
    }

    @Test
    void summariesOfLayersAreDl4js() {
        MultiLayerNetwork network =
                layers(convolution().build(), new BatchNormalization(), new ActivationLayer(Activation.RELU));
        String text = network.summary();
        String withSizes = network.summary(InputType.convolutional(SIZE, SIZE, 3));
        Acceleration acceleration = Acceleration.apply(network);
        assertThat(acceleration.refusal()).isNull();
        assertThat(network.summary()).isEqualTo(text);
        assertThat(network.summary(InputType.convolutional(SIZE, SIZE, 3))).isEqualTo(withSizes);
    }

    // ---- numbers ---------------------------------------------------------------------------------------------------

    private static List<ActivationReLU> rectifiers() {
        List<ActivationReLU> all = new ArrayList<>();
        for (Double max : new Double[] {null, 0.0, 0.5, 6.0}) {
            for (Double threshold : new Double[] {null, 0.0, 0.3}) {
                for (Double slope : new Double[] {null, 0.0, 0.2}) {
                    all.add(new ActivationReLU(max, threshold, slope));
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"alone", "in a convolution", "behind BN"})
    void parametersOfRectifiers(String place) {
        GraphBuilder graph = graph();
        List<String> branches = new ArrayList<>();
        for (IActivation relu : rectifiers()) {
            String last = "relu" + branches.size();
            if (place.equals("in a convolution")) {
                graph.addLayer(last, convolution().activation(relu).build(), "input");
            } else {
                String conv = "conv" + branches.size();
                graph.addLayer(conv, convolution().build(), "input");
                if (place.equals("behind BN")) {
                    graph.addLayer(conv + "bn", new BatchNormalization(), conv);
                    conv += "bn";
                }
                graph.addLayer(last, new ActivationLayer(relu), conv);
            }
            branches.add(last);
        }
        graph.addVertex("merge", new MergeVertex(), branches.toArray(new String[0]));
        Acceleration acceleration =
                assertEqual(finished(graph.addLayer("last", convolution().build(), "merge"), "last"));
        // without a threshold and a slope, and with no limit or that of 6
        assertThat(acceleration.otherLayers()).hasSize(36 - 2 * 4);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f})
    void oneBadPixel(float value) {
        for (boolean normalised : new boolean[] {true, false}) {
            GraphBuilder graph = graph().addLayer("conv1", convolution().build(), "input");
            String last = "conv1";
            if (normalised) {
                graph.addLayer("bn1", new BatchNormalization(), last);
                last = "bn1";
            }
            graph.addLayer("relu1", new ActivationLayer(Activation.RELU), last)
                    .addLayer("conv2", convolution().activation(Activation.RELU).build(), "relu1")
                    .addLayer(
                            "conv3", convolution().activation(Activation.RELU6).build(), "conv2")
                    .addLayer("se", SqueezeExcitation.builder().reduction(2).build(), "conv3");
            INDArray images = images(3);
            images.putScalar(new int[] {1, 2, 4, 5}, value);
            assertEqual(finished(graph, "se"), images);
        }
    }

    @Test
    void aRateThatIsMuchTooLarge() {
        for (boolean normalised : new boolean[] {true, false}) {
            GraphBuilder graph = graph().addLayer("conv1", convolution().build(), "input");
            String last = "conv1";
            if (normalised) {
                graph.addLayer("bn1", new BatchNormalization(), last);
                last = "bn1";
            }
            graph.addLayer("relu1", new ActivationLayer(Activation.RELU), last)
                    .addLayer("conv2", convolution().activation(Activation.RELU).build(), "relu1");
            ComputationGraph stock = finished(graph, "conv2");
            stock.setLearningRate(1e25);
            assertEqual(stock);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Activation.class,
            names = {"RELU", "RELU6", "SIGMOID", "TANH", "SWISH"})
    void notANumberInOneWeight(Activation activation) {
        for (String parameter : new String[] {"conv1_W", "conv2_W", "conv2_b", "conv3_W"}) {
            ComputationGraph stock = finished(
                    graph().addLayer(
                                    "conv1",
                                    convolution().activation(activation).build(),
                                    "input")
                            .addLayer(
                                    "conv2",
                                    convolution().activation(activation).build(),
                                    "conv1")
                            .addLayer("conv3", convolution().build(), "conv2")
                            .addLayer("bn3", new BatchNormalization(), "conv3")
                            .addLayer("relu3", new ActivationLayer(activation), "bn3"),
                    "relu3");
            stock.getParam(parameter).putScalar(0, Float.NaN);
            assertEqual(stock);
        }
    }

    // ---- wrappers --------------------------------------------------------------------------------------------------

    @Test
    void frozenWithBackprop() {
        GraphBuilder graph = graph().addLayer("conv1", convolution().build(), "input")
                .addLayer("conv2", new FrozenLayerWithBackprop(convolution().build()), "conv1")
                .addLayer("bn3", new FrozenLayerWithBackprop(NativeBatchNormalization.standard()), "conv2")
                .addLayer("relu3", new ActivationLayer(Activation.RELU), "bn3")
                .addLayer(
                        "se",
                        new FrozenLayerWithBackprop(
                                SqueezeExcitation.builder().reduction(2).build()),
                        "relu3")
                .addLayer("conv4", convolution().build(), "se");
        ComputationGraph stock = finished(graph, "conv4");
        INDArray before = stock.getParam("conv2_W").dup();
        assertEqual(stock);
        assertThat(stock.getParam("conv2_W")).isEqualTo(before);
    }

    @Test
    void frozenOutputLayer() {
        GraphBuilder graph = graph().addLayer(
                        "conv1", convolution().activation(Activation.RELU).build(), "input")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "conv1")
                .addLayer(
                        "out",
                        new FrozenLayerWithBackprop(new OutputLayer.Builder()
                                .activation(Activation.SOFTMAX)
                                .nOut(CLASSES)
                                .build()),
                        "pool")
                .setOutputs("out");
        ComputationGraph stock = new ComputationGraph(graph.build());
        stock.init();
        assertEqual(stock);
    }

    /** Without workspaces, with which DL4J's own normalization fails there. */
    @Test
    void nativeNormalizationFrozenLayerByLayer() {
        ComputationGraph[] networks = new ComputationGraph[2];
        for (int i = 0; i < 2; i++) {
            org.deeplearning4j.nn.conf.layers.Layer bn = i == 0
                    ? new BatchNormalization.Builder().useLogStd(false).build()
                    : NativeBatchNormalization.standard();
            networks[i] = finished(
                    graph().addLayer("conv1", convolution().build(), "input")
                            .addLayer("bn", new FrozenLayerWithBackprop(bn), "conv1")
                            .addLayer("conv2", convolution().build(), "bn"),
                    "conv2");
            networks[i].getConfiguration().setTrainingWorkspaceMode(WorkspaceMode.NONE);
            networks[i].getConfiguration().setInferenceWorkspaceMode(WorkspaceMode.NONE);
            networks[i].getParam("bn_mean").assign(0.3);
            networks[i].getParam("bn_var").assign(2.5);
            gradients(networks[i], images(3), labels(3));
        }
        assertSame(
                "conv1_W",
                networks[1].gradient().getGradientFor("conv1_W"),
                networks[0].gradient().getGradientFor("conv1_W"));
    }

    // ---- layers in a row -------------------------------------------------------------------------------------------

    private static MultiLayerNetwork layers(org.deeplearning4j.nn.conf.layers.Layer... layers) {
        NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Sgd(0.1))
                .activation(Activation.IDENTITY)
                .list();
        for (org.deeplearning4j.nn.conf.layers.Layer layer : layers) {
            list.layer(layer);
        }
        list.layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(new OutputLayer.Builder()
                        .activation(Activation.SOFTMAX)
                        .nOut(CLASSES)
                        .build())
                .setInputType(InputType.convolutional(SIZE, SIZE, 3));
        MultiLayerNetwork network = new MultiLayerNetwork(list.build());
        network.init();
        return network;
    }

    private static MultiLayerNetwork layersWithAForeignOne() {
        return layers(
                convolution().build(),
                new BatchNormalization(),
                new ActivationLayer(Activation.RELU),
                new ActivationLayer(Activation.SOFTSIGN),
                convolution().build(),
                new ActivationLayer(Activation.RELU));
    }

    private static MultiLayerNetwork accelerated(MultiLayerNetwork stock) {
        MultiLayerNetwork fast = stock.clone();
        assertThat(Acceleration.apply(fast).refusal()).isNull();
        return fast;
    }

    @Test
    void theGradientOfTheInput() {
        for (MultiLayerNetwork stock :
                new MultiLayerNetwork[] {layersWithAForeignOne(), layers(new ActivationLayer(Activation.RELU))}) {
            MultiLayerNetwork fast = accelerated(stock);
            for (int batch : new int[] {3, 2}) {
                var wanted = stock.calculateGradients(images(batch), labels(batch), null, null);
                var actual = fast.calculateGradients(images(batch), labels(batch), null, null);
                assertSame("input", actual.getSecond(), wanted.getSecond());
                assertSameGradients(
                        actual.getFirst().gradientForVariable(),
                        wanted.getFirst().gradientForVariable());
                fast.fit(images(batch), labels(batch));
                stock.fit(images(batch), labels(batch));
            }
            assertSame("parameters", fast.params(), stock.params());
        }
    }

    @Test
    void layersThatAreCalledAlone() {
        MultiLayerNetwork stock = layersWithAForeignOne();
        MultiLayerNetwork fast = accelerated(stock);
        INDArray map = Nd4j.randn(DataType.FLOAT, 2, CHANNELS, SIZE, SIZE);
        fast.output(images(3));
        assertSame("1 to 2", fast.activateSelectedLayers(1, 2, map), stock.activateSelectedLayers(1, 2, map));
        assertSame(
                "0 to 5", fast.activateSelectedLayers(0, 5, images(3)), stock.activateSelectedLayers(0, 5, images(3)));
        for (int layer : new int[] {1, 2, 4, 5}) {
            LayerWorkspaceMgr none = LayerWorkspaceMgr.noWorkspaces();
            assertSame(
                    "layer " + layer,
                    fast.getLayer(layer).activate(map.dup(), false, none),
                    stock.getLayer(layer).activate(map.dup(), false, none));
        }
        assertSame("output", fast.output(images(3)), stock.output(images(3)));
    }

    @Test
    void schedulesInsideALayer() {
        Dropout dropout = new Dropout(new MapSchedule.Builder(ScheduleType.ITERATION)
                .add(0, 1.0)
                .add(2, 0.4)
                .build());
        MultiLayerNetwork stock = layers(
                convolution().build(), convolution().dropOut(dropout).build(), new ActivationLayer(Activation.RELU));
        MultiLayerNetwork fast = accelerated(stock);
        for (int step = 0; step < 4; step++) {
            for (MultiLayerNetwork network : new MultiLayerNetwork[] {stock, fast}) {
                Nd4j.getRandom().setSeed(step);
                network.fit(images(3), labels(3));
            }
        }
        assertSame("parameters", fast.params(), stock.params());
    }

    // ---- shapes, formats, options ----------------------------------------------------------------------------------

    @Test
    void verticesThatChangeTheBatch() {
        GraphBuilder siamese = new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Sgd(0.1))
                .activation(Activation.IDENTITY)
                .graphBuilder()
                .addInputs("a", "b")
                .setInputTypes(InputType.convolutional(SIZE, SIZE, 3), InputType.convolutional(SIZE, SIZE, 3))
                .addVertex("stack", new StackVertex(), "a", "b")
                .addLayer("conv", convolution().activation(Activation.RELU).build(), "stack")
                .addVertex("left", new UnstackVertex(0, 2), "conv")
                .addVertex("right", new UnstackVertex(1, 2), "conv")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "left", "right");
        ComputationGraph stock = finished(siamese, "sum");
        ComputationGraph fast = stock.clone();
        assertThat(Acceleration.apply(fast).refusal()).isNull();
        InferenceNetwork ready = InferenceNetwork.optimize(stock);
        INDArray[] inputs = {images(3), images(3).mul(2)};
        assertSame("output", fast.output(inputs)[0], stock.output(inputs)[0]);
        assertThat(Acceleration.of(fast).lastRefusal()).isNull();
        assertSame("ready", ready.outputSingle(inputs), stock.output(inputs)[0]);
        for (ComputationGraph network : new ComputationGraph[] {stock, fast}) {
            network.fit(inputs, new INDArray[] {labels(3)});
        }
        assertSame("parameters", fast.params(), stock.params());
    }

    /** The gradient of a part of the channels of one example has no gaps. */
    @Test
    void unstackedAndMerged() {
        GraphBuilder graph = graph().addLayer("a", convolution().build(), "input")
                .addLayer("b", convolution().build(), "input")
                .addVertex("stack", new StackVertex(), "a", "b")
                .addLayer("conv", convolution().build(), "stack")
                .addVertex("left", new UnstackVertex(0, 2), "conv")
                .addVertex("right", new UnstackVertex(1, 2), "conv")
                .addVertex("merge", new MergeVertex(), "left", "right");
        ComputationGraph stock = finished(graph, "merge");
        for (int batch : new int[] {2, 3, 1}) {
            assertEqual(stock, images(batch));
        }
        GraphBuilder features = graph().addLayer("a", convolution().build(), "input")
                .addVertex("left", new SubsetVertex(0, 1), "a")
                .addVertex("right", new SubsetVertex(2, 3), "a")
                .addVertex("merge", new MergeVertex(), "left", "right")
                .addLayer("out", new CnnLossLayer.Builder(LossFunction.MSE).build(), "merge")
                .setOutputs("out");
        ComputationGraph[] networks = {new ComputationGraph(features.build()), null};
        networks[0].init();
        networks[1] = networks[0].clone();
        Acceleration.apply(networks[1]);
        for (ComputationGraph network : networks) {
            gradients(network, images(1), Nd4j.ones(DataType.FLOAT, 1, CHANNELS, SIZE, SIZE));
        }
        assertSameGradients(
                networks[1].gradient().gradientForVariable(),
                networks[0].gradient().gradientForVariable());
    }

    @Test
    void layersThatChangeTheBatch() {
        GraphBuilder graph = graph().addLayer(
                        "conv", convolution().activation(Activation.RELU).build(), "input")
                .addLayer("space", new SpaceToBatchLayer.Builder(new int[] {2, 2}).build(), "conv")
                .addLayer("conv2", convolution().build(), "space");
        ComputationGraph stock = finished(graph, "conv2");
        ComputationGraph fast = stock.clone();
        assertThat(Acceleration.apply(fast).refusal()).isNull();
        assertSame("output", fast.output(images(3))[0], stock.output(images(3))[0]);
        assertSame("ready", InferenceNetwork.optimize(stock).outputSingle(images(3)), stock.output(images(3))[0]);
    }

    @Test
    void channelsLastWithoutConvolution() {
        GraphBuilder graph = new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Sgd(0.1))
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(SIZE, SIZE, SIZE, CNN2DFormat.NHWC))
                .addLayer("bn", new BatchNormalization(), "input")
                .addLayer("se", SqueezeExcitation.builder().reduction(2).build(), "bn")
                .addLayer("relu", new ActivationLayer(Activation.RELU), "se");
        Nd4j.getRandom().setSeed(3);
        assertEqual(finished(graph, "relu"), Nd4j.randn(DataType.FLOAT, 3, SIZE, SIZE, SIZE));
    }

    /** DL4J's clone of a merge forgets its axis. */
    @Test
    void mergesOfChannelsLast() {
        GraphBuilder graph = graph(CNN2DFormat.NHWC)
                .addLayer("a", convolution().dataFormat(CNN2DFormat.NHWC).build(), "input")
                .addLayer("b", convolution().dataFormat(CNN2DFormat.NHWC).build(), "input")
                .addVertex("merge", new MergeVertex(), "a", "b")
                .addLayer("out", new CnnLossLayer.Builder(LossFunction.MSE).build(), "merge")
                .setOutputs("out");
        ComputationGraph stock = new ComputationGraph(graph.build());
        stock.init();
        INDArray images = images(2).permute(0, 2, 3, 1).dup('c');
        INDArray ready = InferenceNetwork.optimize(stock).outputSingle(images);
        INDArray expected = stock.outputSingle(images);
        assertThat(ready.shape()).isEqualTo(expected.shape());
        assertSame("ready", ready, expected);
    }

    @Test
    void theWayOfComputingThatWasAskedFor() {
        GraphBuilder graph = graph().addLayer("conv", convolution().build(), "input")
                .addLayer(
                        "se",
                        SqueezeExcitation.builder()
                                .reduction(2)
                                .computation(Computation.SAMEDIFF)
                                .build(),
                        "conv");
        Acceleration acceleration = assertEqual(finished(graph, "se"));
        assertThat(acceleration.otherLayers()).containsEntry("se", "SqueezeExcitation with Computation.SAMEDIFF");
    }

    @Test
    void dropoutThatDropsNothing() {
        GraphBuilder graph = graph().addLayer(
                        "conv", convolution().dropOut(new Dropout(1.0)).build(), "input")
                .addLayer(
                        "relu",
                        new ActivationLayer.Builder()
                                .activation(Activation.RELU)
                                .dropOut(new Dropout(1.0))
                                .build(),
                        "conv");
        Acceleration acceleration = assertEqual(finished(graph, "relu"));
        assertThat(acceleration.otherLayers()).isEmpty();
    }

    @Test
    void dropoutAndNoiseAreOfTrainingOnly() {
        GraphBuilder graph = graph().addLayer("conv", convolution().build(), "input")
                .addLayer("conv2", convolution().dropOut(new Dropout(0.5)).build(), "conv")
                .addLayer(
                        "conv3", convolution().weightNoise(new DropConnect(0.5)).build(), "conv2");
        ComputationGraph stock = finished(graph, "conv3");
        ComputationGraph fast = stock.clone();
        Acceleration acceleration = Acceleration.apply(fast);
        assertThat(acceleration.otherLayers())
                .containsOnly(
                        Map.entry("conv2", "dropout; at inference oneDNN computes it"),
                        Map.entry("conv3", "weight noise; at inference oneDNN computes it"));
        gradients(stock, images(3), labels(3));
        gradients(fast, images(3), labels(3));
        assertSameGradients(
                fast.gradient().gradientForVariable(), stock.gradient().gradientForVariable());
        stock.getConfiguration().setInferenceWorkspaceMode(WorkspaceMode.NONE); // with which DL4J's own output() fails
        assertSame("output", fast.output(images(3))[0], stock.output(images(3))[0]);
        assertThat(acceleration.lastRefusal()).isNull();
        assertSame("ready", InferenceNetwork.optimize(fast).outputSingle(images(3)), stock.output(images(3))[0]);
    }

    @ParameterizedTest
    @EnumSource(CNN2DFormat.class)
    void poolingByNorm(CNN2DFormat format) {
        GraphBuilder graph = graph(format)
                .addLayer(
                        "conv",
                        convolution()
                                .dataFormat(format)
                                .activation(Activation.RELU)
                                .build(),
                        "input")
                .addLayer(
                        "norm",
                        new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.PNORM)
                                .pnorm(2)
                                .kernelSize(2, 2)
                                .stride(2, 2)
                                .dataFormat(format)
                                .build(),
                        "conv")
                .addLayer("conv2", convolution().dataFormat(format).build(), "norm");
        INDArray images = images(3);
        assertEqual(
                finished(graph, "conv2"),
                format == CNN2DFormat.NCHW ? images : images.permute(0, 2, 3, 1).dup('c'));
    }

    // ---- listeners
    // ----------------------------------------------------------------------------------------------------

    /** Reads all results in every second iteration. */
    private static final class Reader extends BaseTrainingListener {
        final List<Map<Object, INDArray>> seen = new ArrayList<>();
        private int passes;

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            if (passes++ % 2 == 1) {
                Map<Object, INDArray> copy = new LinkedHashMap<>();
                activations.forEach((name, array) ->
                        copy.put(name, Nd4j.createUninitialized(array.shape()).assign(array)));
                seen.add(copy);
            }
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            if (passes++ % 2 == 1) {
                Map<Object, INDArray> copy = new LinkedHashMap<>();
                activations.forEach(array -> copy.put(copy.size(), array.add(0).detach()));
                seen.add(copy);
            }
        }
    }

    private static void assertSameSeen(Reader actual, Reader expected) {
        assertThat(expected.seen).hasSize(2);
        for (int i = 0; i < 2; i++) {
            Map<Object, INDArray> wanted = expected.seen.get(i);
            Map<Object, INDArray> found = actual.seen.get(i);
            assertThat(found.keySet()).containsExactlyInAnyOrderElementsOf(wanted.keySet());
            wanted.forEach((name, array) -> assertSame(name.toString(), found.get(name), array));
        }
    }

    @Test
    void listenersThatReadNowAndThen() {
        GraphBuilder builder = graph().addLayer("conv", convolution().build(), "input")
                .addLayer("bn", new BatchNormalization(), "conv")
                .addLayer("relu", new ActivationLayer(Activation.RELU), "bn")
                .addLayer("soft", new ActivationLayer(Activation.SOFTSIGN), "relu")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "soft", "conv");
        ComputationGraph stock = finished(builder, "add");
        ComputationGraph fast = stock.clone();
        Acceleration acceleration = Acceleration.apply(fast);
        Reader[] readers = {new Reader(), new Reader()};
        stock.setListeners(readers[0]); // a clone has the same list of listeners
        for (int step = 0; step < 4; step++) {
            stock.fit(new DataSet(images(3), labels(3)));
        }
        fast.setListeners(readers[1]);
        for (int step = 0; step < 4; step++) {
            fast.fit(new DataSet(images(3), labels(3)));
            assertThat(acceleration.lastRefusal()).isNull();
        }
        assertSameSeen(readers[1], readers[0]);
        assertSame("parameters", fast.params(), stock.params());
    }

    @Test
    void listenersOfLayersThatReadNowAndThen() {
        MultiLayerNetwork stock = layersWithAForeignOne();
        MultiLayerNetwork fast = accelerated(stock);
        Reader[] readers = {new Reader(), new Reader()};
        stock.setListeners(readers[0]);
        fast.setListeners(readers[1]);
        for (int step = 0; step < 4; step++) {
            stock.fit(images(3), labels(3));
            fast.fit(images(3), labels(3));
            assertThat(Acceleration.of(fast).lastRefusal()).isNull();
        }
        assertSameSeen(readers[1], readers[0]);
        assertSame("parameters", fast.params(), stock.params());
    }

    // ---- order of calls --------------------------------------------------------------------------------------------

    @Test
    void nothingMayComeBetweenForwardAndBackward() {
        MultiLayerNetwork fast = accelerated(layersWithAForeignOne());
        fast.output(images(2));
        assertThatThrownBy(() ->
                        fast.backpropGradient(Nd4j.zeros(DataType.FLOAT, 3, CLASSES), LayerWorkspaceMgr.noWorkspaces()))
                .isInstanceOf(RuntimeException.class);

        GraphBuilder builder = graph().addLayer("conv", convolution().build(), "input")
                .addLayer("relu", new ActivationLayer(Activation.RELU), "conv")
                .setOutputs("relu");
        ComputationGraph stock = new ComputationGraph(builder.build());
        stock.init();
        ComputationGraph graph = stock.clone();
        assertThat(Acceleration.apply(graph).refusal()).isNull();
        INDArray epsilon = Nd4j.ones(DataType.FLOAT, 3, CHANNELS, SIZE, SIZE);
        for (ComputationGraph network : new ComputationGraph[] {stock, graph}) {
            network.setInputs(images(3));
            network.feedForward(new INDArray[] {images(3)}, true, false);
        }
        assertSame(
                "external",
                graph.backpropGradient(epsilon.dup()).gradient(),
                stock.backpropGradient(epsilon.dup()).gradient());
        graph.feedForward(new INDArray[] {images(3)}, true, false);
        graph.output(images(2));
        assertThatThrownBy(() -> graph.backpropGradient(epsilon.dup()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("backward pass: the last forward pass of this network was one at inference;"
                        + " call the forward pass in training again, and nothing in between");
    }

    @Test
    void severalThreadsOnOneNetwork() throws Exception {
        ComputationGraph stock = finished(
                graph().addLayer("conv", convolution().build(), "input")
                        .addLayer("soft", new ActivationLayer(Activation.SOFTSIGN), "conv")
                        .addLayer("conv2", convolution().build(), "soft"),
                "conv2");
        ComputationGraph fast = stock.clone();
        Acceleration acceleration = Acceleration.apply(fast);
        InferenceNetwork ready = InferenceNetwork.optimize(stock);
        List<Callable<INDArray>> calls = new ArrayList<>();
        List<INDArray> wanted = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            INDArray images = images(1 + i % 4).mul(1 + i);
            INDArray expected = stock.outputSingle(images);
            for (int way = 0; way < 3; way++) {
                int how = way;
                wanted.add(expected);
                calls.add(() -> how == 0
                        ? acceleration.output(images)[0]
                        : how == 1 ? ready.outputSingle(images) : fast.outputSingle(images));
            }
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<INDArray>> results = threads.invokeAll(calls);
            for (int i = 0; i < results.size(); i++) {
                assertSame("call " + i, results.get(i).get(), wanted.get(i));
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
