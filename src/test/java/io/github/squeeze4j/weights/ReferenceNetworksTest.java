package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.Npz;
import io.github.squeeze4j.models.FeatureMap;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Whole networks against their reference implementations with the same random weights: logits and the features at each
 * stride. {@code src/test/python/make_networks.py} made the references and draws the weights as {@link #fill} does.
 */
@Tag("tiny")
class ReferenceNetworksTest {
    private static final double TOLERANCE = 1e-4;

    static final Map<String, Supplier<TensorNames>> REFERENCES = new LinkedHashMap<>();

    static {
        REFERENCES.put("resnet50", TimmNames::resNet);
        REFERENCES.put("resnext50_32x4d", TimmNames::resNet);
        REFERENCES.put("se_resnet50", AuthorsNames::cadene);
        REFERENCES.put("se_resnext50_32x4d", AuthorsNames::cadene);
        REFERENCES.put("senet154", AuthorsNames::cadene);
        REFERENCES.put("se_bn_inception", AuthorsNames::caffeBnInception);
        REFERENCES.put("cbam_resnet50", AuthorsNames::jongchan);
        REFERENCES.put("spse_resnet50", AuthorsNames::megviiSpse);
        REFERENCES.put("rgse_resnet50", AuthorsNames::megviiRgse);
        REFERENCES.put("salient_resnet50", AuthorsNames::amigo);
        REFERENCES.put("se_resnet20", AuthorsNames::moskomule);
        REFERENCES.put("mobilenet_v1", TimmNames::mobileNetV1);
        REFERENCES.put("mobilenet_v2", TimmNames::efficientNet);
        REFERENCES.put("mobilenet_v3_large", () -> TimmNames.mobileNetV3(6));
        REFERENCES.put("mobilenet_v3_small", () -> TimmNames.mobileNetV3(5));
        REFERENCES.put("efficientnet_b0", TimmNames::efficientNet);
        REFERENCES.put("efficientnet_b2", TimmNames::efficientNet);
        REFERENCES.put("efficientnet_lite0", TimmNames::efficientNet);
        REFERENCES.put("efficientnet_lite2", TimmNames::efficientNet);
        REFERENCES.put("regnety_400mf", TimmNames::regNet);
        REFERENCES.put("regnety_4gf", TimmNames::regNet);
        REFERENCES.put("ese_vovnet39", TimmNames::voVNet);
        REFERENCES.put("inception_v3", TorchvisionNames::inceptionV3);
    }

    static Set<String> names() {
        return REFERENCES.keySet();
    }

    /** Wider and deeper than another of their family, which counts would show. */
    private static final Set<String> SCALED = Set.of("efficientnet_b2", "efficientnet_lite2", "regnety_4gf");

    static List<String> families() {
        return names().stream().filter(name -> !SCALED.contains(name)).collect(Collectors.toList());
    }

    static Set<String> scaled() {
        return SCALED;
    }

    /** Arrays go with the garbage collector, which sees none of their gigabytes. */
    @AfterEach
    void free() {
        System.gc();
    }

    @ParameterizedTest
    @MethodSource("families")
    void logitsAndFeaturesEqualTheReferences(String name) throws Exception {
        compare(name, DataType.FLOAT, TOLERANCE);
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("scaled")
    void thoseOfScaledNetworksToo(String name) throws Exception {
        compare(name, DataType.FLOAT, TOLERANCE);
    }

    /** In double nothing but the order of sums differs, so that a wrong constant such as an epsilon cannot hide. */
    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("names")
    void inDoubleTheyAreTheSame(String name) throws Exception {
        compare(name, DataType.DOUBLE, 1e-10);
    }

    @Test
    void uniformIsThePythonOne() {
        // python: uniform("image", 3)
        assertThat(uniform("image", 3)).containsExactly(IMAGE);
    }

    private static final double[] IMAGE = {0.38353145122528076, 0.8967562913894653, 0.2625701427459717};

    private static void compare(String name, DataType type, double tolerance) throws Exception {
        Map<String, INDArray> expected = Npz.read(resource(name));
        int classes = (int) expected.get("logits").size(1);
        Network network = Models.builder(name).classes(classes).dataType(type).build();
        TensorNames names = REFERENCES.get(name).get();
        ComputationGraph graph = network.init();
        fill(graph, names);
        long size = network.inputType().getHeight();
        INDArray images = Nd4j.create(uniform("image", (int) (2 * 3 * size * size)), new long[] {2, 3, size, size}, 'c')
                .castTo(type);
        assertClose(name + " logits", logits(graph, images), expected.get("logits"), tolerance);

        List<FeatureMap> features = network.features().stream()
                .filter(map -> expected.containsKey("stride" + map.stride()))
                .collect(Collectors.toList());
        assertThat(features).hasSize(expected.size() - 1);
        int[] strides = features.stream().mapToInt(FeatureMap::stride).toArray();
        ComputationGraph backbone = network.initFeatures(strides);
        backbone.paramTable().forEach((key, parameter) -> parameter.assign(graph.getParam(key)));
        INDArray[] maps = backbone.output(images);
        for (int i = 0; i < maps.length; i++) {
            FeatureMap feature = features.get(i);
            assertThat(maps[i].shape()).containsExactly(2, feature.channels(), feature.height(), feature.width());
            INDArray values = expected.get("stride" + feature.stride());
            assertClose(name + " " + feature, samples(maps[i], feature.stride(), values.length()), values, tolerance);
        }
    }

    /** No looser than the tolerance times the largest value, where all are small. */
    static void assertClose(String what, INDArray actual, INDArray expected, double tolerance) {
        double scale = Math.min(1, expected.amaxNumber().doubleValue());
        Arrays4j.assertClose(what, actual.castTo(DataType.DOUBLE), expected, tolerance * scale);
    }

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(ReferenceNetworksTest.class
                .getResource("/reference/networks/" + name + ".npz")
                .toURI());
    }

    /** What the classifier computes before the softmax. */
    static INDArray logits(ComputationGraph graph, INDArray images) {
        INDArray probabilities = graph.outputSingle(images);
        assertThat(probabilities.sum(1).sub(1).amaxNumber().doubleValue()).isLessThan(1e-4);
        INDArray pooled = graph.feedForward(images, false)
                .get(graph.getConfiguration()
                        .getVertexInputs()
                        .get(Network.OUTPUT)
                        .get(0));
        INDArray flat = pooled.reshape(pooled.size(0), pooled.length() / pooled.size(0));
        INDArray logits =
                flat.mmul(graph.getParam(Network.OUTPUT + "_W")).addRowVector(graph.getParam(Network.OUTPUT + "_b"));
        Arrays4j.assertClose(
                "probabilities",
                probabilities,
                Transforms.softmax(logits),
                logits.dataType() == DataType.FLOAT ? 1e-5 : 1e-10);
        return logits;
    }

    private static INDArray samples(INDArray map, int stride, long count) {
        double[] where = uniform("stride" + stride, (int) count);
        INDArray flat = map.dup('c').reshape(map.length());
        double[] values = new double[where.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = flat.getDouble((long) ((where[i] + 1) / 2 * map.length()));
        }
        return Nd4j.create(values);
    }

    /** Draws every parameter; no tensor may be used twice. */
    static void fill(ComputationGraph graph, TensorNames names) {
        List<String> used = new ArrayList<>();
        for (org.deeplearning4j.nn.api.Layer layer : graph.getLayers()) {
            String vertex = layer.conf().getLayer().getLayerName();
            for (Map.Entry<String, INDArray> parameter : layer.paramTable().entrySet()) {
                TensorNames.Tensor tensor = names.of(vertex, parameter.getKey());
                used.add(tensor.name);
                fill(parameter.getValue(), parameter.getKey(), tensor);
            }
        }
        assertThat(new HashSet<>(used)).hasSameSizeAs(used);
    }

    private static void fill(INDArray parameter, String role, TensorNames.Tensor tensor) {
        double[] values = uniform(tensor.name, (int) parameter.length());
        long outputs = parameter.size(tensor.isTransposed() ? 1 : 0);
        double scale = 0.1;
        double shift = 0;
        if (role.endsWith("W")) {
            scale = Math.sqrt(6.0 / (parameter.length() / outputs));
        } else if (role.equals("gamma")) {
            scale = 0.25;
            shift = 0.75;
        } else if (role.equals("var")) {
            scale = 0.5;
            shift = 1;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (values[i] * scale + shift);
        }
        long[] shape = parameter.shape();
        INDArray drawn = tensor.isTransposed()
                ? Nd4j.create(values, new long[] {shape[1], shape[0]}, 'c').transpose()
                : Nd4j.create(values, shape, 'c');
        parameter.assign(drawn.castTo(parameter.dataType()));
    }

    /** Numbers in [-1, 1): splitmix64 from the FNV-1a hash of the name, 24 bits each. */
    static double[] uniform(String name, int count) {
        long seed = 0xCBF29CE484222325L;
        for (byte character : name.getBytes(StandardCharsets.UTF_8)) {
            seed = (seed ^ character) * 0x100000001B3L;
        }
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            long z = seed + (i + 1) * 0x9E3779B97F4A7C15L;
            z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
            z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
            z ^= z >>> 31;
            values[i] = (z >>> 40) / (double) (1 << 23) - 1;
        }
        return values;
    }
}
