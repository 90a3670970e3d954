package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.Npz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * Every case in a folder of reference vectors ({@code -Dgolden.dir=DIR}, by default those in the test resources) against
 * both ways of computing, both layouts and both types: output, every gradient and the running statistics.
 */
@Tag("tiny")
class GoldenVectorsTest {
    private static final double DOUBLE_TOLERANCE = 1e-9;
    private static final double FLOAT_TOLERANCE = 2e-5;

    /** PyTorch's parameter names, as the reference modules spell them, and ours. */
    private static final String[][] NAMES = {
        {"fc.0.weight", "reduceW"},
        {"fc.0.bias", "reduceB"},
        {"fc.2.weight", "expandW"},
        {"fc.2.bias", "expandB"},
        {"fc_reduction.weight", "reduceW"},
        {"fc_reduction.bias", "reduceB"},
        {"fc_extention.weight", "expandW"},
        {"fc_extention.bias", "expandB"},
        {"ChannelGate.mlp.1.weight", "reduceW"},
        {"ChannelGate.mlp.1.bias", "reduceB"},
        {"ChannelGate.mlp.3.weight", "expandW"},
        {"ChannelGate.mlp.3.bias", "expandB"},
        {"SpatialGate.spatial.conv.weight", "spatialW"},
        {"SpatialGate.spatial.bn", ""},
        {"fc_spatial.bn_spatial", ""},
        {"fc_bn", ""},
        {"bn", ""},
        {"fc_spatial.fc_spatial.weight", "fusionW"},
        {"conv.weight", "convW"},
        {"fc.weight", "fcW"},
        {"fc.bias", "fcB"},
        {"alpha", "alpha"},
        {"gamma", "gamma"},
        {"beta", "beta"},
        {"cSE.fc1.weight", "reduceW"},
        {"cSE.fc1.bias", "reduceB"},
        {"cSE.fc2.weight", "expandW"},
        {"cSE.fc2.bias", "expandB"},
        {"sSE.conv.weight", "spatialW"},
        {"sSE.conv.bias", "spatialB"},
        {"conv_attn.weight", "attentionW"},
        {"conv_attn.bias", "attentionB"},
        {"mlp_add.fc1.weight", "addReduceW"},
        {"mlp_add.fc1.bias", "addReduceB"},
        {"mlp_add.norm.weight", "addGamma"},
        {"mlp_add.norm.bias", "addBeta"},
        {"mlp_add.fc2.weight", "addExpandW"},
        {"mlp_add.fc2.bias", "addExpandB"},
        {"mlp_scale.fc1.weight", "multiplyReduceW"},
        {"mlp_scale.fc1.bias", "multiplyReduceB"},
        {"mlp_scale.norm.weight", "multiplyGamma"},
        {"mlp_scale.norm.bias", "multiplyBeta"},
        {"mlp_scale.fc2.weight", "multiplyExpandW"},
        {"mlp_scale.fc2.bias", "multiplyExpandB"},
        {"conv1.weight", "reduceW"},
        {"conv1.bias", "reduceB"},
        {"conv_h.weight", "rowW"},
        {"conv_h.bias", "rowB"},
        {"conv_w.weight", "columnW"},
        {"conv_w.bias", "columnB"},
        {"bn1", ""},
        {"channel_att.gate_c.gate_c_fc_0.weight", "reduceW"},
        {"channel_att.gate_c.gate_c_fc_0.bias", "reduceB"},
        {"channel_att.gate_c.gate_c_fc_final.weight", "expandW"},
        {"channel_att.gate_c.gate_c_fc_final.bias", "expandB"},
        {"spatial_att.gate_s.gate_s_conv_reduce0.weight", "spatialReduceW"},
        {"spatial_att.gate_s.gate_s_conv_reduce0.bias", "spatialReduceB"},
        {"spatial_att.gate_s.gate_s_conv_di_0.weight", "dilated1W"},
        {"spatial_att.gate_s.gate_s_conv_di_0.bias", "dilated1B"},
        {"spatial_att.gate_s.gate_s_conv_di_1.weight", "dilated2W"},
        {"spatial_att.gate_s.gate_s_conv_di_1.bias", "dilated2B"},
        {"spatial_att.gate_s.gate_s_conv_final.weight", "spatialW"},
        {"spatial_att.gate_s.gate_s_conv_final.bias", "spatialB"},
        {"mlp.fc1.weight", "reduceW"},
        {"mlp.fc1.bias", "reduceB"},
        {"mlp.fc2.weight", "expandW"},
        {"mlp.fc2.bias", "expandB"},
        {"gather.conv1.weight", "gather1W"},
        {"gather.conv2.weight", "gather2W"},
        {"gather.conv3.weight", "gather3W"},
        {"paths.0.conv.weight", "branch1W"},
        {"paths.1.conv.weight", "branch2W"},
        {"attn.fc_reduce.weight", "reduceW"},
        {"attn.fc_select.weight", "selectW"},
    };

