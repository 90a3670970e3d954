package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.BadInputException;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.ImageSet;
import io.github.squeeze4j.training.Prediction;
import io.github.squeeze4j.training.ShownText;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what a saved network sees in pictures. */
@Command(
        name = "predict",
        description = "Say what a saved network sees in pictures: the three likeliest classes of each.",
        sortOptions = false)
final class PredictCommand implements Runnable {
    private static final int SHOWN = 3;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model.zip that the train command wrote.")
    private Path model;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "PICTURE",
            description = "PNG, JPEG, GIF or BMP files of any size; the thing bright on black, or see --invert.")
    private List<Path> pictures = List.of();

    @Option(
            names = "--test-index",
            paramLabel = "N",
            split = ",",
            description = "Held-out images by their index, from 0; several with commas.")
    private List<Integer> indexes = List.of();

    @Option(names = "--invert", description = "Swap bright and dark in the pictures: for things on a white ground.")
    private boolean invert;

    @Mixin
    private DataOptions data;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        if (pictures.isEmpty() && indexes.isEmpty()) {
            throw new BadInputException(
                    "pictures (none) must be one or more; name a PNG or JPEG file, or use --test-index 7");
        }
        ImageClassifier classifier = ImageClassifier.load(model);
        PrintWriter out = spec.commandLine().getOut();
        for (Path picture : pictures) {
            out.println(ShownText.of(picture) + ": " + text(classifier.predict(picture, invert)));
        }
        if (!indexes.isEmpty()) {
            ImageSet test = data.test(classifier.classNames());
            for (int index : indexes) {
                byte[] image = test.image(index);
                out.println("held-out image " + index + " ("
                        + ShownText.of(test.classNames().get(test.label(index))) + "): "
                        + text(classifier.predict(image)));
            }
        }
    }

    private static String text(List<Prediction> predictions) {
        return predictions.stream().limit(SHOWN).map(Prediction::toString).collect(Collectors.joining(", "));
    }
}
