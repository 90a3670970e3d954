package io.github.squeeze4j.cli;

import io.github.squeeze4j.explain.ExplanationReport;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.ImageClassifier;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what a saved network looks at in photographs. */
@Command(
        name = "explain",
        description = {
            "Show what a saved network looks at in pictures: Grad-CAM and Grad-CAM++ at each stage, and the gates of its"
                    + " attention blocks, as PNG files and one HTML page."
        },
        sortOptions = false)
final class ExplainCommand implements Runnable {
    @Parameters(index = "0", paramLabel = "MODEL", description = "A model.zip that the train command wrote.")
    private Path model;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "PICTURE", description = "Picture files.")
    private List<Path> pictures;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "explained",
            description = "Where the PNG files and index.html go. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Option(
            names = "--class",
            paramLabel = "C",
            description = "The class to explain, by name or by index from 0. Default: each picture's likeliest.")
    private String label;

    @Option(
            names = "--stage",
            paramLabel = "S",
            split = ",",
            description = "Stages by number, from 1 for the finest maps; several with commas. Default: all.")
    private int[] stages;

    @Option(names = "--compare", paramLabel = "OTHER_MODEL", description = "Another model.zip, shown beside the first.")
    private Path other;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        ImageClassifier classifier = ImageClassifier.load(model);
        ExplanationReport report = other == null
                ? new ExplanationReport(classifier)
                : new ExplanationReport(classifier, ImageClassifier.load(other));
        if (label != null) {
            report.forClass(label);
        }
        if (stages != null) {
            report.atStages(stages);
        }
        Path page = report.write(pictures, out);
        spec.commandLine().getOut().println("Saved " + ShownText.of(page) + ".");
    }
}