    /** The BatchNorms of blocks with several, and ours. */
    private static final String[][] NORMS = {
        {"channel_att.gate_c.gate_c_bn_1", "reduce"},
        {"spatial_att.gate_s.gate_s_bn_reduce0", "spatialReduce"},
        {"spatial_att.gate_s.gate_s_bn_di_0", "dilated1"},
        {"spatial_att.gate_s.gate_s_bn_di_1", "dilated2"},
        {"gather.norm1", "gather1"},
        {"gather.norm2", "gather2"},
        {"gather.norm3", "gather3"},
        {"paths.0.bn", "branch1"},
        {"paths.1.bn", "branch2"},
        {"attn.bn", "reduce"},
    };

    /** Biases in front of a BatchNorm, and that BatchNorm's. */
    private static final String[][] BEFORE_NORMS = {
        {"fc_spatial\\d+\\.bias", "fc_bn.bias"},
        {"conv1\\.bias", "bn1.bias"},
        {"channel_att\\.gate_c\\.gate_c_fc_0\\.bias", "channel_att.gate_c.gate_c_bn_1.bias"},
        {"spatial_att\\.gate_s\\.gate_s_conv_reduce0\\.bias", "spatial_att.gate_s.gate_s_bn_reduce0.bias"},
        {"spatial_att\\.gate_s\\.gate_s_conv_di_0\\.bias", "spatial_att.gate_s.gate_s_bn_di_0.bias"},
        {"spatial_att\\.gate_s\\.gate_s_conv_di_1\\.bias", "spatial_att.gate_s.gate_s_bn_di_1.bias"},
    };

    static Path folder() {
        String given = System.getProperty("golden.dir");
        return Paths.get(given == null || given.isEmpty() ? "src/test/resources/golden" : given);
    }

