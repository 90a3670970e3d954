package io.github.squeeze4j.weights;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What authors call the parameters of their networks in repositories of their own. */
final class AuthorsNames {
    private AuthorsNames() {}

    /** Cadene's SENets, timm's {@code legacy_se*}: SE-ResNet, SE-ResNeXt and SENet-154. */
    static TensorNames cadene() {
        return new TensorNames()
                .convolution("stem\\.conv(\\d)", "layer0.conv$1")
                .batchNorm("stem\\.bn(\\d)", "layer0.bn$1")
                .pointwiseExcitation("stage(\\d)\\.block(\\d+)\\.attention", "layer$1.{$2-1}.se_module.", "fc1", "fc2")
                .residual("layer0.conv1", "layer0.bn1", "last_linear");
    }

    /** moskomule/senet.pytorch. */
    static TensorNames moskomule() {
        return new TensorNames()
                .excitation("stage(\\d)\\.block(\\d+)\\.attention", "layer$1.{$2-1}.se.fc.", "0", "2")
                .residual("conv1", "bn1", "fc");
    }

    /** Jongchan/attention-module with CBAM. */
    static TensorNames jongchan() {
        String attention = "stage(\\d)\\.block(\\d+)\\.attention";
        String cbam = "layer$1.{$2-1}.cbam.";
        return new TensorNames()
                .excitation(attention, cbam + "ChannelGate.mlp.", "1", "3")
                .parameter(attention + "/spatialW", cbam + "SpatialGate.spatial.conv.weight")
                .batchNorm(attention, cbam + "SpatialGate.spatial.bn")
                .residual("conv1", "bn1", "fc");
    }

    /** AmigoCDT/Salient-Net, whose blocks hold a convolution that they never call. */
    static TensorNames amigo() {
        return new TensorNames()
                .batchNorm("stage(\\d)\\.block(\\d+)\\.attention", "layer$1.{$2-1}.Salient.bn")
                .unused(".*\\.Salient\\.conv\\.weight")
                .residual("conv1", "bn1", "fc");
    }

    /** megvii-research/RG-SENet_SP-SENet, both networks. */
    static TensorNames megvii() {
        String block = "stage(\\d)\\.block(\\d+)\\.";
        String layer = "layer$1.layer$1_block_{$2-1}.";
        return new TensorNames()
                .excitation(block + "attention", layer, "fc_reduction", "fc_extention")
                .parameter(block + "attention/fusion(\\d)W", layer + "fc_spatial$3.weight")
                .parameter(block + "attention/fusion(\\d)B", layer + "fc_spatial$3.bias")
                .parameter(block + "attention/fusionW", layer + "fc_spatial.fc_spatial.weight")
                .convolution(block + "(conv\\d)", layer + "conv_$3")
                .batchNorm(block + "(bn\\d)", layer + "bn_$3")
                .convolution(block + "shortcut\\.conv", layer + "shortcut.shortcut_conv")
                .batchNorm(block + "shortcut\\.bn", layer + "shortcut.shortcut_bn")
                .residual("conv1", "bn1", "fc");
    }

    /** megvii's SPSE networks. */
    static TensorNames megviiSpse() {
        TensorNames names = new TensorNames()
                .batchNorm("stage(\\d)\\.block(\\d+)\\.attention", "layer$1.layer$1_block_{$2-1}.fc_bn");
        return names.then(megvii());
    }

    /** megvii's RGSE networks. */
    static TensorNames megviiRgse() {
        TensorNames names = new TensorNames()
                .batchNorm(
                        "stage(\\d)\\.block(\\d+)\\.attention", "layer$1.layer$1_block_{$2-1}.fc_spatial.bn_spatial");
        return names.then(megvii());
    }

