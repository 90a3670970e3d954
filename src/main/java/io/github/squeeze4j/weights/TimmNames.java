package io.github.squeeze4j.weights;

import io.github.squeeze4j.weights.TensorNames.Form;

/** What timm calls the parameters of its networks. */
final class TimmNames {
    private static final String BLOCK = "stage(\\d)\\.block(\\d+)\\.";

    private TimmNames() {}

    /** timm's ResNet and ResNeXt with SE or ECA; without blocks the names are torchvision's. */
    static TensorNames resNet() {
        String attention = BLOCK + "attention";
        String theirs = "layer$1.{$2-1}.se.";
        return new TensorNames()
                .pointwiseExcitation(attention, theirs, "fc1", "fc2")
                .rule(attention + "/convW", theirs + "conv.weight", Form.ALONG_CHANNELS)
                .residual("conv1", "bn1", "fc");
    }

    /** timm's {@code skresnet*}: selective kernels, and a BatchNorm within each convolution's module. */
    static TensorNames skResNet() {
        String theirs = "layer$1.{$2-1}.conv$3.";
        String kernels = BLOCK + "conv(\\d)/";
        TensorNames names = new TensorNames();
        for (int path = 0; path < 2; path++) {
            String branch = kernels + "branch" + (path + 1);
            names.parameter(branch + "W", theirs + "paths." + path + ".conv.weight")
                    .innerNorm(branch, theirs + "paths." + path + ".bn");
        }
        return names.rule(kernels + "reduceW", theirs + "attn.fc_reduce.weight", Form.POINTWISE)
                .innerNorm(kernels + "reduce", theirs + "attn.bn")
                .rule(kernels + "selectW", theirs + "attn.fc_select.weight", Form.POINTWISE)
                .convolution(BLOCK + "conv(\\d)", theirs + "conv")
                .batchNorm(BLOCK + "bn(\\d)", theirs + "bn")
                .residual("conv1", "bn1", "fc");
    }

    /** timm's EfficientNet, MobileNetV1, V2 and V3; {@code head} is where the last 1x1 convolution is found. */
    private static TensorNames mobile(String headConvolution, String headNorm) {
        String theirs = "blocks.{$1-1}.{$2-1}.";
        return new TensorNames()
                .convolution("stem\\.conv", "conv_stem")
                .batchNorm("stem\\.bn", "bn1")
                .pointwiseExcitation(BLOCK + "attention", theirs + "se.", "conv_reduce", "conv_expand")
                .convolution("head\\.conv", headConvolution)
                .batchNorm("head\\.bn", headNorm)
                .rule("hidden/W", "conv_head.weight", Form.POINTWISE)
                .parameter("hidden/b", "conv_head.bias")
                .linear("classifier", "classifier");
    }

    /** Blocks that expand, except those of the first stage. */
    private static TensorNames inverted(TensorNames names) {
        String theirs = "blocks.{$1-1}.{$2-1}.";
        return separable(names, "stage(1)\\.block(\\d+)\\.", "depthwise", "project")
                .convolution(BLOCK + "expand\\.conv", theirs + "conv_pw")
                .batchNorm(BLOCK + "expand\\.bn", theirs + "bn1")
                .convolution(BLOCK + "depthwise\\.conv", theirs + "conv_dw")
                .batchNorm(BLOCK + "depthwise\\.bn", theirs + "bn2")
                .convolution(BLOCK + "project\\.conv", theirs + "conv_pwl")
                .batchNorm(BLOCK + "project\\.bn", theirs + "bn3");
    }

    private static TensorNames separable(TensorNames names, String ours, String depthwise, String pointwise) {
        String theirs = "blocks.{$1-1}.{$2-1}.";
        return names.convolution(ours + depthwise + "\\.conv", theirs + "conv_dw")
                .batchNorm(ours + depthwise + "\\.bn", theirs + "bn1")
                .convolution(ours + pointwise + "\\.conv", theirs + "conv_pw")
                .batchNorm(ours + pointwise + "\\.bn", theirs + "bn2");
    }

    /** timm's MobileNetV1. */
    static TensorNames mobileNetV1() {
        return separable(mobile("", ""), BLOCK, "depthwise", "pointwise");
    }

    /** timm's MobileNetV2 and EfficientNet. */
    static TensorNames efficientNet() {
        return inverted(mobile("conv_head", "bn2"));
    }

    /** timm's MobileNetV3 with this many stages of blocks. */
    static TensorNames mobileNetV3(int stages) {
        return inverted(mobile("blocks." + stages + ".0.conv", "blocks." + stages + ".0.bn1"));
    }

    /** timm's RegNetY. */
    static TensorNames regNet() {
        String theirs = "s$1.b$2.";
        return new TensorNames()
                .convolution("stem\\.conv", "stem.conv")
                .batchNorm("stem\\.bn", "stem.bn")
                .pointwiseExcitation(BLOCK + "attention", theirs + "se.", "fc1", "fc2")
                .convolution(BLOCK + "conv(\\d)", theirs + "conv$3.conv")
                .batchNorm(BLOCK + "bn(\\d)", theirs + "conv$3.bn")
                .convolution(BLOCK + "shortcut\\.conv", theirs + "downsample.conv")
                .batchNorm(BLOCK + "shortcut\\.bn", theirs + "downsample.bn")
                .linear("classifier", "head.fc");
    }

    /** timm's VoVNet. */
    static TensorNames voVNet() {
        String theirs = "stages.{$1-1}.blocks.{$2-1}.";
        return new TensorNames()
                .unit("stem\\.", "(\\d)", "stem.{$1-1}")
                .unit(BLOCK, "(\\d)", theirs + "conv_mid.{$3-1}")
                .unit(BLOCK + "aggregate\\.", "", theirs + "conv_concat")
                .rule(BLOCK + "attention/fcW", theirs + "attn.fc.weight", Form.POINTWISE)
                .parameter(BLOCK + "attention/fcB", theirs + "attn.fc.bias")
                .linear("classifier", "head.fc");
    }
}