    static List<String> cases() throws IOException {
        try (Stream<Path> files = Files.list(folder())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".json"))
                    .map(name -> name.substring(0, name.length() - ".json".length()))
                    .sorted()
                    .collect(Collectors.toList());
        }
    }

    static List<Object[]> runs() throws IOException {
        List<Object[]> runs = new ArrayList<>();
        for (String name : cases()) {
            for (Computation computation : Computation.values()) {
                for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
                    runs.add(new Object[] {name, computation, type, CNN2DFormat.NCHW});
                }
            }
            // a transpose around whatever computes
            runs.add(new Object[] {name, Computation.FUSED, DataType.FLOAT, CNN2DFormat.NHWC});
        }
        return runs;
    }

    @Test
    void theFolderHoldsCases() throws IOException {
        assertThat(cases()).as("cases in %s", folder().toAbsolutePath()).isNotEmpty();
    }

    @ParameterizedTest(name = "{0} {1} {2} {3}")
    @MethodSource("runs")
    void matchesTheReference(String name, Computation computation, DataType type, CNN2DFormat format)
            throws IOException {
        JsonNode json =
                new ObjectMapper().readTree(folder().resolve(name + ".json").toFile());
        Map<String, INDArray> golden = Npz.read(folder().resolve(name + ".npz"));
        for (boolean training : new boolean[] {false, true}) {
            check(block(json, golden, computation), golden, type, format, training);
        }
    }

    static AttentionBlock block(JsonNode json, Map<String, INDArray> golden, Computation computation) {
        String block = json.get("block").asText();
        switch (block) {
            case "se":
                return SqueezeExcitation.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .biases(golden.containsKey("param.fc.0.bias"))
                        .build();
            case "salient":
                long groups = golden.get("param.bn.weight").length();
                return Salient.builder()
                        .computation(computation)
                        .channelsPerMap((int) (json.get("channels").asInt() / groups))
                        .build();
            case "spse":
                List<Integer> levels = new ArrayList<>();
                json.get("levels").forEach(level -> levels.add(level.asInt()));
                return Spse.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .levels(levels.stream().mapToInt(Integer::intValue).toArray())
                        .build();
            case "rgse":
                return Rgse.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .window(json.get("window").asInt())
                        .build();
            case "cbam":
                return Cbam.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .kernel(json.get("kernel").asInt())
                        .channel(golden.keySet().stream().anyMatch(key -> key.startsWith("param.ChannelGate.")))
                        .spatial(golden.keySet().stream().anyMatch(key -> key.startsWith("param.SpatialGate.")))
                        .build();
            case "eca":
                return Eca.builder().computation(computation).build();
            case "ese":
                return EffectiveSe.builder().computation(computation).build();
            case "simam":
                return SimAm.builder().computation(computation).build();
            case "gct":
                return GatedChannel.builder()
                        .computation(computation)
                        .norm(GatedChannel.Norm.valueOf(json.get("norm").asText()))
                        .build();
            case "gc":
                return GlobalContext.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .pooling(
                                golden.containsKey("param.conv_attn.weight")
                                        ? GlobalContext.Pooling.ATTENTION
                                        : GlobalContext.Pooling.AVERAGE)
                        .add(golden.containsKey("param.mlp_add.fc1.weight"))
                        .multiply(golden.containsKey("param.mlp_scale.fc1.weight"))
                        .build();
            case "scse":
                return ScSe.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .combination(
                                ScSe.Combination.valueOf(json.get("combination").asText()))
                        .build();
            case "ca":
                return CoordinateAttention.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .build();
            case "bam":
                return Bam.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .dilation(json.get("dilation").asInt())
                        .build();
            case "ge":
                GatherExcite.Builder ge = GatherExcite.builder()
                        .computation(computation)
                        .extent(json.get("extent").asInt())
                        .extraParameters(json.get("parameters").asBoolean())
                        .mlp(json.get("mlp").asBoolean())
                        .reduction(json.path("reduction").asInt(1))
                        .momentum(json.path("momentum").asDouble(BatchNorm.MOMENTUM));
                if (json.get("parameters").asBoolean() && json.get("mlp").asBoolean()) {
                    ge.gatherRelu(json.path("relu").asBoolean(false));
                }
                return ge.build();
            case "sk":
                return SelectiveKernel.builder()
                        .computation(computation)
                        .reduction(json.get("reduction").asInt())
                        .minimumHidden(json.get("minimum").asInt())
                        .groups(json.get("groups").asInt())
                        .momentum(json.path("momentum").asDouble(BatchNorm.MOMENTUM))
                        .build();
            default:
                throw new IllegalArgumentException("block (" + block + ") must be one that has a class");
        }
    }

    /** With the file's parameters. */
    static Layers layers(AttentionBlock block, Map<String, INDArray> golden, DataType type, CNN2DFormat format) {
        INDArray x = golden.get("x");
        InputType input = InputType.convolutional(x.size(2), x.size(3), x.size(1), format);
        Layers layers = Layers.of(block, input, type);
        golden.forEach((key, value) -> {
            if (key.startsWith("param.") || key.startsWith("buffer.")) {
                String ours = ours(key.substring(key.indexOf('.') + 1));
                layers.layer.setParam(
                        ours, arranged(value, layers.layer.getParam(ours)).castTo(type));
            }
        });
        return layers;
    }

    private static void check(
            AttentionBlock block, Map<String, INDArray> golden, DataType type, CNN2DFormat format, boolean training) {
        INDArray x = golden.get("x");
        Layers layers = layers(block, golden, type, format);
        INDArray y = layers.forward(toFormat(x, format).castTo(type), training);
        INDArray gx = layers.backward(toFormat(golden.get("gy"), format).castTo(type));
        compare(layers, golden, type, training, fromFormat(y, format), fromFormat(gx, format), layers.gradientTable());
    }

    /** What was computed with the parameters of the layer, against what the file says. */
    static void compare(
            Layers layers,
            Map<String, INDArray> golden,
            DataType type,
            boolean training,
            INDArray y,
            INDArray gx,
            Map<String, INDArray> gradients) {
        double tolerance = type == DataType.DOUBLE ? DOUBLE_TOLERANCE : FLOAT_TOLERANCE;
        String mode = training ? "train" : "eval";
        Arrays4j.assertClose("y_" + mode, y, golden.get("y_" + mode), tolerance);
        Arrays4j.assertClose("gx_" + mode, gx, golden.get("gx_" + mode), tolerance);
        List<String> compared = new ArrayList<>();
        golden.forEach((key, value) -> {
            String prefix = "grad_" + mode + ".";
            if (key.startsWith(prefix)) {
                String ours = ours(key.substring(prefix.length()));
                INDArray gradient = gradients.get(ours);
                assertGradient(key, gradient, arranged(value, gradient), golden, tolerance);
                compared.add(ours);
            }
            if (key.startsWith("buffer.")) {
                String name = key.substring("buffer.".length());
                String ours = ours(name);
                INDArray after = layers.layer.getParam(ours).sub(gradients.get(ours));
                INDArray expected = golden.get(training ? "buffer_after." + name : key);
                Arrays4j.assertClose("buffer_after." + name, after, expected.reshape(after.shape()), tolerance);
                compared.add(ours);
            }
        });
        assertThat(compared)
                .as("every parameter compared")
                .containsExactlyInAnyOrderElementsOf(layers.layer.paramTable().keySet());
    }

    /**
     * Biases in front of a BatchNorm that uses batch statistics have a gradient of exactly zero; the reference vectors
     * hold its rounding noise, which has no magnitude of its own, so the gradient it is a sum of gives the scale. The same
     * holds for a bias in front of a softmax; the gradient of the weights beside it gives the scale.
     */
    private static void assertGradient(
            String key, INDArray actual, INDArray expected, Map<String, INDArray> golden, double tolerance) {
        // a bias before a softmax, which it does not change, or before a BatchNorm on batch statistics
        String sum = key.endsWith("conv_attn.bias") ? key.replace("bias", "weight") : null;
        for (String[] pair : BEFORE_NORMS) {
            if (key.matches("grad_train\\." + pair[0])) {
                sum = "grad_train." + pair[1];
            }
        }
        if (sum != null) {
            double scale = golden.get(sum).amaxNumber().doubleValue();
            assertThat(actual.amaxNumber().doubleValue())
                    .as(key)
                    .isLessThanOrEqualTo(
                            tolerance * Math.max(scale, expected.amaxNumber().doubleValue()));
            return;
        }
        Arrays4j.assertClose(key, actual, expected, tolerance);
    }

    static String ours(String theirs) {
        if (theirs.matches("fc_spatial\\d+\\.(weight|bias)")) {
            String level = theirs.replaceAll("\\D", "");
            return theirs.endsWith("weight")
                    ? Spse.weightName(Integer.parseInt(level))
                    : Spse.biasName(Integer.parseInt(level));
        }
        for (String[] pair : NAMES) {
            if (theirs.equals(pair[0])) {
                return pair[1];
            }
            if (pair[1].isEmpty() && theirs.startsWith(pair[0] + ".")) {
                return normParameter(theirs.substring(pair[0].length() + 1));
            }
        }
        for (String[] pair : NORMS) {
            if (theirs.startsWith(pair[0] + ".")) {
                return BatchNorm.name(pair[1], normParameter(theirs.substring(pair[0].length() + 1)));
            }
        }
        throw new IllegalArgumentException("reference parameter (" + theirs + ") has no counterpart");
    }

    private static String normParameter(String theirs) {
        switch (theirs) {
            case "weight":
                return BatchNorm.GAMMA;
            case "bias":
                return BatchNorm.BETA;
            case "running_mean":
                return BatchNorm.MEAN;
            default:
                return BatchNorm.VARIANCE;
        }
    }

    /**
     * Linear weights are [out, in], or those of a 1x1 convolution, there and [in, out] here; depthwise kernels lose their axis
     * of size 1.
     */
    static INDArray arranged(INDArray theirs, INDArray ours) {
        return theirs.rank() != ours.rank() && ours.rank() == 2 || theirs.rank() == 2
                ? theirs.reshape('c', theirs.size(0), theirs.size(1))
                        .transpose()
                        .dup('c')
                : theirs.reshape('c', ours.shape());
    }

    private static INDArray toFormat(INDArray map, CNN2DFormat format) {
        return format == CNN2DFormat.NHWC ? map.permute(0, 2, 3, 1).dup('c') : map;
    }

    private static INDArray fromFormat(INDArray map, CNN2DFormat format) {
        return format == CNN2DFormat.NHWC ? map.permute(0, 3, 1, 2).dup('c') : map;
    }
}
