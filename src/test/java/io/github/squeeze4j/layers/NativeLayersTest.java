package io.github.squeeze4j.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.onednn.OneDnn;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The native layers against DL4J's stock layers. */
class NativeLayersTest {
    private static final double TOLERANCE = 1e-5;
    private static final long SEED = 7;
    private static final int CHANNELS = 3;

    /** A network of one layer under test between the input and a classifier. */
    private static MultiLayerNetwork network(DataType type, CNN2DFormat format, int size, Layer... layers) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration(type, format, size, layers));
        network.init();
        return network;
    }

    private static MultiLayerConfiguration configuration(DataType type, CNN2DFormat format, int size, Layer... layers) {
        NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder()
                .seed(SEED)
                .dataType(type)
                .updater(new Nesterovs(0.05, 0.9))
                .list();
        for (Layer layer : layers) {
            list.layer(layer);
        }
        return list.layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(4)
                        .build())
                .setInputType(InputType.convolutional(size, size, CHANNELS, format))
                .build();
    }

    private static ConvolutionLayer.Builder convolution(int kernel, int stride, int padding) {
        return new ConvolutionLayer.Builder(kernel, kernel)
                .stride(stride, stride)
                .padding(padding, padding)
                .convolutionMode(ConvolutionMode.Truncate)
                .nOut(5)
                .activation(Activation.IDENTITY);
    }

    private static BatchNormalization.Builder normalization() {
        return new BatchNormalization.Builder().useLogStd(false);
    }

    /** Layers choose how they compute when they are created. */
    private static <T> T withoutOneDnn(Supplier<T> creation) {
        System.setProperty(OneDnn.PROPERTY, "false");
        try {
            return creation.get();
        } finally {
            System.clearProperty(OneDnn.PROPERTY);
        }
    }

    static List<ConvolutionLayer> convolutions() {
        List<ConvolutionLayer> cases = new ArrayList<>();
        for (boolean bias : new boolean[] {false, true}) {
            cases.add(convolution(3, 1, 1).hasBias(bias).build());
            cases.add(convolution(3, 2, 1).hasBias(bias).build());
            cases.add(convolution(1, 1, 0).hasBias(bias).build());
            cases.add(convolution(1, 2, 0).hasBias(bias).build());
            cases.add(convolution(7, 2, 3).hasBias(bias).build());
            cases.add(convolution(3, 1, 1)
                    .hasBias(bias)
                    .activation(Activation.TANH)
                    .build());
            cases.add(convolution(3, 2, 0)
                    .hasBias(bias)
                    .convolutionMode(ConvolutionMode.Same)
                    .build());
        }
        return cases;
    }

    /** What only oneDNN computes natively. */
    static List<ConvolutionLayer> dilatedConvolutions() {
        List<ConvolutionLayer> cases = new ArrayList<>();
        for (ConvolutionMode mode : new ConvolutionMode[] {ConvolutionMode.Same, ConvolutionMode.Truncate}) {
            for (int stride : new int[] {1, 2}) {
                cases.add(convolution(3, stride, mode == ConvolutionMode.Same ? 0 : 1)
                        .convolutionMode(mode)
                        .dilation(2, 2)
                        .build());
                cases.add(new ConvolutionLayer.Builder(2, 3)
                        .stride(stride, 1)
                        .dilation(1, 3)
                        .convolutionMode(mode)
                        .nOut(4)
                        .activation(Activation.SIGMOID)
                        .build());
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("convolutions")
    void convolutionEqualsStock(ConvolutionLayer stock) {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            compare(format, stock, NativeConvolution.of(stock));
        }
    }

    @ParameterizedTest
    @MethodSource("dilatedConvolutions")
    void dilatedConvolutionEqualsStock(ConvolutionLayer stock) {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            compare(format, stock, NativeConvolution.of(stock));
        }
    }

    /** The remedy for machines without oneDNN's library: ND4J's operations. */
    @ParameterizedTest
    @MethodSource("convolutions")
    void convolutionWithoutOneDnnEqualsStock(ConvolutionLayer stock) {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            withoutOneDnn(() -> {
                compare(format, stock, NativeConvolution.of(stock));
                return null;
            });
        }
    }

    static List<SubsamplingLayer> poolings() {
        List<SubsamplingLayer> cases = new ArrayList<>();
        for (PoolingType type : new PoolingType[] {PoolingType.MAX, PoolingType.AVG}) {
            cases.add(pooling(type, 3, 2, 1).build());
            cases.add(pooling(type, 2, 2, 0).build());
            cases.add(
                    pooling(type, 3, 2, 0).convolutionMode(ConvolutionMode.Same).build());
            cases.add(pooling(type, 2, 1, 1).avgPoolIncludePadInDivisor(true).build());
            cases.add(new SubsamplingLayer.Builder(type)
                    .kernelSize(2, 3)
                    .stride(3, 1)
                    .convolutionMode(ConvolutionMode.Truncate)
                    .build());
        }
        return cases;
    }

    private static SubsamplingLayer.Builder pooling(PoolingType type, int kernel, int stride, int padding) {
        return new SubsamplingLayer.Builder(type)
                .kernelSize(kernel, kernel)
                .stride(stride, stride)
                .padding(padding, padding)
                .convolutionMode(ConvolutionMode.Truncate);
    }

    @ParameterizedTest
    @MethodSource("poolings")
    void poolingEqualsStock(SubsamplingLayer stock) {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            comparePooling(format, stock);
            withoutOneDnn(() -> {
                comparePooling(format, stock);
                return null;
            });
        }
    }

    private static void comparePooling(CNN2DFormat format, SubsamplingLayer stockLayer) {
        MultiLayerNetwork stock = network(DataType.DOUBLE, format, 11, stockLayer);
        MultiLayerNetwork fast = network(DataType.FLOAT, format, 11, NativePooling.of(stockLayer));
        fast.setParams(stock.params().castTo(DataType.FLOAT));
        stock.setParams(fast.params().castTo(DataType.DOUBLE));
        for (int[] size : new int[][] {{4, 11, 11}, {2, 11, 11}, {3, 14, 9}, {4, 11, 11}}) {
            compare(stock, fast, features(format, size[0], size[1], size[2], DataType.FLOAT));
        }
        INDArray image = features(format, 4, 9, 12, DataType.FLOAT);
        compare(stock, fast, format == CNN2DFormat.NCHW ? image.permute(0, 1, 3, 2) : image.permute(0, 2, 1, 3));
    }

    /** What oneDNN does not compute, and its options. */
    @Test
    void otherPoolingsAreStock() {
        for (SubsamplingLayer stock : new SubsamplingLayer[] {
            pooling(PoolingType.PNORM, 2, 2, 0).pnorm(2).build(),
            pooling(PoolingType.MAX, 2, 1, 0).dilation(2, 2).build()
        }) {
            NativePooling converted = NativePooling.of(stock);
            assertThat(converted.toString().replace("NativePooling", "SubsamplingLayer"))
                    .isEqualTo(stock.toString());
            assertThat(converted).isNotEqualTo(stock).isEqualTo(NativePooling.of(stock));
            assertThat(stock).isNotEqualTo(converted);
            INDArray features = Transforms.abs(features(CNN2DFormat.NCHW, 3, 9, 9, DataType.FLOAT));
            MultiLayerNetwork expected = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, stock);
            MultiLayerNetwork actual = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, converted);
            Arrays4j.assertClose("output", actual.output(features), expected.output(features), 0);
        }
    }

    @Test
    void batchNormalizationEqualsStock() {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            BatchNormalization stock = normalization().eps(1e-3).decay(0.8).build();
            compare(format, stock, NativeBatchNormalization.of(stock));
        }
    }

    @Test
    void batchNormalizationWithoutOneDnnEqualsStock() {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            BatchNormalization stock = normalization().eps(1e-3).decay(0.8).build();
            withoutOneDnn(() -> {
                compare(format, stock, NativeBatchNormalization.of(stock));
                return null;
            });
        }
    }

    /** The oracle is the stock layer in double precision: in float its own rounding would be half of the difference. */
    private static void compare(CNN2DFormat format, Layer stockLayer, Layer nativeLayer) {
        MultiLayerNetwork stock = network(DataType.DOUBLE, format, 11, stockLayer);
        MultiLayerNetwork fast = network(DataType.FLOAT, format, 11, nativeLayer);
        assertThat(network(DataType.FLOAT, format, 11, stockLayer).getLayer(0).getHelper())
                .isNull();
        assertThat(fast.getLayer(0).getHelper()).isNotNull();
        Nd4j.getRandom().setSeed(SEED);
        fast.setParams(Nd4j.rand(DataType.FLOAT, fast.params().shape()).addi(0.5));
        stock.setParams(fast.params().castTo(DataType.DOUBLE));
        // Sizes and batches change from call to call, as helpers keep state between calls.
        for (int[] size : new int[][] {{4, 11, 11}, {2, 11, 11}, {3, 14, 9}, {4, 11, 11}}) {
            compare(stock, fast, features(format, size[0], size[1], size[2], DataType.FLOAT));
        }
        compare(
                stock,
                fast,
                features(format, 5, 9, 9, DataType.FLOAT)
                        .get(NDArrayIndex.interval(1, 4), NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.all()));
        INDArray image = features(format, 4, 9, 12, DataType.FLOAT);
        compare(stock, fast, format == CNN2DFormat.NCHW ? image.permute(0, 1, 3, 2) : image.permute(0, 2, 1, 3));
    }

    private static void compare(MultiLayerNetwork stock, MultiLayerNetwork fast, INDArray features) {
        INDArray exact = features.castTo(DataType.DOUBLE);
        int batch = (int) features.size(0);
        Arrays4j.assertClose("output", fast.output(features), stock.output(exact), TOLERANCE);
        Arrays4j.assertClose(
                "activations",
                fast.feedForward(features, true).get(1),
                stock.feedForward(exact, true).get(1),
                TOLERANCE);
        Pair<Gradient, INDArray> expected = stock.calculateGradients(exact, labels(batch, DataType.DOUBLE), null, null);
        Pair<Gradient, INDArray> actual = fast.calculateGradients(features, labels(batch, DataType.FLOAT), null, null);
        Arrays4j.assertClose("input gradient", actual.getSecond(), expected.getSecond(), TOLERANCE);
        Map<String, INDArray> expectedByName = expected.getFirst().gradientForVariable();
        assertThat(actual.getFirst().gradientForVariable().keySet()).isEqualTo(expectedByName.keySet());
        expectedByName.forEach((name, gradient) -> Arrays4j.assertClose(
                name, actual.getFirst().getGradientFor(name).reshape(gradient.shape()), gradient, TOLERANCE));
    }

    private static INDArray features(CNN2DFormat format, int batch, int height, int width, DataType type) {
        Nd4j.getRandom().setSeed(SEED + batch + height);
        INDArray features =
                Nd4j.randn(type, batch, CHANNELS, height, width).muli(2).addi(1);
        return format == CNN2DFormat.NCHW
                ? features
                : features.permute(0, 2, 3, 1).dup('c');
    }

    private static INDArray labels(int batch, DataType type) {
        INDArray labels = Nd4j.zeros(type, batch, 4);
        for (int i = 0; i < batch; i++) {
            labels.putScalar(i, i % 4, 1);
        }
        return labels;
    }

    private static Layer[] stack(boolean fast) {
        ConvolutionLayer first = convolution(3, 1, 1).hasBias(false).build();
        // Not linear, or the following normalization would leave the first one's beta a gradient of pure rounding.
        ConvolutionLayer second =
                convolution(1, 2, 0).activation(Activation.TANH).build();
        BatchNormalization norm = normalization().build();
        return fast
                ? new Layer[] {
                    NativeConvolution.of(first), NativeBatchNormalization.of(norm),
                    NativeConvolution.of(second), NativeBatchNormalization.of(norm)
                }
                : new Layer[] {first, norm, second, norm.clone()};
    }

    @Test
    void trainingStepsEqualStock() {
        MultiLayerNetwork stock = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, stack(false));
        MultiLayerNetwork fast = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, stack(true));
        Arrays4j.assertClose("start", fast.params(), stock.params(), 0);
        for (int step = 0; step < 10; step++) {
            INDArray features = features(CNN2DFormat.NCHW, 3 + step % 2, 9, 9, DataType.FLOAT);
            INDArray labels = labels(3 + step % 2, DataType.FLOAT);
            stock.fit(features, labels);
            fast.fit(features, labels);
        }
        for (String name : stock.paramTable().keySet()) {
            Arrays4j.assertClose(name, fast.getParam(name), stock.getParam(name), TOLERANCE);
        }
        assertThat(fast.getParam("1_mean").sumNumber().doubleValue()).isNotZero();
        INDArray features = features(CNN2DFormat.NCHW, 5, 9, 9, DataType.FLOAT);
        Arrays4j.assertClose("evaluation", fast.output(features), stock.output(features), TOLERANCE);
    }

    /** Each thread's own network, of one configuration, at changing sizes. */
    @Test
    void clonesComputeAtOnce() throws Exception {
        MultiLayerNetwork network = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, stack(true));
        List<INDArray> inputs = new ArrayList<>();
        List<INDArray> outputs = new ArrayList<>();
        List<INDArray> gradients = new ArrayList<>();
        for (int batch = 2; batch < 6; batch++) {
            INDArray x = features(CNN2DFormat.NCHW, batch, 9, 9, DataType.FLOAT);
            inputs.add(x);
            outputs.add(network.output(x));
            gradients.add(gradient(network, x));
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                int first = thread;
                MultiLayerNetwork clone = network.clone();
                running.add(threads.submit(() -> {
                    for (int step = 0; step < 20; step++) {
                        int i = (first + step) % inputs.size();
                        Arrays4j.assertClose("output", clone.output(inputs.get(i)), outputs.get(i), TOLERANCE);
                        Arrays4j.assertClose("gradient", gradient(clone, inputs.get(i)), gradients.get(i), TOLERANCE);
                    }
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    private static INDArray gradient(MultiLayerNetwork network, INDArray x) {
        return network.calculateGradients(x, labels((int) x.size(0), DataType.FLOAT), null, null)
                .getFirst()
                .gradient()
                .dup();
    }

    /** Dropout of weights is drawn anew in each step, and the derivative of the activation is that of the last input. */
    @Test
    void noisyWeightsTrain() {
        ConvolutionLayer noisy = convolution(3, 1, 1)
                .activation(Activation.RELU)
                .weightNoise(new DropConnect(0.5))
                .dropOut(0.8)
                .build();
        MultiLayerNetwork network = network(DataType.FLOAT, CNN2DFormat.NHWC, 9, NativeConvolution.of(noisy));
        INDArray features = features(CNN2DFormat.NHWC, 3, 9, 9, DataType.FLOAT);
        INDArray first = gradient(network, features);
        assertThat(first.norm2Number().doubleValue()).isPositive();
        assertThat(gradient(network, features).distance2(first)).isPositive();
    }

    @Test
    void doubleIsStock() {
        MultiLayerNetwork stock = network(DataType.DOUBLE, CNN2DFormat.NCHW, 9, stack(false));
        MultiLayerNetwork fast = network(DataType.DOUBLE, CNN2DFormat.NCHW, 9, stack(true));
        INDArray features = features(CNN2DFormat.NCHW, 3, 9, 9, DataType.DOUBLE);
        for (int layer = 0; layer < 4; layer++) {
            assertThat(fast.getLayer(layer).getHelper()).isNull();
        }
        for (int step = 0; step < 3; step++) {
            stock.fit(features, labels(3, DataType.DOUBLE));
            fast.fit(features, labels(3, DataType.DOUBLE));
        }
        Arrays4j.assertClose("parameters", fast.params(), stock.params(), 0);
    }

    @Test
    void dilatedConvolutionIsStockWithoutOneDnn() {
        ConvolutionLayer stock = convolution(3, 1, 0).dilation(2, 2).build();
        MultiLayerNetwork expected = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, stock);
        MultiLayerNetwork actual =
                withoutOneDnn(() -> network(DataType.FLOAT, CNN2DFormat.NCHW, 9, NativeConvolution.of(stock)));
        assertThat(actual.getLayer(0).getHelper()).isNull();
        INDArray features = features(CNN2DFormat.NCHW, 3, 9, 9, DataType.FLOAT);
        expected.fit(features, labels(3, DataType.FLOAT));
        actual.fit(features, labels(3, DataType.FLOAT));
        Arrays4j.assertClose("parameters", actual.params(), expected.params(), 0);
    }

    @Test
    void lockedNormalizationIsStock() {
        BatchNormalization stock =
                normalization().lockGammaBeta(true).gamma(2).beta(1).build();
        MultiLayerNetwork expected = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, stock);
        MultiLayerNetwork actual = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, NativeBatchNormalization.of(stock));
        assertThat(actual.getLayer(0).getHelper()).isNull();
        INDArray features = features(CNN2DFormat.NCHW, 3, 9, 9, DataType.FLOAT);
        expected.fit(features, labels(3, DataType.FLOAT));
        actual.fit(features, labels(3, DataType.FLOAT));
        Arrays4j.assertClose("parameters", actual.params(), expected.params(), 0);
    }

    @Test
    void conversionKeepsEveryOption() {
        ConvolutionLayer stock = convolution(3, 2, 1)
                .name("c")
                .hasBias(false)
                .dilation(2, 2)
                .nIn(3)
                .updater(new Nesterovs(0.3))
                .l2(0.01)
                .dropOut(0.5)
                .build();
        NativeConvolution converted = NativeConvolution.of(stock);
        assertThat(converted.toString().replace("NativeConvolution", "ConvolutionLayer"))
                .isEqualTo(stock.toString());
        assertThat(converted).isNotEqualTo(stock).isEqualTo(NativeConvolution.of(stock));
        assertThat(stock).isNotEqualTo(converted);

        BatchNormalization norm = normalization()
                .name("n")
                .eps(1e-3)
                .decay(0.7)
                .minibatch(false)
                .updater(new Nesterovs(0.3))
                .build();
        NativeBatchNormalization fast = NativeBatchNormalization.of(norm);
        assertThat(fast.toString().replace("NativeBatchNormalization", "BatchNormalization"))
                .isEqualTo(norm.toString());
        assertThat(fast).isNotEqualTo(norm).isEqualTo(NativeBatchNormalization.of(norm));
        assertThat(norm).isNotEqualTo(fast);
    }

    @Test
    void standardIsPyTorchs() {
        NativeBatchNormalization standard = NativeBatchNormalization.standard();
        assertThat(standard.getEps()).isEqualTo(1e-5);
        assertThat(standard.getDecay()).isEqualTo(0.9);
        assertThat(standard.isUseLogStd()).isFalse();
    }

    @Test
    void conversionRejectsWhatItWouldChange() {
        Deconvolution2D other = new Deconvolution2D.Builder(3, 3).nOut(2).build();
        assertThatThrownBy(() -> NativeConvolution.of(other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layer (org.deeplearning4j.nn.conf.layers.Deconvolution2D) must be a"
                        + " org.deeplearning4j.nn.conf.layers.ConvolutionLayer; subclasses compute something else");
        assertThatThrownBy(() -> NativeBatchNormalization.of(null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("layer (null) must be a ");
        assertThatThrownBy(() -> NativeBatchNormalization.of(new BatchNormalization()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("useLogStd (true) must be false: the running statistic is the variance itself; add"
                        + " useLogStd(false) to the BatchNormalization.Builder");
    }

    @Test
    void configurationsSurvive(@TempDir Path folder) throws Exception {
        MultiLayerNetwork network = network(DataType.FLOAT, CNN2DFormat.NCHW, 9, stack(true));
        INDArray features = features(CNN2DFormat.NCHW, 3, 9, 9, DataType.FLOAT);
        network.fit(features, labels(3, DataType.FLOAT));
        MultiLayerConfiguration configuration = network.getLayerWiseConfigurations();
        MultiLayerConfiguration fresh = MultiLayerConfiguration.fromJson(
                configuration(DataType.FLOAT, CNN2DFormat.NCHW, 9, stack(true)).toJson());
        assertThat(((BatchNormalization) fresh.getConf(1).getLayer()).isUseLogStd())
                .isFalse();

        MultiLayerConfiguration json = MultiLayerConfiguration.fromJson(configuration.toJson());
        assertThat(json).isEqualTo(configuration);
        assertThat(json.getConf(0).getLayer()).isInstanceOf(NativeConvolution.class);
        assertThat(json.getConf(1).getLayer()).isInstanceOf(NativeBatchNormalization.class);
        MultiLayerConfiguration yaml = MultiLayerConfiguration.fromYaml(configuration.toYaml());
        assertThat(yaml.getConf(1).getLayer()).isInstanceOf(NativeBatchNormalization.class);

        File file = folder.resolve("network.zip").toFile();
        ModelSerializer.writeModel(network, file, true);
        for (MultiLayerNetwork copy : List.of(network.clone(), ModelSerializer.restoreMultiLayerNetwork(file, true))) {
            assertThat(copy.getLayer(0).getHelper())
                    .isNotNull()
                    .isNotSameAs(network.getLayer(0).getHelper());
            assertThat(copy.getLayer(1).getHelper())
                    .isNotNull()
                    .isNotSameAs(network.getLayer(1).getHelper());
            Arrays4j.assertClose("output", copy.output(features), network.output(features), 0);
        }
    }

    @Test
    void transferLearningKeepsThem() {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(SEED)
                .updater(new Nesterovs(0.05, 0.9))
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(9, 9, CHANNELS))
                .addLayer("conv1", stack(true)[0], "input")
                .addLayer("bn1", stack(true)[1], "conv1")
                .addLayer("conv2", stack(true)[2], "bn1")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "conv2")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .activation(Activation.SOFTMAX)
                                .nOut(4)
                                .build(),
                        "pool")
                .setOutputs("out")
                .build();
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        ComputationGraph tuned = new TransferLearning.GraphBuilder(graph)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Nesterovs(0.1, 0.9))
                        .build())
                .setFeatureExtractor("bn1")
                .build();
        INDArray features = features(CNN2DFormat.NCHW, 4, 9, 9, DataType.FLOAT);
        Arrays4j.assertClose("output", tuned.outputSingle(features), graph.outputSingle(features), 0);
        assertThat(tuned.getLayer("conv2").getHelper()).isNotNull();
        INDArray before = tuned.getLayer("conv1").params().dup();
        INDArray moving = tuned.getLayer("conv2").params().dup();
        tuned.fit(new INDArray[] {features}, new INDArray[] {labels(4, DataType.FLOAT)});
        Arrays4j.assertClose("frozen", tuned.getLayer("conv1").params(), before, 0);
        assertThat(tuned.getLayer("conv2").params()).isNotEqualTo(moving);
    }
}
