package io.github.squeeze4j.engine;

import static io.github.squeeze4j.Arrays4j.assertClose;
import static io.github.squeeze4j.Arrays4j.assertSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.models.Models;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.nativeblas.NativeOpsHolder;

/** Against the same network in double precision by DL4J alone, and against itself before. */
class AccelerationTest {
    private static final double BOUND = 1e-5;
    private static final int SIZE = 20;

    private static MultiDataSet data(int batch, CNN2DFormat format, int size) {
        Nd4j.getRandom().setSeed(42L + batch + size);
        INDArray images = format == CNN2DFormat.NCHW
                ? Nd4j.randn(DataType.FLOAT, batch, 3, size, size)
                : Nd4j.randn(DataType.FLOAT, batch, size, size, 3);
        return new MultiDataSet(
                new INDArray[] {images},
                new INDArray[] {labels(batch, Networks.CLASSES), labels(batch, Networks.CLASSES)});
    }

    private static INDArray labels(int batch, int classes) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, batch, classes);
        for (int i = 0; i < batch; i++) {
            labels.putScalar(i, i % classes, 1);
        }
        return labels;
    }

    private static void gradients(ComputationGraph network, MultiDataSet data) {
        DataType type = network.getConfiguration().getDataType();
        network.setInputs(data.getFeatures(0).castTo(type));
        network.setLabels(data.getLabels(0).castTo(type), data.getLabels(1).castTo(type));
        network.computeGradientAndScore();
    }

    private static void assertSameGradients(ComputationGraph actual, ComputationGraph expected) {
        Map<String, INDArray> wanted = expected.gradient().gradientForVariable();
        assertThat(actual.gradient().gradientForVariable().keySet())
                .containsExactlyInAnyOrderElementsOf(wanted.keySet());
        // Gradients of one layer are sums of the same terms. A lone bias may be what remains where they cancel, and
        // rounded as
        // they are; so the largest of the layer is the measure.
        Map<String, Double> largest = new HashMap<>();
        wanted.forEach((name, gradient) -> largest.merge(layer(name), largest(gradient), Math::max));
        wanted.forEach((name, gradient) -> assertClose(
                name,
                actual.gradient().getGradientFor(name),
                gradient,
                BOUND * largest.get(layer(name)) / largest(gradient)));
        assertThat(actual.score()).isCloseTo(expected.score(), org.assertj.core.api.Assertions.within(BOUND));
    }

    private static String layer(String parameter) {
        return parameter.substring(0, parameter.lastIndexOf('_'));
    }

    private static double largest(INDArray array) {
        return Math.max(array.amaxNumber().doubleValue(), Double.MIN_NORMAL);
    }

    private static Acceleration accelerated(ComputationGraph network) {
        Acceleration acceleration = Acceleration.apply(network);
        assertThat(acceleration.refusal()).isNull();
        return acceleration;
    }

    // ---- numbers ---------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(CNN2DFormat.class)
    void outputsAndGradientsAreThoseOfDoublePrecision(CNN2DFormat format) {
        assertThoseOfDoublePrecision(
                format,
                Networks.everything(DataType.FLOAT, format, SIZE),
                Networks.everything(DataType.DOUBLE, format, SIZE));
    }

    @ParameterizedTest
    @EnumSource(CNN2DFormat.class)
    void branchesAreThoseOfDoublePrecision(CNN2DFormat format) {
        Acceleration acceleration = assertThoseOfDoublePrecision(
                format,
                Networks.branches(DataType.FLOAT, format, SIZE),
                Networks.branches(DataType.DOUBLE, format, SIZE));
        assertThat(acceleration.otherLayers()).isEmpty();
    }

    private static Acceleration assertThoseOfDoublePrecision(
            CNN2DFormat format, ComputationGraph actual, ComputationGraph expected) {
        Acceleration acceleration = accelerated(actual);
        for (int batch : new int[] {3, 1, 5, 3}) {
            MultiDataSet data = data(batch, format, SIZE);
            INDArray[] wanted = expected.output(data.getFeatures(0).castTo(DataType.DOUBLE));
            INDArray[] outputs = actual.output(data.getFeatures(0));
            assertThat(acceleration.lastRefusal()).isNull();
            assertClose("out", outputs[0], wanted[0], BOUND);
            assertClose("auxiliary", outputs[1], wanted[1], BOUND);
            gradients(expected, data);
            gradients(actual, data);
            assertThat(acceleration.lastRefusal()).isNull();
            assertSameGradients(actual, expected);
        }
        return acceleration;
    }

    @Test
    void otherImageSizes() {
        ComputationGraph expected = Networks.everything(DataType.DOUBLE, CNN2DFormat.NCHW, SIZE);
        ComputationGraph actual = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        Acceleration acceleration = accelerated(actual);
        for (int size : new int[] {SIZE, 27, 33, SIZE}) {
            MultiDataSet data = data(2, CNN2DFormat.NCHW, size);
            gradients(expected, data);
            gradients(actual, data);
            assertThat(acceleration.lastRefusal()).isNull();
            assertSameGradients(actual, expected);
        }
    }

    /** What DL4J computes goes into a convolution as it lies, also in the backward pass. */
    @Test
    void convolutionBehindALayerOfDl4j() {
        ComputationGraph expected = Networks.paddedStem(DataType.DOUBLE);
        ComputationGraph actual = Networks.paddedStem(DataType.FLOAT);
        Acceleration acceleration = accelerated(actual);
        assertThat(acceleration.otherLayers()).containsOnlyKeys("pad");
        Nd4j.getRandom().setSeed(4);
        INDArray images = Nd4j.randn(DataType.FLOAT, 2, 3, SIZE, SIZE);
        for (ComputationGraph network : new ComputationGraph[] {expected, actual}) {
            DataType type = network.getConfiguration().getDataType();
            network.setInputs(images.castTo(type));
            network.setLabels(labels(2, Networks.CLASSES).castTo(type));
            network.computeGradientAndScore();
        }
        assertThat(acceleration.lastRefusal()).isNull();
        assertSameGradients(actual, expected);
    }

    @Test
    void trainsAsBefore() {
        ComputationGraph expected = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        ComputationGraph actual = expected.clone();
        Acceleration acceleration = accelerated(actual);
        for (int step = 0; step < 5; step++) {
            MultiDataSet data = data(4, CNN2DFormat.NCHW, SIZE);
            expected.fit(data);
            actual.fit(data);
            assertThat(acceleration.lastRefusal()).isNull();
        }
        // five steps amplify what is rounded
        assertClose("parameters", actual.params(), expected.params(), 10 * BOUND);
        assertClose(
                "momentum",
                actual.getUpdater().getStateViewArray(),
                expected.getUpdater().getStateViewArray(),
                100 * BOUND);
    }

    @Test
    void resultsDoNotDependOnTheNumberOfThreads() {
        MultiDataSet data = data(3, CNN2DFormat.NCHW, SIZE);
        List<ComputationGraph> networks = new ArrayList<>();
        int before = NativeOpsHolder.getInstance().getDeviceNativeOps().ompGetMaxThreads();
        try {
            for (int threads : new int[] {1, 2}) {
                NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
                ComputationGraph network = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
                accelerated(network);
                gradients(network, data);
                networks.add(network);
            }
        } finally {
            NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(before);
        }
        assertSameGradients(networks.get(0), networks.get(1));
    }

    @Test
    void severalNetworksInSeveralThreads() throws Exception {
        MultiDataSet data = data(3, CNN2DFormat.NCHW, SIZE);
        ComputationGraph expected = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        accelerated(expected);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<ComputationGraph>> results = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                ComputationGraph network = expected.clone();
                accelerated(network);
                results.add(threads.submit(() -> {
                    for (int step = 0; step < 3; step++) {
                        gradients(network, data);
                    }
                    return network;
                }));
            }
            gradients(expected, data);
            for (Future<ComputationGraph> result : results) {
                assertSameGradients(result.get(), expected);
            }
        } finally {
            threads.shutdown();
        }
    }

    // ---- what DL4J does around it ----------------------------------------------------------------------------------

    @Test
    void undoGivesBackWhatWasThere() {
        ComputationGraph network = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        Object[] before = network.getVertices().clone();
        MultiDataSet data = data(2, CNN2DFormat.NCHW, SIZE);
        INDArray expected = network.output(data.getFeatures(0))[0];
        Acceleration acceleration = accelerated(network);
        assertThat(network.getVertices()).isNotEqualTo(before);
        network.fit(data);
        acceleration.undo();
        acceleration.undo();
        assertThat(network.getVertices()).isEqualTo(before);
        ComputationGraph fresh = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        network.setParams(fresh.params());
        assertSame("output", network.output(data.getFeatures(0))[0], expected);
    }

    @Test
    void everyLayersResultCanStillBeRead() {
        ComputationGraph expected = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        ComputationGraph actual = expected.clone();
        Acceleration acceleration = accelerated(actual);
        INDArray images = data(2, CNN2DFormat.NCHW, SIZE).getFeatures(0);
        Map<String, INDArray> wanted = expected.feedForward(images, false);
        Map<String, INDArray> results = actual.feedForward(images, false);
        assertThat(acceleration.lastRefusal()).contains("each layer's result");
        wanted.forEach((name, result) -> assertClose(name, results.get(name), result, BOUND));
        for (String name : new String[] {"relu", "merge", "se", "dense"}) {
            INDArray one = actual.output(Collections.singletonList(name), false, new INDArray[] {images}, null)[0];
            assertClose(name, one, wanted.get(name), BOUND);
        }
    }

    @Test
    void aListenerReadsTrueActivations() {
        ComputationGraph expected = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        ComputationGraph actual = expected.clone();
        Acceleration acceleration = accelerated(actual);
        List<INDArray> seen = new ArrayList<>();
        for (ComputationGraph network : Arrays.asList(expected, actual)) {
            network.setListeners(new BaseTrainingListener() {
                @Override
                public void onForwardPass(Model model, Map<String, INDArray> activations) {
                    seen.add(activations.get("bn2").detach());
                }
            });
            network.fit(data(2, CNN2DFormat.NCHW, SIZE));
        }
        assertThat(acceleration.lastRefusal()).isNull();
        assertClose("bn2", seen.get(1), seen.get(0), BOUND);
        assertClose("parameters", actual.params(), expected.params(), BOUND);
    }

    @Test
    void withoutWorkspacesDl4jComputes() {
        ComputationGraph expected = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        ComputationGraph actual = expected.clone();
        Acceleration acceleration = accelerated(actual);
        actual.getConfiguration().setTrainingWorkspaceMode(WorkspaceMode.NONE);
        actual.getConfiguration().setInferenceWorkspaceMode(WorkspaceMode.NONE);
        MultiDataSet data = data(2, CNN2DFormat.NCHW, SIZE);
        gradients(expected, data);
        gradients(actual, data);
        assertThat(acceleration.lastRefusal()).contains("no workspaces");
        assertSameGradients(actual, expected);
    }

    @Test
    void clonesAndFilesAreDl4js(@TempDir Path folder) throws IOException {
        ComputationGraph network = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        accelerated(network);
        MultiDataSet data = data(2, CNN2DFormat.NCHW, SIZE);
        network.fit(data);
        File file = folder.resolve("model.zip").toFile();
        ModelSerializer.writeModel(network, file, true);
        ComputationGraph loaded = ModelSerializer.restoreComputationGraph(file, true);
        INDArray expected = network.output(data.getFeatures(0))[0];
        for (ComputationGraph other : Arrays.asList(network.clone(), loaded)) {
            assertClose("before", other.output(data.getFeatures(0))[0], expected, BOUND);
            Acceleration acceleration = accelerated(other);
            assertThat(other.output(data.getFeatures(0))[0]).isEqualTo(expected);
            assertThat(acceleration.lastRefusal()).isNull();
        }
    }

    @Test
    void frozenLayersStayAsTheyAre() {
        ComputationGraph trained = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        accelerated(trained);
        ComputationGraph[] both = new ComputationGraph[2];
        for (int i = 0; i < 2; i++) {
            both[i] = new TransferLearning.GraphBuilder(trained)
                    .setFeatureExtractor("relu")
                    .build();
        }
        assertThat(both[1].getLayer("bn2")).isInstanceOf(FrozenLayer.class);
        Acceleration acceleration = accelerated(both[1]);
        assertThat(acceleration.nativeLayers()).contains("bn2", "se", "depthwise");
        MultiDataSet data = data(3, CNN2DFormat.NCHW, SIZE);
        INDArray before = both[1].getLayer("conv").params().dup();
        for (ComputationGraph network : both) {
            gradients(network, data);
        }
        assertThat(acceleration.lastRefusal()).isNull();
        assertSameGradients(both[1], both[0]);
        both[1].fit(data);
        assertSame("frozen", both[1].getLayer("conv").params(), before);
    }

    /** DL4J reads its configuration at each pass, a program when it is made: what is changed in between DL4J alone would see. */
    @Test
    void ourNetworksAreAcceleratedByDefault() {
        ComputationGraph network = Models.builder("se_resnet20").build().init();
        ComputationGraph same = Models.builder("se_resnet20").build().init();
        ComputationGraph stock = network.clone();
        assertThat(Acceleration.apply(network).refusal())
                .isEqualTo("it is accelerated already; Acceleration.of(network) gives the handle");
        Nd4j.getRandom().setSeed(4);
        DataSet data = new DataSet(Nd4j.randn(DataType.FLOAT, 2, 3, 32, 32), labels(2, 10));
        INDArray byDl4j = stock.outputSingle(data.getFeatures()).dup();
        for (ComputationGraph changed : new ComputationGraph[] {network, stock}) {
            for (Layer layer : changed.getLayers()) {
                if (layer.conf().getLayer() instanceof ActivationLayer) {
                    ((ActivationLayer) layer.conf().getLayer()).setActivationFn(new ActivationTanH());
                }
            }
        }
        assertThat(largest(stock.outputSingle(data.getFeatures()).sub(byDl4j))).isGreaterThan(1e-3);
        assertClose("output", network.outputSingle(data.getFeatures()), same.outputSingle(data.getFeatures()), 0);
        network.fit(data);
        same.fit(data);
        assertClose("parameters", network.params(), same.params(), 0);
        assertThat(Acceleration.of(network).lastRefusal()).isNull();
    }

    @Test
    void theReportNamesEachLayerThatDl4jComputes() {
        ComputationGraph network = Networks.everything(DataType.FLOAT, CNN2DFormat.NCHW, SIZE);
        Acceleration acceleration = Acceleration.apply(network);
        assertThat(acceleration.nativeLayers())
                .contains("conv", "bn", "se", "cbam", "add", "narrow", "depthwise", "maxima");
        assertThat(acceleration.otherLayers())
                .containsOnlyKeys("product", "dense")
                .containsEntry("product", "element-wise Product");
        assertThat(acceleration.report().lines())
                .hasSize(3)
                .contains("oneDNN computes 23 layers and vertices, DL4J 2 and the output layers")
                .contains("  DL4J: product (element-wise Product)");
        assertThat(Acceleration.apply(network).report())
                .isEqualTo("Not accelerated: it is accelerated already; Acceleration.of(network) gives the handle");
        ComputationGraph doubles = Networks.everything(DataType.DOUBLE, CNN2DFormat.NCHW, SIZE);
        assertThat(Acceleration.apply(doubles).report())
                .isEqualTo("Not accelerated: its data type is DOUBLE and oneDNN computes in FLOAT");
        Acceleration.apply(doubles).undo();
        gradients(doubles, data(2, CNN2DFormat.NCHW, SIZE));
    }

    @Test
    void anUninitialisedNetworkIsRefused() {
        ComputationGraph network =
                new ComputationGraph(Models.builder("resnet20").build().conf());
        assertThatThrownBy(() -> Acceleration.apply(network))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("network must be initialised; call its init() first");
    }

    // ---- networks of layers ----------------------------------------------------------------------------------------

    private static MultiLayerNetwork chain(DataType type) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(type)
                .updater(new Sgd(0.05))
                .l2(1e-3)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .nOut(8)
                        .activation(Activation.RELU)
                        .build())
                .layer(new BatchNormalization.Builder().useLogStd(false).build())
                .layer(new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build())
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .nOut(12)
                        .activation(Activation.TANH)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(10)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder()
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutionalFlat(14, 14, 1))
                .build());
        network.init();
        Nd4j.getRandom().setSeed(9);
        network.setParams(Nd4j.rand(DataType.DOUBLE, 1, network.numParams())
                .addi(0.1)
                .muli(0.4)
                .castTo(type));
        return network;
    }

    private static void gradients(MultiLayerNetwork network, DataSet data) {
        DataType type = network.getLayerWiseConfigurations().getDataType();
        network.setInput(data.getFeatures().castTo(type));
        network.setLabels(data.getLabels().castTo(type));
        network.computeGradientAndScore();
    }

    @Test
    void multiLayerNetwork() {
        MultiLayerNetwork expected = chain(DataType.DOUBLE);
        MultiLayerNetwork actual = chain(DataType.FLOAT);
        Object[] before = actual.getLayers().clone();
        Acceleration acceleration = Acceleration.apply(actual);
        assertThat(acceleration.refusal()).isNull();
        assertThat(acceleration.nativeLayers()).containsExactly("0", "1", "2", "3");
        assertThat(Acceleration.apply(actual).refusal())
                .isEqualTo("it is accelerated already; Acceleration.of(network) gives the handle");
        for (int batch : new int[] {3, 5}) {
            Nd4j.getRandom().setSeed(batch);
            DataSet data = new DataSet(Nd4j.randn(DataType.FLOAT, batch, 14 * 14), labels(batch, 4));
            assertClose(
                    "output",
                    actual.output(data.getFeatures()),
                    expected.output(data.getFeatures().castTo(DataType.DOUBLE)),
                    BOUND);
            assertThat(acceleration.lastRefusal()).isNull();
            gradients(expected, data);
            gradients(actual, data);
            assertThat(acceleration.lastRefusal()).isNull();
            expected.gradient()
                    .gradientForVariable()
                    .forEach((name, gradient) ->
                            assertClose(name, actual.gradient().getGradientFor(name), gradient, BOUND));
            assertClose("flat", actual.getFlattenedGradients(), expected.getFlattenedGradients(), BOUND);
            List<INDArray> results = actual.feedForward(data.getFeatures());
            List<INDArray> wanted = expected.feedForward(data.getFeatures().castTo(DataType.DOUBLE));
            for (int i = 0; i < wanted.size(); i++) {
                assertClose("layer " + i, results.get(i), wanted.get(i), BOUND);
            }
            actual.fit(data);
            expected.fit(new DataSet(
                    data.getFeatures().castTo(DataType.DOUBLE), data.getLabels().castTo(DataType.DOUBLE)));
            assertClose("parameters", actual.params(), expected.params(), BOUND);
        }
        acceleration.undo();
        assertThat(actual.getLayers()).isEqualTo(before);
    }
}