    /** efficientnet_lite_pytorch, which counts blocks through all stages of a network with these parameters. */
    static TensorNames efficientNetLite(Collection<String> parameters) {
        TensorNames names = new TensorNames()
                .convolution("stem\\.conv", "_conv_stem")
                .batchNorm("stem\\.bn", "_bn0")
                .convolution("head\\.conv", "_conv_head")
                .batchNorm("head\\.bn", "_bn1")
                .linear("classifier", "_fc");
        List<String> blocks = parameters.stream()
                .filter(key -> key.matches("stage\\d\\.block\\d+\\.depthwise\\.conv/W"))
                .map(key -> key.replaceFirst("depthwise.*", ""))
                .sorted(Comparator.comparing((String key) -> key.charAt("stage".length()))
                        .thenComparing(String::length)
                        .thenComparing(Comparator.naturalOrder()))
                .collect(Collectors.toList());
        for (int number = 0; number < blocks.size(); number++) {
            String ours = Pattern.quote(blocks.get(number));
            String theirs = "_blocks." + number + ".";
            names.convolution(ours + "expand\\.conv", theirs + "_expand_conv")
                    .batchNorm(ours + "expand\\.bn", theirs + "_bn0")
                    .convolution(ours + "depthwise\\.conv", theirs + "_depthwise_conv")
                    .batchNorm(ours + "depthwise\\.bn", theirs + "_bn1")
                    .convolution(ours + "project\\.conv", theirs + "_project_conv")
                    .batchNorm(ours + "project\\.bn", theirs + "_bn2");
        }
        return names;
    }

    /** The SENet authors' SE-BN-Inception.prototxt: blob n of layer L is {@code L#n}. */
    static TensorNames caffeBnInception() {
        TensorNames names = new TensorNames();
        caffeUnit(names, "stem\\.", "1", "conv1/7x7_s2");
        caffeUnit(names, "stem\\.", "2", "conv2/3x3_reduce");
        caffeUnit(names, "stem\\.", "3", "conv2/3x3");
        String[][] modules = {{"3a", "3b", "3c"}, {"4a", "4b", "4c", "4d", "4e"}, {"5a", "5b"}};
        for (int stage = 1; stage <= modules.length; stage++) {
            for (int block = 1; block <= modules[stage - 1].length; block++) {
                String ours = "stage" + stage + "\\.block" + block + "\\.";
                String theirs = "inception_" + modules[stage - 1][block - 1];
                caffeUnit(names, ours + "single\\.", "", theirs + "/1x1");
                caffeUnit(names, ours + "three\\.reduce\\.", "", theirs + "/3x3_reduce");
                caffeUnit(names, ours + "three\\.", "", theirs + "/3x3");
                caffeUnit(names, ours + "double\\.reduce\\.", "", theirs + "/double3x3_reduce");
                caffeUnit(names, ours + "double\\.", "1", theirs + "/double3x3a");
                caffeUnit(names, ours + "double\\.", "2", theirs + "/double3x3b");
                caffeUnit(names, ours + "pool\\.", "", theirs + "/pool_proj");
                names.transposed(ours + "attention/reduceW", theirs + "_1x1_down#0")
                        .parameter(ours + "attention/reduceB", theirs + "_1x1_down#1")
                        .transposed(ours + "attention/expandW", theirs + "_1x1_up#0")
                        .parameter(ours + "attention/expandB", theirs + "_1x1_up#1");
            }
        }
        return names.transposed("classifier/W", "classifier#0").parameter("classifier/b", "classifier#1");
    }

    private static void caffeUnit(TensorNames names, String ours, String number, String theirs) {
        names.parameter(ours + "conv" + number + "/W", theirs + "#0")
                .divided(ours + "bn" + number + "/mean", theirs + "/bn#0", theirs + "/bn#2")
                .divided(ours + "bn" + number + "/var", theirs + "/bn#1", theirs + "/bn#2")
                .parameter(ours + "bn" + number + "/gamma", theirs + "/bn/scale#0")
                .parameter(ours + "bn" + number + "/beta", theirs + "/bn/scale#1");
    }
}
