package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.PretrainedClassifier;
import io.github.squeeze4j.weights.OnnxExport;
import io.github.squeeze4j.weights.Pretrained;
import io.github.squeeze4j.weights.WeightExport;
import io.github.squeeze4j.weights.WeightSource;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
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
            "Or make a file of weights (.safetensors) or an ONNX network (.onnx) of a model file."
        },
        sortOptions = false)
final class ConvertCommand implements Runnable {
    @Parameters(
            paramLabel = "FILE",
            description = "Weights (.safetensors, .pth, .npz, .caffemodel) or a model file (.zip).")
    private Path file;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            required = true,
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
        String name = out.toString().toLowerCase(Locale.ROOT);
        if (Files.exists(out)) {
            throw new BadInputException("--out (" + out + ") must not be there yet; choose another name or delete it");
        }
        if (name.endsWith(".zip")) {
            read();
        } else if (name.endsWith(".safetensors") || name.endsWith(".onnx")) {
            write(name.endsWith(".onnx"));
        } else {
            throw new BadInputException("--out (" + out + ") must end in .zip, .safetensors or .onnx; rename it");
        }
    }

    private void read() {
        PretrainedClassifier read = WeightOptions.read(model, Pretrained.from(file), labels);
        ImageClassifier classifier = read.classifier().named(model.name());
        classifier.save(out);
        PrintWriter printer = spec.commandLine().getOut();
        printer.println("Read " + read.report().used().size() + " tensors, named as by "
                + read.report().source() + ".");
        printer.println("Images: " + classifier.preprocessing() + ".");
        printer.println("Saved " + ShownText.of(out) + ".");
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
