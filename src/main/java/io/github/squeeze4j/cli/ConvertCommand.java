package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.ColourOrder;
import io.github.squeeze4j.images.Interpolation;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.images.Preset;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.weights.InputSettings;
import io.github.squeeze4j.weights.LoadReport;
import io.github.squeeze4j.weights.OnnxExport;
import io.github.squeeze4j.weights.Pretrained;
import io.github.squeeze4j.weights.WeightExport;
import io.github.squeeze4j.weights.WeightSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Weights of other libraries into a model file, and a model file into theirs. */
@Command(
        name = "convert",
        description = {
            "Make a model file (.zip) of weights that PyTorch, Caffe or NumPy saved, for predict, evaluate and train --from.",
            "Or make one of a Caffe network with its weights: convert net.prototxt net.caffemodel model.zip.",
            "Or make a file of weights (.safetensors) or an ONNX network (.onnx) of a model file."
        },
        sortOptions = false)
final class ConvertCommand implements Runnable {
    private static final int LARGEST_LABELS = 1 << 20;

    @Parameters(
            arity = "1..3",
            paramLabel = "FILE",
            description = "Weights (.safetensors, .pth, .npz, .caffemodel), a model file (.zip), or a Caffe network"
                    + " (.prototxt) and its weights; last, instead of --out, what to write.")
    private List<Path> files;

    private Path file;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "What to write: .zip, .safetensors or .onnx, by its name. It must not be there yet.")
    private Path out;

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--labels",
            paramLabel = "FILE.txt",
            description =
                    "With .zip: the classes, one a line, in the order of the network's outputs. Default: their numbers.")
    private Path labels;

    @Option(
            names = "--as",
            paramLabel = "SOURCE",
            description = "With .safetensors: whose names the tensors get, one of ${COMPLETION-CANDIDATES}.")
    private WeightSource source;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        takeFiles();
        String name = out.toString().toLowerCase(Locale.ROOT);
        if (Files.exists(out)) {
            throw new BadInputException("--out (" + out + ") must not be there yet; choose another name or delete it");
        }
        if (isCaffeNetwork()) {
            readCaffeNetwork(name);
        } else if (name.endsWith(".zip")) {
            read();
        } else if (name.endsWith(".safetensors") || name.endsWith(".onnx")) {
            write(name.endsWith(".onnx"));
        } else {
            throw new BadInputException("--out (" + out + ") must end in .zip, .safetensors or .onnx; rename it");
        }
    }

    private void takeFiles() {
        List<Path> left = new ArrayList<>(files);
        if (out == null) {
            if (left.size() < 2) {
                throw new BadInputException("--out must say what to write; add --out model.zip");
            }
            out = left.remove(left.size() - 1);
        }
        file = left.get(0);
        int expected = isCaffeNetwork() ? 2 : 1;
        if (left.size() != expected) {
            throw new BadInputException("files to read (" + left + ") must be "
                    + (expected == 2
                            ? "2 for a .prototxt; name its .caffemodel behind it"
                            : "1; leave the others out, or name a .prototxt first"));
        }
    }

    private boolean isCaffeNetwork() {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".prototxt");
    }

    private void readCaffeNetwork(String name) {
        if (!name.endsWith(".zip")) {
            throw new BadInputException(
                    "--out (" + out + ") must end in .zip for a Caffe network; convert the model file further");
        }
        for (String option : ModelOptions.NAMES) {
            if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
                throw new BadInputException(
                        option + " must not be set with a .prototxt, which is the network; leave it out");
            }
        }
        ImageClassifier classifier = CaffeConversion.of(file, files.get(1), labels == null ? null : labels());
        classifier.save(out);
        PrintWriter printer = spec.commandLine().getOut();
        printer.println("Read " + ShownText.of(classifier.modelName()) + ", "
                + classifier.classNames().size() + " classes.");
        printer.println("Images: " + classifier.preprocessing() + ".");
        printer.println("Saved " + ShownText.of(out) + ".");
    }

    private void read() {
        List<String> names = labels == null ? null : labels();
        NetworkBuilder<?> builder = model.builder();
        Network network = ModelOptions.checked(() -> (names == null ? builder : builder.classes(names.size())).build());
        ComputationGraph graph = network.init();
        LoadReport report = Pretrained.from(file).into(graph);
        Preprocessing input =
                preprocessing(report.source().input(), (int) network.inputType().getHeight());
        ImageClassifier.of(graph, names == null ? numbers(graph) : names, input)
                .named(model.name())
                .save(out);
        PrintWriter printer = spec.commandLine().getOut();
        printer.println("Read " + report.used().size() + " tensors, named as by " + report.source() + ".");
        printer.println("Images: " + input + ".");
        printer.println("Saved " + ShownText.of(out) + ".");
    }

    /** Networks for small images have settings of their own, whatever else the source has. */
    private static Preprocessing preprocessing(InputSettings settings, int side) {
        if (side != settings.size()) {
            return Preset.named("cifar", side, side, ColourOrder.RGB).preprocessing();
        }
        return Preprocessing.builder()
                .size(side, side)
                .cropRatio(settings.cropRatio())
                .interpolation(Interpolation.valueOf(settings.interpolation().toUpperCase(Locale.ROOT)))
                .mean(settings.mean())
                .deviation(settings.std())
                .build();
    }

    private List<String> labels() {
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

    private static List<String> numbers(ComputationGraph graph) {
        long classes = ((FeedForwardLayer) graph.getOutputLayer(0).conf().getLayer()).getNOut();
        return IntStream.range(0, (int) classes).mapToObj(Integer::toString).collect(Collectors.toList());
    }

    private void write(boolean onnx) {
        if (!onnx && source == null) {
            throw new BadInputException("--as must say whose names the tensors get; add --as TIMM_RESNET or another of "
                    + List.of(WeightSource.values()));
        }
        ImageClassifier classifier = ImageClassifier.load(file);
        Preprocessing input = classifier.preprocessing();
        if (onnx) {
            OnnxExport.write(classifier.graph(), input.height(), input.width(), out);
        } else {
            WeightExport.safetensors(classifier.graph(), source, out);
        }
        spec.commandLine().getOut().println("Images: " + input + ".");
        spec.commandLine().getOut().println("Saved " + ShownText.of(out) + ".");
    }
}
