package io.github.squeeze4j.weights;

/** What torchvision calls the tensors of its networks, but for ResNet and ResNeXt, whose names timm shares. */
final class TorchvisionNames {
    private static final String BLOCK = "stage(\\d)\\.block(\\d+)\\.";

    private TorchvisionNames() {}

    /** MobileNetV2, which counts blocks through all stages. */
    static TensorNames mobileNetV2() {
        int[] blocks = {1, 2, 3, 4, 3, 3, 1};
        TensorNames names =
                new TensorNames().convolution("stem\\.conv", "features.0.0").batchNorm("stem\\.bn", "features.0.1");
        int number = 1;
        for (int stage = 1; stage <= blocks.length; stage++) {
            for (int block = 1; block <= blocks[stage - 1]; block++) {
                String ours = "stage" + stage + "\\.block" + block + "\\.";
                String theirs = "features." + number++ + ".conv.";
                int depthwise = stage == 1 ? 0 : 1;
                names.convolution(ours + "expand\\.conv", theirs + "0.0")
                        .batchNorm(ours + "expand\\.bn", theirs + "0.1")
                        .convolution(ours + "depthwise\\.conv", theirs + depthwise + ".0")
                        .batchNorm(ours + "depthwise\\.bn", theirs + depthwise + ".1")
                        .convolution(ours + "project\\.conv", theirs + (depthwise + 1))
                        .batchNorm(ours + "project\\.bn", theirs + (depthwise + 2));
            }
        }
        return names.convolution("head\\.conv", "features." + number + ".0")
                .batchNorm("head\\.bn", "features." + number + ".1")
                .linear("classifier", "classifier.1");
    }

    /** Inception-v3; its auxiliary classifier helps in training only. */
    static TensorNames inceptionV3() {
        TensorNames names = new TensorNames();
        String[] stem = {"1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3"};
        for (int i = 0; i < stem.length; i++) {
            names.unit("stem\\.", Integer.toString(i + 1), "Conv2d_" + stem[i]);
        }
        String[][] modules = {{"5b", "5c", "5d"}, {"6a", "6b", "6c", "6d", "6e"}, {"7a", "7b", "7c"}};
        for (int stage = 1; stage <= modules.length; stage++) {
            for (int block = 1; block <= modules[stage - 1].length; block++) {
                String ours = "stage" + stage + "\\.block" + block + "\\.";
                String module = modules[stage - 1][block - 1];
                String theirs = "Mixed_" + module + ".branch";
                boolean middle = stage == 2 && block > 1;
                names.unit(ours + "single\\.", "1", theirs + "1x1")
                        .unit(ours + "pool\\.", "1", theirs + "_pool")
                        .unit(ours + "five\\.", "(\\d)", theirs + "5x5_$1")
                        .unit(ours + "double\\.", "(\\d[ab]?)", theirs + (middle ? "7x7dbl_$1" : "3x3dbl_$1"))
                        .unit(ours + "seven\\.", "(\\d)", theirs + (middle ? "7x7_$1" : "7x7x3_$1"))
                        .unit(ours + "three\\.", "(\\d[ab]?)", theirs + (module.equals("6a") ? "3x3" : "3x3_$1"));
            }
        }
        return names.linear("classifier", "fc").unused("AuxLogits\\..*");
    }

    /** MobileNetV3 large. */
    static TensorNames mobileNetV3Large() {
        return mobileNetV3(new int[] {1, 2, 3, 4, 2, 3}, new boolean[] {false, false, true, false, true, true});
    }

    /** MobileNetV3 small. */
    static TensorNames mobileNetV3Small() {
        return mobileNetV3(new int[] {1, 2, 3, 2, 3}, new boolean[] {true, false, true, true, true});
    }

    /** It counts blocks through all stages, and the parts of each: those with attention have one more. */
    private static TensorNames mobileNetV3(int[] blocks, boolean[] attention) {
        TensorNames names = ends();
        int number = 1;
        for (int stage = 1; stage <= blocks.length; stage++) {
            for (int block = 1; block <= blocks[stage - 1]; block++) {
                inverted(
                        names,
                        "stage" + stage + "\\.block" + block + "\\.",
                        "features." + number++ + ".block.",
                        stage > 1,
                        attention[stage - 1]);
            }
        }
        return head(names, number).linear("hidden", "classifier.0").linear("classifier", "classifier.3");
    }

    /** EfficientNet. */
    static TensorNames efficientNet() {
        TensorNames names = ends();
        inverted(names, "stage(1)\\.block(\\d+)\\.", "features.$1.{$2-1}.block.", false, true);
        inverted(names, BLOCK, "features.$1.{$2-1}.block.", true, true);
        return head(names, 8).linear("classifier", "classifier.1");
    }

    private static TensorNames ends() {
        return new TensorNames().convolution("stem\\.conv", "features.0.0").batchNorm("stem\\.bn", "features.0.1");
    }

    private static TensorNames head(TensorNames names, int number) {
        return names.convolution("head\\.conv", "features." + number + ".0")
                .batchNorm("head\\.bn", "features." + number + ".1");
    }

    private static void inverted(TensorNames names, String ours, String theirs, boolean expands, boolean attention) {
        int part = 0;
        if (expands) {
            pair(names, ours + "expand\\.", theirs + part++);
        }
        pair(names, ours + "depthwise\\.", theirs + part++);
        if (attention) {
            names.pointwiseExcitation(ours + "attention", theirs + part++ + ".", "fc1", "fc2");
        }
        pair(names, ours + "project\\.", theirs + part);
    }

    /** RegNetY. */
    static TensorNames regNetY() {
        String theirs = "trunk_output.block$1.block$1-{$2-1}.";
        TensorNames names = new TensorNames()
                .convolution("stem\\.conv", "stem.0")
                .batchNorm("stem\\.bn", "stem.1")
                .pointwiseExcitation(BLOCK + "attention", theirs + "f.se.", "fc1", "fc2");
        String[] letters = {"a", "b", "c"};
        for (int i = 0; i < letters.length; i++) {
            names.convolution(BLOCK + "conv" + (i + 1), theirs + "f." + letters[i] + ".0")
                    .batchNorm(BLOCK + "bn" + (i + 1), theirs + "f." + letters[i] + ".1");
        }
        pair(names, BLOCK + "shortcut\\.", theirs + "proj");
        return names.linear("classifier", "fc");
    }

    /** A convolution and its normalization. */
    private static void pair(TensorNames names, String ours, String theirs) {
        names.convolution(ours + "conv", theirs + ".0").batchNorm(ours + "bn", theirs + ".1");
    }
}
