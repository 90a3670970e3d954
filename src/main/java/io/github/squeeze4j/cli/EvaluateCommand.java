package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.engine.Precision;
import io.github.squeeze4j.images.ContactSheet;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.AtomicText;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.Mistake;
import io.github.squeeze4j.training.TestReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Judges a saved network. */
@Command(
        name = "evaluate",
        description =
                "Judge a saved network on held-out images: top-1, top-5, calibration, and what the worst classes are taken"
                        + " for.",
        sortOptions = false)
final class EvaluateCommand implements Runnable {
    private static final int SHOWN = 24;

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "A model.zip that the train command wrote; none with --weights.")
    private Path file;

    @Mixin
    private WeightOptions weights;

    @Mixin
    private ModelOptions model;

    @Mixin
    private PrecisionOption precision;

    @Mixin
    private DataOptions data;

    @Mixin
    private SparkOptions spark;

    @Option(
            names = "--mistakes",
            paramLabel = "FILE.png",
            description = "Write a sheet of the 24 worst mistakes: those of which the network is surest.")
    private Path mistakes;

    @Option(
            names = "--confusions",
            paramLabel = "FILE.csv",
            description = "Write how often which class is taken for which.")
    private Path confusions;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        Precision wanted = precision.wanted();
        if (weights.areGiven() == (file != null)) {
            throw new BadInputException(
                    file == null
                            ? "MODEL (none) must be given; name a model.zip, or add --weights FILE"
                            : "MODEL (" + file + ") must not be given with --weights; leave one of the two out");
        }
        if (file != null) {
            ModelOptions.requireNone(spec, "MODEL, which brings its own network; leave it out");
        }
        if (spark.areGiven()) {
            ModelOptions.requireNone(
                    spec, List.of("--mistakes"), SparkOptions.SPARK + ", as pictures may be elsewhere; leave it out");
            OnSpark.require();
            OnSpark.requireWhole(spec, data);
        }
        ImageClassifier classifier = file == null ? weights.read(model) : ImageClassifier.load(file);
        PrecisionOption.apply(wanted, classifier.graph());
        PrintWriter out = spec.commandLine().getOut();
        LabelledPictures pictures = spark.areGiven() ? null : data.heldOut(classifier.classNames());
        TestReport report = pictures == null
                ? OnSpark.evaluate(spark, classifier, data)
                : classifier.evaluate(pictures, data.onBadImage());
        out.print(ShownText.of(classifier.modelName()) + ": ");
        out.print(report.text());
        if (confusions != null) {
            report.writeConfusions(confusions);
        }
        if (mistakes != null) {
            AtomicText.write(mistakes, sheet(classifier, pictures, report).toPng());
        }
    }

    private static ContactSheet sheet(ImageClassifier classifier, LabelledPictures pictures, TestReport report) {
        ContactSheet sheet = new ContactSheet(ShownText.of(classifier.modelName()) + ": worst mistakes");
        for (Mistake mistake : report.mistakes(SHOWN)) {
            sheet.add(
                    pictures.read(mistake.index()),
                    String.format(
                            Locale.ROOT,
                            "%s, not %s %.0f %%",
                            classifier.classNames().get(mistake.label()),
                            classifier.classNames().get(mistake.taken()),
                            100 * mistake.probability()));
        }
        return sheet;
    }
}
