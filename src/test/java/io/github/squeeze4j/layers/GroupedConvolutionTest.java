package io.github.squeeze4j.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.onednn.OneDnn;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.gradientcheck.GradientCheckUtil;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.buffer.util.DataTypeUtil;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Against one plain convolution per group, forward and backward. */
@Tag("tiny")
class GroupedConvolutionTest {
    private static final long SEED = 5;
    private static final int HEIGHT = 9;
    private static final int WIDTH = 8;

    /** in, out, groups, kernel, stride, padding, dilation; one block and several, blocks of one group and of many. */
    static List<GroupedConvolution> layers() {
        List<GroupedConvolution> cases = new ArrayList<>();
        for (boolean bias : new boolean[] {false, true}) {
            cases.add(layer(6, 6, 1, 3, 1, 1, 1).hasBias(bias).build());
            cases.add(layer(6, 4, 2, 3, 2, 1, 1).hasBias(bias).build());
            cases.add(layer(4, 12, 4, 3, 1, 0, 2).hasBias(bias).build());
            cases.add(layer(6, 6, 6, 3, 1, 1, 1).hasBias(bias).build());
            cases.add(layer(48, 48, 48, 3, 2, 1, 1).hasBias(bias).build());
            cases.add(layer(40, 80, 2, 1, 1, 0, 1).hasBias(bias).build());
            cases.add(layer(64, 64, 16, 3, 1, 1, 1).hasBias(bias).build());
            cases.add(layer(6, 6, 3, 3, 2, 0, 1)
                    .hasBias(bias)
                    .convolutionMode(ConvolutionMode.Same)
                    .build());
            cases.add(layer(8, 8, 4, 2, 1, 0, 2)
                    .hasBias(bias)
                    .convolutionMode(ConvolutionMode.Same)
                    .activation(Activation.TANH)
                    .build());
        }
        return cases;
    }

    private static GroupedConvolution.Builder layer(
            int in, int out, int groups, int kernel, int stride, int padding, int dilation) {
        return GroupedConvolution.builder()
                .nIn(in)
                .nOut(out)
                .groups(groups)
                .kernelSize(kernel, kernel)
                .stride(stride, stride)
                .padding(padding, padding)
                .dilation(dilation, dilation)
                .convolutionMode(ConvolutionMode.Truncate)
                .activation(Activation.IDENTITY);
    }

    /** The plain convolution of one group, or of the whole with one group. */
    private static ConvolutionLayer plain(GroupedConvolution layer) {
        return new ConvolutionLayer.Builder(layer.getKernelSize())
                .nIn(layer.getNIn() / layer.getGroups())
                .nOut(layer.getNOut() / layer.getGroups())
                .stride(layer.getStride())
                .padding(layer.getPadding())
                .dilation(layer.getDilation())
                .convolutionMode(layer.getConvolutionMode())
                .hasBias(layer.hasBias())
                .activation(layer.getActivationFn())
                .build();
    }

    @ParameterizedTest
    @MethodSource("layers")
    void equalsOnePlainConvolutionPerGroup(GroupedConvolution layer) {
        compareBothFormats(layer, DataType.FLOAT, DataType.DOUBLE);
    }

    /** Which has no part in DOUBLE. */
    @ParameterizedTest
    @MethodSource("layers")
    void withoutOneDnnToo(GroupedConvolution layer) {
        System.setProperty(OneDnn.PROPERTY, "false");
        try {
            compareBothFormats(layer, DataType.FLOAT);
        } finally {
            System.clearProperty(OneDnn.PROPERTY);
        }
    }

    private static void compareBothFormats(GroupedConvolution layer, DataType... types) {
        for (DataType type : types) {
            for (CNN2DFormat format : CNN2DFormat.values()) {
                Single grouped = new Single(layer, type, format);
                Nd4j.getRandom().setSeed(SEED);
                grouped.layer.setParams(
                        Nd4j.rand(type, grouped.layer.params().shape()).subi(0.5));
                // Sizes change from call to call; the second input is part of a batch and transposed.
                for (int[] size : new int[][] {{3, HEIGHT, WIDTH}, {2, 11, 12}, {3, HEIGHT, WIDTH}}) {
                    INDArray x = Nd4j.randn(type, size[0], layer.getNIn(), size[1], size[2]);
                    compare(grouped, layer, x, type);
                    INDArray rest = x.get(
                            NDArrayIndex.interval(1, size[0]),
                            NDArrayIndex.all(),
                            NDArrayIndex.all(),
                            NDArrayIndex.all());
                    compare(grouped, layer, rest.permute(0, 1, 3, 2), type);
                }
            }
        }
    }

