package io.github.squeeze4j.weights;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A map from the parameters of a network to the tensors of a reference implementation: an ordered list of rules, of which the
 * first that fits counts. Immutable once built.
 *
 * <p>A rule is a regular expression over {@code vertex/parameter}, such as {@code stage1.block2.conv3/W}, and the tensor's name
 * with {@code $1}, {@code $2}, ... for its groups and {@code {$1-1}} for a group less one, since references count from 0.
 */
final class TensorNames {
    /** How a tensor holds what a parameter holds. */
    private enum Form {
        /** The same sizes. */
        SAME,
        /** [outputs, inputs] where the parameter is [inputs, outputs]. */
        LINEAR,
        /** A convolution of 1x1, [outputs, inputs, 1, 1], where the parameter is [inputs, outputs]. */
        POINTWISE,
        /** A convolution along channels, [1, 1, kernel], where the parameter is [kernel]. */
        ALONG_CHANNELS,
        /** A convolution of each channel, [C, 1, height, width], where the parameter is [C, height, width]. */
        DEPTHWISE
    }

    /** The tensor that holds a parameter. */
    static final class Tensor {
        final String name;
        private final Form form;
        /** The tensor with the one number that this one is to be divided by, or null. */
        final String divisor;

        Tensor(String name, Form form, String divisor) {
            this.name = name;
            this.form = form;
            this.divisor = divisor;
        }

        /** Whether the tensor is [outputs, inputs] where the parameter is [inputs, outputs]; else elements lie alike. */
        boolean isTransposed() {
            return form == Form.LINEAR || form == Form.POINTWISE;
        }

        /** The tensor's sizes for a parameter of these. */
        long[] shape(long... parameter) {
            switch (form) {
                case LINEAR:
                    return new long[] {parameter[1], parameter[0]};
                case POINTWISE:
                    return new long[] {parameter[1], parameter[0], 1, 1};
                case ALONG_CHANNELS:
                    return new long[] {1, 1, parameter[0]};
                case DEPTHWISE:
                    return new long[] {parameter[0], 1, parameter[1], parameter[2]};
                default:
                    return parameter;
            }
        }
    }

    private static final class Rule {
        private final Pattern pattern;
        private final String name;
        private final Form form;
        private final String divisor;

        Rule(String pattern, String name, Form form, String divisor) {
            this.pattern = Pattern.compile(pattern);
            this.name = name;
            this.form = form;
            this.divisor = divisor;
        }

        private static String filled(Matcher matcher, String name) {
            return LESS_ONE.matcher(matcher.replaceFirst(name)).replaceAll(TensorNames::lessOne);
        }
    }

    private static final Pattern LESS_ONE = Pattern.compile("\\{(\\d+)-1\\}");

    private final List<Rule> rules = new ArrayList<>();
    private Pattern unused = Pattern.compile("(.*\\.)?num_batches_tracked");

    TensorNames() {}

    /**
     * The tensor for a parameter.
     *
     * @throws IllegalArgumentException if no rule fits: the map belongs to another network
     */
    Tensor of(String vertex, String parameter) {
        String key = vertex + "/" + parameter;
        Tensor found = find(key);
        if (found == null) {
            throw new IllegalArgumentException(
                    "parameter (" + key
                            + ") must have a tensor in the reference; use the names of this network's reference implementation");
        }
        return found;
    }

    /** The tensor for {@code vertex/parameter}, or null where no rule fits. */
    Tensor find(String key) {
        for (Rule rule : rules) {
            Matcher matcher = rule.pattern.matcher(key);
            if (matcher.matches()) {
                String divisor = rule.divisor == null ? null : Rule.filled(matcher, rule.divisor);
                return new Tensor(Rule.filled(matcher, rule.name), rule.form, divisor);
            }
        }
        return null;
    }

    /** Whether the reference has a tensor of this name that its answers do not depend on. */
    boolean isUnused(String name) {
        return unused.matcher(name).matches();
    }

    private static String lessOne(MatchResult number) {
        return Integer.toString(Integer.parseInt(number.group(1)) - 1);
    }

