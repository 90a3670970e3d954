package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.Picture;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.Prediction;
import io.github.squeeze4j.training.PretrainedClassifier;
import io.github.squeeze4j.weights.OnnxExport;
import io.github.squeeze4j.weights.Pretrained;
import io.github.squeeze4j.weights.WeightExport;
import io.github.squeeze4j.weights.WeightSource;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
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
    private static final String TF_LITE = "tf_efficientnet_lite";
    private static final double LARGEST_DIFFERENCE = 1e-4;

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

    @Option(
            names = "--fold",
            description = "With .onnx: make batch normalization part of the convolution before it, for inference only.")
    private boolean fold;

    @Option(
            names = "--verify",
            paramLabel = "PICTURE",
            description =
                    "With .zip or .safetensors: read back what was written, and compare what both sides say of the picture.")
    private Path verified;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        takeFiles();
        String name = out.toString().toLowerCase(Locale.ROOT);
        if (Files.exists(out)) {
            throw new BadInputException("--out (" + out + ") must not be there yet; choose another name or delete it");
        }
        if (fold && !name.endsWith(".onnx")) {
            throw new BadInputException("--fold must come with --out of .onnx, but --out is " + out + "; leave it out");
        }
        if (verified != null && name.endsWith(".onnx")) {
            throw new BadInputException("--verify must come with --out of .zip or .safetensors, but --out is " + out
                    + "; run src/test/python/check_onnx.py, which has ONNX Runtime");
        }
        Picture picture = verified == null ? null : Picture.read(verified);
        if (isCaffeNetwork()) {
            readCaffeNetwork(name, picture);
        } else if (name.endsWith(".zip")) {
            read(picture);
        } else if (name.endsWith(".safetensors") || name.endsWith(".onnx")) {
            write(name.endsWith(".onnx"), picture);
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
            if (Files.exists(out)) {
                throw new BadInputException("file to write (" + out + ", the last one) must not be there yet; name what"
                        + " to write behind the files to read, such as model.zip");
            }
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

    private boolean named(String beginning) {
        return String.valueOf(out.getFileName()).startsWith(beginning);
    }

    private boolean isCaffeNetwork() {
        return file.toString().toLowerCase(Locale.ROOT).endsWith(".prototxt");
    }

    private void readCaffeNetwork(String name, Picture picture) {
        if (!name.endsWith(".zip")) {
            throw new BadInputException(
                    "--out (" + out + ") must end in .zip for a Caffe network; convert the model file further");
        }
        ModelOptions.requireNone(spec, "a .prototxt, which is the network; leave it out");
        ImageClassifier classifier =
                CaffeConversion.of(file, files.get(1), labels == null ? null : WeightOptions.lines(labels));
        classifier.save(out);
        PrintWriter printer = spec.commandLine().getOut();
        printer.println("Read " + ShownText.of(classifier.modelName()) + ", "
                + classifier.classNames().size() + " classes.");
        printer.println("Images: " + classifier.preprocessing() + ".");
        printer.println("Saved " + ShownText.of(out) + ".");
        if (picture != null) {
            compare(picture, classifier, ImageClassifier.load(out));
        }
    }

    private void read(Picture picture) {
        PretrainedClassifier read = WeightOptions.read(model, Pretrained.from(file), labels);
        ImageClassifier classifier = read.classifier().named(model.name());
        classifier.save(out);
        PrintWriter printer = spec.commandLine().getOut();
        printer.println("Read " + read.report().used().size() + " tensors, named as by "
                + read.report().source() + ".");
        printer.println("Images: " + classifier.preprocessing() + ".");
        printer.println("Saved " + ShownText.of(out) + ".");
        if (picture != null) {
            compare(picture, classifier, ImageClassifier.load(out));
        }
    }

    private void compare(Picture picture, ImageClassifier ours, ImageClassifier back) {
        List<Prediction> expected = ours.predict(picture);
        Map<String, Double> found = back.predict(picture).stream()
                .collect(Collectors.toMap(Prediction::className, Prediction::probability));
        double difference = expected.stream()
                .mapToDouble(each -> Math.abs(each.probability() - found.get(each.className())))
                .max()
                .orElse(0);
        if (!(difference <= LARGEST_DIFFERENCE)) {
            throw new BadInputException("--verify (" + verified + "): what was written must answer as before, but "
                    + "probabilities differ by " + difference + "; do not use " + out);
        }
        spec.commandLine()
                .getOut()
                .println("Read back: " + expected.get(0) + ", probabilities differ by at most "
                        + String.format(Locale.ROOT, "%.1e", difference) + ".");
    }

    private void write(boolean onnx, Picture picture) {
        if (!onnx && source == null) {
            throw new BadInputException("--as must say whose names the tensors get; add --as TIMM_RESNET or another of "
                    + List.of(WeightSource.values()));
        }
        ModelOptions.requireNone(spec, "a model file, which brings its own network; leave it out");
        if (picture != null && source == WeightSource.TIMM_TF_EFFICIENTNET_LITE && !named(TF_LITE)) {
            throw new BadInputException("--out (" + out + ") must begin with " + TF_LITE
                    + " to be read back with --verify, as only the name tells these weights from others; rename it");
        }
        ImageClassifier classifier = ImageClassifier.load(file);
        Preprocessing input = classifier.preprocessing();
        if (onnx && fold) {
            OnnxExport.writeFolded(classifier.graph(), input.height(), input.width(), out);
        } else if (onnx) {
            OnnxExport.write(classifier.graph(), input.height(), input.width(), out);
        } else {
            WeightExport.safetensors(classifier.graph(), source, out);
        }
        spec.commandLine().getOut().println("Images: " + input + ".");
        spec.commandLine().getOut().println("Saved " + ShownText.of(out) + ".");
        if (picture != null) {
            ComputationGraph fresh =
                    new ComputationGraph(classifier.graph().getConfiguration().clone());
            fresh.init();
            Pretrained.from(out).into(fresh);
            compare(picture, classifier, ImageClassifier.of(fresh, classifier.classNames(), input));
        }
    }
}