    /** All arrays here are [N, C, H, W]; {@link Single} speaks its own format. */
    private static void compare(Single grouped, GroupedConvolution layer, INDArray x, DataType type) {
        double tolerance = type == DataType.DOUBLE ? 1e-12 : 1e-5;
        INDArray y = grouped.forward(x);
        // Neither dense nor in c order, as the graph may hand it over.
        INDArray gradient =
                Nd4j.randn(type, y.size(1), y.size(0), y.size(2), y.size(3)).permute(1, 0, 2, 3);
        INDArray before = gradient.dup();
        grouped.backward(gradient);
        Arrays4j.assertClose("epsilon is only read", gradient, before, 0);
        int groups = layer.getGroups();
        Map<String, INDArray[]> expected = new LinkedHashMap<>();
        for (int group = 0; group < groups; group++) {
            Single plain = new Single(plain(layer), DataType.DOUBLE, CNN2DFormat.NCHW);
            for (String key : plain.layer.paramTable().keySet()) {
                plain.layer.getParam(key).assign(part(grouped.layer.getParam(key), 0, group, groups));
            }
            put(
                    expected,
                    "output",
                    group,
                    groups,
                    plain.forward(part(x, 1, group, groups).castTo(DataType.DOUBLE)));
            plain.backward(part(gradient, 1, group, groups).castTo(DataType.DOUBLE));
            put(expected, "input gradient", group, groups, plain.inputGradient);
            for (Map.Entry<String, INDArray> entry :
                    plain.gradient.gradientForVariable().entrySet()) {
                put(expected, entry.getKey(), group, groups, entry.getValue().dup());
            }
        }
        Map<String, INDArray> actual = new LinkedHashMap<>(grouped.gradient.gradientForVariable());
        actual.put("output", y);
        actual.put("input gradient", grouped.inputGradient);
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((key, parts) ->
                Arrays4j.assertClose(key, actual.get(key), Nd4j.concat(key.contains("put") ? 1 : 0, parts), tolerance));
    }

    private static void put(Map<String, INDArray[]> parts, String key, int group, int groups, INDArray value) {
        parts.computeIfAbsent(key, k -> new INDArray[groups])[group] = value;
    }

    private static INDArray part(INDArray array, int axis, int group, int groups) {
        long size = array.size(axis) / groups;
        INDArrayIndex[] indices = NDArrayIndex.allFor(array);
        indices[axis] = NDArrayIndex.interval(group * size, (group + 1) * size);
        // Of a copy: ND4J takes the end of some views for empty.
        return array.dup().get(indices).dup();
    }

    /** One runtime layer, outside a network. */
    private static final class Single {
        private final org.deeplearning4j.nn.api.Layer layer;
        private final boolean nhwc;
        private Gradient gradient;
        private INDArray inputGradient;

        Single(ConvolutionLayer configuration, DataType type, CNN2DFormat format) {
            nhwc = format == CNN2DFormat.NHWC;
            ConvolutionLayer own = (ConvolutionLayer) configuration.clone();
            own.setCnn2dDataFormat(format);
            NeuralNetConfiguration conf = new NeuralNetConfiguration.Builder()
                    .dataType(type)
                    .layer(own)
                    .build();
            long length = own.initializer().numParams(conf);
            layer = own.instantiate(conf, null, 0, Nd4j.zeros(type, 1, length), true, type);
            layer.setBackpropGradientsViewArray(Nd4j.valueArrayOf(new long[] {1, length}, 9.0, type));
        }

        private INDArray own(INDArray map) {
            return nhwc ? map.permute(0, 2, 3, 1) : map;
        }

        private INDArray common(INDArray map) {
            return nhwc ? map.permute(0, 3, 1, 2) : map;
        }

        INDArray forward(INDArray x) {
            return common(layer.activate(own(x), true, LayerWorkspaceMgr.noWorkspaces()))
                    .dup();
        }

        void backward(INDArray epsilon) {
            Pair<Gradient, INDArray> result = layer.backpropGradient(own(epsilon), LayerWorkspaceMgr.noWorkspaces());
            gradient = result.getFirst();
            inputGradient = common(result.getSecond()).dup();
        }
    }