    // ---- the references --------------------------------------------------------------------------------------------

    /** timm's ResNet and ResNeXt with SE or ECA; without blocks the names are torchvision's. */
    static TensorNames timmResNet() {
        String attention = "stage(\\d)\\.block(\\d+)\\.attention";
        String theirs = "layer$1.{$2-1}.se.";
        return new TensorNames()
                .pointwiseExcitation(attention, theirs, "fc1", "fc2")
                .rule(attention + "/convW", theirs + "conv.weight", Form.ALONG_CHANNELS)
                .residual("conv1", "bn1", "fc");
    }

    /** timm's {@code skresnet*}: selective kernels, and a BatchNorm within each convolution's module. */
    static TensorNames timmSkResNet() {
        String block = "stage(\\d)\\.block(\\d+)\\.";
        String theirs = "layer$1.{$2-1}.conv$3.";
        String kernels = block + "conv(\\d)/";
        TensorNames names = new TensorNames();
        for (int path = 0; path < 2; path++) {
            String branch = kernels + "branch" + (path + 1);
            names.parameter(branch + "W", theirs + "paths." + path + ".conv.weight")
                    .innerNorm(branch, theirs + "paths." + path + ".bn");
        }
        return names.rule(kernels + "reduceW", theirs + "attn.fc_reduce.weight", Form.POINTWISE)
                .innerNorm(kernels + "reduce", theirs + "attn.bn")
                .rule(kernels + "selectW", theirs + "attn.fc_select.weight", Form.POINTWISE)
                .convolution(block + "conv(\\d)", theirs + "conv")
                .batchNorm(block + "bn(\\d)", theirs + "bn")
                .residual("conv1", "bn1", "fc");
    }

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
        names.rules.addAll(megvii().rules);
        return names;
    }

    /** megvii's RGSE networks. */
    static TensorNames megviiRgse() {
        TensorNames names = new TensorNames()
                .batchNorm(
                        "stage(\\d)\\.block(\\d+)\\.attention", "layer$1.layer$1_block_{$2-1}.fc_spatial.bn_spatial");
        names.rules.addAll(megvii().rules);
        return names;
    }

    /** timm's EfficientNet, MobileNetV1, V2 and V3; {@code head} is where the last 1x1 convolution is found. */
    private static TensorNames timmMobile(String headConvolution, String headNorm) {
        String block = "stage(\\d)\\.block(\\d+)\\.";
        String theirs = "blocks.{$1-1}.{$2-1}.";
        return new TensorNames()
                .convolution("stem\\.conv", "conv_stem")
                .batchNorm("stem\\.bn", "bn1")
                .pointwiseExcitation(block + "attention", theirs + "se.", "conv_reduce", "conv_expand")
                .convolution("head\\.conv", headConvolution)
                .batchNorm("head\\.bn", headNorm)
                .rule("hidden/W", "conv_head.weight", Form.POINTWISE)
                .parameter("hidden/b", "conv_head.bias")
                .linear("classifier", "classifier");
    }

    /** Blocks that expand, except those of the first stage. */
    private TensorNames inverted() {
        String block = "stage(\\d)\\.block(\\d+)\\.";
        String theirs = "blocks.{$1-1}.{$2-1}.";
        return separable("stage(1)\\.block(\\d+)\\.", "depthwise", "project")
                .convolution(block + "expand\\.conv", theirs + "conv_pw")
                .batchNorm(block + "expand\\.bn", theirs + "bn1")
                .convolution(block + "depthwise\\.conv", theirs + "conv_dw")
                .batchNorm(block + "depthwise\\.bn", theirs + "bn2")
                .convolution(block + "project\\.conv", theirs + "conv_pwl")
                .batchNorm(block + "project\\.bn", theirs + "bn3");
    }

    private TensorNames separable(String block, String depthwise, String pointwise) {
        String theirs = "blocks.{$1-1}.{$2-1}.";
        return convolution(block + depthwise + "\\.conv", theirs + "conv_dw")
                .batchNorm(block + depthwise + "\\.bn", theirs + "bn1")
                .convolution(block + pointwise + "\\.conv", theirs + "conv_pw")
                .batchNorm(block + pointwise + "\\.bn", theirs + "bn2");
    }

    /** timm's MobileNetV1. */
    static TensorNames timmMobileNetV1() {
        return timmMobile("", "").separable("stage(\\d)\\.block(\\d+)\\.", "depthwise", "pointwise");
    }

    /** timm's MobileNetV2 and EfficientNet. */
    static TensorNames timmEfficientNet() {
        return timmMobile("conv_head", "bn2").inverted();
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

    /** timm's MobileNetV3 with this many stages of blocks. */
    static TensorNames timmMobileNetV3(int stages) {
        return timmMobile("blocks." + stages + ".0.conv", "blocks." + stages + ".0.bn1")
                .inverted();
    }

    /** timm's RegNetY. */
    static TensorNames timmRegNet() {
        String block = "stage(\\d)\\.block(\\d+)\\.";
        String theirs = "s$1.b$2.";
        return new TensorNames()
                .convolution("stem\\.conv", "stem.conv")
                .batchNorm("stem\\.bn", "stem.bn")
                .pointwiseExcitation(block + "attention", theirs + "se.", "fc1", "fc2")
                .convolution(block + "conv(\\d)", theirs + "conv$3.conv")
                .batchNorm(block + "bn(\\d)", theirs + "conv$3.bn")
                .convolution(block + "shortcut\\.conv", theirs + "downsample.conv")
                .batchNorm(block + "shortcut\\.bn", theirs + "downsample.bn")
                .linear("classifier", "head.fc");
    }

    /** timm's VoVNet. */
    static TensorNames timmVoVNet() {
        String block = "stage(\\d)\\.block(\\d+)\\.";
        String theirs = "stages.{$1-1}.blocks.{$2-1}.";
        return new TensorNames()
                .unit("stem\\.", "(\\d)", "stem.{$1-1}")
                .unit(block, "(\\d)", theirs + "conv_mid.{$3-1}")
                .unit(block + "aggregate\\.", "", theirs + "conv_concat")
                .rule(block + "attention/fcW", theirs + "attn.fc.weight", Form.POINTWISE)
                .parameter(block + "attention/fcB", theirs + "attn.fc.bias")
                .linear("classifier", "head.fc");
    }

    /** The SENet authors' SE-BN-Inception.prototxt: blob n of layer L is {@code L#n}. */
    static TensorNames caffeBnInception() {
        TensorNames names = new TensorNames()
                .caffeUnit("stem\\.", "1", "conv1/7x7_s2")
                .caffeUnit("stem\\.", "2", "conv2/3x3_reduce")
                .caffeUnit("stem\\.", "3", "conv2/3x3");
        String[][] modules = {{"3a", "3b", "3c"}, {"4a", "4b", "4c", "4d", "4e"}, {"5a", "5b"}};
        for (int stage = 1; stage <= modules.length; stage++) {
            for (int block = 1; block <= modules[stage - 1].length; block++) {
                String ours = "stage" + stage + "\\.block" + block + "\\.";
                String theirs = "inception_" + modules[stage - 1][block - 1];
                names.caffeUnit(ours + "single\\.", "", theirs + "/1x1")
                        .caffeUnit(ours + "three\\.reduce\\.", "", theirs + "/3x3_reduce")
                        .caffeUnit(ours + "three\\.", "", theirs + "/3x3")
                        .caffeUnit(ours + "double\\.reduce\\.", "", theirs + "/double3x3_reduce")
                        .caffeUnit(ours + "double\\.", "1", theirs + "/double3x3a")
                        .caffeUnit(ours + "double\\.", "2", theirs + "/double3x3b")
                        .caffeUnit(ours + "pool\\.", "", theirs + "/pool_proj")
                        .transposed(ours + "attention/reduceW", theirs + "_1x1_down#0")
                        .parameter(ours + "attention/reduceB", theirs + "_1x1_down#1")
                        .transposed(ours + "attention/expandW", theirs + "_1x1_up#0")
                        .parameter(ours + "attention/expandB", theirs + "_1x1_up#1");
            }
        }
        return names.transposed("classifier/W", "classifier#0").parameter("classifier/b", "classifier#1");
    }

    // ---- rules -----------------------------------------------------------------------------------------------------

    private TensorNames residual(String stemConvolution, String stemNorm, String classifier) {
        String block = "stage(\\d)\\.block(\\d+)\\.";
        String theirs = "layer$1.{$2-1}.";
        return convolution("stem\\.conv", stemConvolution)
                .batchNorm("stem\\.bn", stemNorm)
                .convolution(block + "(conv\\d)", theirs + "$3")
                .batchNorm(block + "(bn\\d)", theirs + "$3")
                .convolution(block + "shortcut\\.conv", theirs + "downsample.0")
                .batchNorm(block + "shortcut\\.bn", theirs + "downsample.1")
                .linear("classifier", classifier);
    }

    TensorNames unit(String ours, String number, String theirs) {
        return convolution(ours + "conv" + number, theirs + ".conv").batchNorm(ours + "bn" + number, theirs + ".bn");
    }

    private TensorNames caffeUnit(String ours, String number, String theirs) {
        return parameter(ours + "conv" + number + "/W", theirs + "#0")
                .divided(ours + "bn" + number + "/mean", theirs + "/bn#0", theirs + "/bn#2")
                .divided(ours + "bn" + number + "/var", theirs + "/bn#1", theirs + "/bn#2")
                .parameter(ours + "bn" + number + "/gamma", theirs + "/bn/scale#0")
                .parameter(ours + "bn" + number + "/beta", theirs + "/bn/scale#1");
    }

    TensorNames convolution(String ours, String theirs) {
        return parameter(ours + "/W", theirs + ".weight").parameter(ours + "/b", theirs + ".bias");
    }

    TensorNames batchNorm(String ours, String theirs) {
        return parameter(ours + "/gamma", theirs + ".weight")
                .parameter(ours + "/beta", theirs + ".bias")
                .parameter(ours + "/mean", theirs + ".running_mean")
                .parameter(ours + "/var", theirs + ".running_var");
    }

    /** The named BatchNorm of a block. */
    private TensorNames innerNorm(String ours, String theirs) {
        return parameter(ours + "Gamma", theirs + ".weight")
                .parameter(ours + "Beta", theirs + ".bias")
                .parameter(ours + "Mean", theirs + ".running_mean")
                .parameter(ours + "Var", theirs + ".running_var");
    }

    TensorNames linear(String ours, String theirs) {
        return transposed(ours + "/W", theirs + ".weight").parameter(ours + "/b", theirs + ".bias");
    }

    /** Two linear layers. */
    private TensorNames excitation(String ours, String theirs, String reduce, String expand) {
        return excitation(ours, theirs, reduce, expand, Form.LINEAR);
    }

    /** Two convolutions of 1x1. */
    TensorNames pointwiseExcitation(String ours, String theirs, String reduce, String expand) {
        return excitation(ours, theirs, reduce, expand, Form.POINTWISE);
    }

    private TensorNames excitation(String ours, String theirs, String reduce, String expand, Form form) {
        return rule(ours + "/reduceW", theirs + reduce + ".weight", form)
                .parameter(ours + "/reduceB", theirs + reduce + ".bias")
                .rule(ours + "/expandW", theirs + expand + ".weight", form)
                .parameter(ours + "/expandB", theirs + expand + ".bias");
    }

    TensorNames unused(String more) {
        unused = Pattern.compile(unused + "|" + more);
        return this;
    }

    TensorNames parameter(String ours, String theirs) {
        return rule(ours, theirs, Form.SAME);
    }

    private TensorNames transposed(String ours, String theirs) {
        return rule(ours, theirs, Form.LINEAR);
    }

    private TensorNames rule(String ours, String theirs, Form form) {
        rules.add(new Rule(ours, theirs, form, null));
        return this;
    }

    /** Caffe sums statistics up and stores what to divide them by. */
    private TensorNames divided(String ours, String theirs, String divisor) {
        rules.add(new Rule(ours, theirs, Form.SAME, divisor));
        return this;
    }
}
