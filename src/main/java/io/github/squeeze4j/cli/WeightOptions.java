package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.PretrainedClassifier;
import io.github.squeeze4j.weights.Pretrained;
import io.github.squeeze4j.weights.PublishedWeights;
import io.github.squeeze4j.weights.WeightCache;
import io.github.squeeze4j.weights.WeightsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A file of weights that another library saved, and the names of its classes. */
final class WeightOptions {
    /** Of files, not of published names. */
    private static final String ENDING = "(?i).*\\.(safetensors|json|pth|pt|bin|npz|npy|caffemodel)";

    private static final int LARGEST_LABELS = 1 << 20;

    @Option(
            names = "--weights",
            paramLabel = "FILE|NAME",
            description =
                    "Weights of another library (.safetensors, .pth, .npz, .caffemodel) for --model, or the name of"
                            + " published ones, which bring their network (see weights list).")
    private Path weights;

    @Option(
            names = "--labels",
            paramLabel = "FILE.txt",
            description =
                    "With --weights: the classes, one a line, in the order of the network's outputs. Default: their"
                            + " numbers.")
    private Path labels;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    boolean areGiven() {
        if (labels != null && weights == null) {
            throw new BadInputException("--labels (" + labels + ") must come with --weights; add it or leave both out");
        }
        return weights != null;
    }

    /** With the file's classifier. */
    ImageClassifier read(ModelOptions model) {
        return read(model, Pretrained.from(weights));
    }

    /** For a training, which puts another classifier in its place unless the classes are named and the same. */
    ImageClassifier forTraining(ModelOptions model) {
        Pretrained file = Pretrained.from(weights);
        return read(model, labels == null ? file.newClassifier() : file);
    }

    private ImageClassifier read(ModelOptions model, Pretrained file) {
        if (!bringsNetwork(weights.toString())) {
            return read(model, file, labels).classifier().named(model.name());
        }
        ModelOptions.requireNone(
                command, "--weights " + name(weights.toString()) + ", which brings its own network; leave it out");
        List<String> names = labels == null ? null : lines(labels);
        return PretrainedClassifier.read(
                        PublishedWeights.named(name(weights.toString())), WeightCache.standard(), names)
                .classifier();
    }

    /** Whether weights so named are published ones and no file; what is neither a file nor a name of theirs is refused. */
    static boolean bringsNetwork(String weights) {
        if (Files.exists(Path.of(weights)) || weights.matches(ENDING)) {
            return false;
        }
        try {
            PublishedWeights.named(name(weights));
            return true;
        } catch (WeightsException e) {
            throw new BadInputException(
                    "--weights must be a file that exists or a name that weights list prints: " + e.getMessage(), e);
        }
    }

    /** As it was typed, whatever separates folders here. */
    private static String name(String weights) {
        return weights.replace('\\', '/');
    }

    /** The network that the model options describe, with these weights. */
    static PretrainedClassifier read(ModelOptions model, Pretrained weights, Path labels) {
        List<String> names = labels == null ? null : lines(labels);
        NetworkBuilder<?> builder = model.builder();
        Network network = ModelOptions.checked(() -> (names == null ? builder : builder.classes(names.size())).build());
        return PretrainedClassifier.read(network, weights, names);
    }

    /** The classes, one a line. */
    static List<String> lines(Path labels) {
        try {
            if (Files.size(labels) > LARGEST_LABELS) {
                throw new BadInputException("--labels (" + labels + ", " + Files.size(labels)
                        + " bytes) must be at most " + LARGEST_LABELS + " bytes; write one class a line");
            }
            return Files.readString(labels)
                    .replaceFirst("^\uFEFF", "")
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .collect(Collectors.toList());
        } catch (IOException e) {
            throw new BadInputException(
                    "--labels (" + labels + ") must be readable as UTF-8 text (" + e + "); write one class a line", e);
        }
    }
}