    private static MultiLayerConfiguration network(DataType type, CNN2DFormat format, Layer... layers) {
        NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder()
                .seed(SEED)
                .dataType(type)
                .updater(type == DataType.DOUBLE ? new NoOp() : new Sgd(0.1))
                .list();
        for (Layer layer : layers) {
            list.layer(layer);
        }
        return list.layer(new GlobalPoolingLayer(PoolingType.AVG))
                .layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(3)
                        .build())
                .setInputType(InputType.convolutional(7, 6, 4, format))
                .build();
    }

    private static GroupedConvolution[] pair() {
        return new GroupedConvolution[] {
            GroupedConvolution.builder()
                    .groups(2)
                    .kernelSize(3, 3)
                    .padding(1, 1)
                    .nOut(6)
                    .activation(Activation.TANH)
                    .build(),
            GroupedConvolution.builder()
                    .groups(6)
                    .kernelSize(3, 3)
                    .stride(2, 2)
                    .nOut(6)
                    .convolutionMode(ConvolutionMode.Same)
                    .activation(Activation.SIGMOID)
                    .build()
        };
    }

    private static INDArray images(DataType type, CNN2DFormat format) {
        Nd4j.getRandom().setSeed(SEED);
        return format == CNN2DFormat.NCHW ? Nd4j.randn(type, 3, 4, 7, 6) : Nd4j.randn(type, 3, 7, 6, 4);
    }

    @Test
    void gradientsAreTheNumericalOnes() {
        DataType before = DataTypeUtil.getDtypeFromContext();
        DataTypeUtil.setDTypeForContext(DataType.DOUBLE);
        try {
            for (CNN2DFormat format : CNN2DFormat.values()) {
                MultiLayerNetwork network = new MultiLayerNetwork(network(DataType.DOUBLE, format, pair()));
                network.init();
                assertThat(GradientCheckUtil.checkGradients(new GradientCheckUtil.MLNConfig()
                                .net(network)
                                .input(images(DataType.DOUBLE, format))
                                .labels(Nd4j.eye(3).castTo(DataType.DOUBLE))
                                .epsilon(1e-6)
                                .maxRelError(1e-5)
                                .minAbsoluteError(1e-9)
                                .print(GradientCheckUtil.PrintMode.FAILURES_ONLY)))
                        .isTrue();
            }
        } finally {
            DataTypeUtil.setDTypeForContext(before);
        }
    }

    @Test
    void savedClonedAndReadFromJson(@TempDir Path folder) throws IOException {
        for (CNN2DFormat format : CNN2DFormat.values()) {
            MultiLayerConfiguration configuration = network(DataType.FLOAT, format, pair());
            MultiLayerConfiguration json = MultiLayerConfiguration.fromJson(configuration.toJson());
            assertThat(json).isEqualTo(configuration);
            assertThat(((GroupedConvolution) json.getConf(1).getLayer()).getGroups())
                    .isEqualTo(6);
            MultiLayerNetwork network = new MultiLayerNetwork(configuration);
            network.init();
            INDArray images = images(DataType.FLOAT, format);
            network.fit(images, Nd4j.eye(3).castTo(DataType.FLOAT));
            File file = folder.resolve(format + ".zip").toFile();
            ModelSerializer.writeModel(network, file, true);
            for (MultiLayerNetwork copy :
                    List.of(network.clone(), ModelSerializer.restoreMultiLayerNetwork(file, true))) {
                Arrays4j.assertClose("output", copy.output(images), network.output(images), 0);
            }
        }
    }

    @Test
    void shapesAndCounts() {
        GroupedConvolution layer = layer(8, 12, 4, 3, 2, 1, 1).build();
        assertThat(layer.initializer().numParams(layer)).isEqualTo(12 * 2 * 9 + 12);
        Single single = new Single(layer, DataType.FLOAT, CNN2DFormat.NCHW);
        assertThat(single.layer.getParam("W").shape()).containsExactly(12, 2, 3, 3);
        assertThat(single.layer.getParam("b").length()).isEqualTo(12);
        assertThat(single.forward(Nd4j.rand(DataType.FLOAT, 2, 8, 9, 8)).shape())
                .containsExactly(2, 12, 5, 4);
        assertThat(layer).isEqualTo(layer.clone());
        assertThat(layer).isNotEqualTo(layer(8, 12, 2, 3, 2, 1, 1).build());
        assertThat(layer(8, 12, 1, 3, 2, 1, 1).build())
                .isNotEqualTo(plain(layer(8, 12, 1, 3, 2, 1, 1).build()));
    }

    /** Fan-in is that of one group. */
    @Test
    void weightsStartByTheFanOfOneGroup() {
        GroupedConvolution layer = layer(512, 512, 128, 3, 1, 1, 1)
                .weightInit(org.deeplearning4j.nn.weights.WeightInit.RELU)
                .build();
        Single single = new Single(layer, DataType.FLOAT, CNN2DFormat.NCHW);
        assertThat(single.layer.getParam("W").stdNumber().doubleValue())
                .isBetween(0.97 * Math.sqrt(2.0 / 36), 1.03 * Math.sqrt(2.0 / 36));
    }

    @Test
    void indivisibleChannelsAreRefused() {
        assertThatThrownBy(() -> layer(6, 8, 4, 3, 1, 1, 1).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("nIn (6) must be a multiple of groups (4); change one of them, for example to groups(2)");
        assertThatThrownBy(() -> layer(8, 6, 4, 3, 1, 1, 1).name("c").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layer c: nOut (6) must be a multiple of groups (4); change one of them, for example to"
                        + " groups(2)");
        assertThatThrownBy(() -> GroupedConvolution.builder().groups(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("groups (0) must be positive; use groups(1) for a plain convolution");
        // Known only when the network's input is.
        assertThatThrownBy(() -> network(
                        DataType.FLOAT,
                        CNN2DFormat.NCHW,
                        GroupedConvolution.builder().groups(3).nOut(6).build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nIn (4) must be a multiple of groups (3)");
    }
}
