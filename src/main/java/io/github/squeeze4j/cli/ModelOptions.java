package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.families.BottleneckStride;
import io.github.squeeze4j.models.families.ResNet;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Which network. */
final class ModelOptions {
    /** The options below, each by the name that a user types. */
    static final List<String> NAMES = List.of("--model", "--attention", "--stride-in", "--biases");

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "se_resnet20",
            description = "Network, such as resnet20 or cbam_resnet50. Default: ${DEFAULT-VALUE}.")
    private String model;

    @Option(
            names = "--attention",
            paramLabel = "BLOCK",
            description =
                    "Attention block instead of the model's own: none, se, salient, spse, rgse, cbam, eca, gct, ese,"
                            + " simam, gc, scse, ca, ge, bam or sk.")
    private String attention;

    @Option(
            names = "--stride-in",
            paramLabel = "1x1|3x3",
            description = "Which convolution of a ResNet bottleneck halves the map. Default: the model's own.")
    private String strideIn;

    @Option(
            names = "--biases",
            negatable = true,
            arity = "0",
            description = "Squeeze-and-Excitation with or without biases. Default: the model's own.")
    private Boolean biases;

    /** The name for tables and folders. */
    String name() {
        return attention == null ? model : model + "-" + attention;
    }

    NetworkBuilder<?> builder() {
        return checked(() -> {
            NetworkBuilder<?> builder = Models.builder(model);
            if (attention != null) {
                builder.attention(Attention.named(attention));
            }
            if (strideIn != null) {
                bottlenecks(builder).bottleneckStride(stride());
            }
            if (biases != null) {
                requireSqueezeExcitation();
                builder.attention(
                        Attention.of(SqueezeExcitation.builder().biases(biases).build()));
            }
            return builder;
        });
    }

    private ResNet.Builder bottlenecks(NetworkBuilder<?> builder) {
        if (!(builder instanceof ResNet.Builder)) {
            throw new BadInputException("model (" + model + ") must be a ResNet to take --stride-in; leave it out");
        }
        return (ResNet.Builder) builder;
    }

    private BottleneckStride stride() {
        switch (strideIn) {
            case "1x1":
                return BottleneckStride.FIRST_1X1;
            case "3x3":
                return BottleneckStride.MIDDLE_3X3;
            default:
                throw new BadInputException("--stride-in (" + strideIn
                        + ") must be 1x1 or 3x3; use --stride-in 3x3 for torchvision's form");
        }
    }

    private void requireSqueezeExcitation() {
        boolean squeezes = attention == null ? model.startsWith("se_") : attention.equals("se");
        if (!squeezes) {
            throw new BadInputException("attention (" + (attention == null ? "of " + model : attention)
                    + ") must be se to take --biases or --no-biases; add --attention se");
        }
    }

    /** Refuses these options, which would not count: {@code reason} says beside what, and what to do. */
    static void requireNone(CommandSpec spec, String reason) {
        requireNone(spec, NAMES, reason);
    }

    static void requireNone(CommandSpec spec, List<String> options, String reason) {
        for (String option : options) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw new BadInputException(option + " must not be set with " + reason);
            }
        }
    }

    /** Runs what takes the user's options: what the library complains about is the user's to mend. */
    static <T> T checked(Supplier<T> action) {
        try {
            return action.get();
        } catch (BadInputException e) {
            throw e;
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new BadInputException(e.getMessage(), e);
        }
    }
}
