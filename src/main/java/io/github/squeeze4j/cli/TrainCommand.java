package io.github.squeeze4j.cli;

import io.github.squeeze4j.models.ModelSummary;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.training.History;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.ImageSet;
import io.github.squeeze4j.training.ShownText;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Trains a network and saves it with its curves. */
@Command(
        name = TrainCommand.NAME,
        description = {
            "Train a network, judge it on held-out images, save it as model.zip with curves.png and history.csv.",
            "The model is saved after each pass; an interrupted run leaves the last saved one whole, or with --overwrite the"
                    + " old results."
        },
        sortOptions = false)
final class TrainCommand implements Runnable {
    static final String NAME = "train";
    static final String MODEL_FILE = "model.zip";
    private static final String CURVES_FILE = "curves.png";
    private static final String HISTORY_FILE = "history.csv";

    @Mixin
    private ModelOptions model;

    @Mixin
    private DataOptions data;

    @Mixin
    private TrainingOptions training;

    @Mixin
    private RunFolder run;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        NetworkBuilder<?> builder = model.builder();
        ImageSet train = training.limited(data.train());
        ImageSet test = data.test(train.classNames());
        Network network = training.network(builder, train);
        RunResults results = run.create(model.name(), MODEL_FILE);
        try (results) {
            train(network, train, test, results, out);
            results.done();
        }
        Path file = results.result(MODEL_FILE);
        out.println();
        out.print(ImageClassifier.load(file).evaluate(test).text());
        out.println();
        out.println("Saved " + ShownText.of(file) + ", " + ShownText.of(results.result(CURVES_FILE)) + " and "
                + ShownText.of(results.result(HISTORY_FILE)) + ".");
        out.println("Next, look at one held-out image, at a picture of your own, or at all blocks side by side:");
        suggest(out, "predict " + ShownText.of(file) + " --test-index 7" + data.argument());
        suggest(out, "predict " + ShownText.of(file) + " PICTURE.png");
        suggest(out, "compare" + data.argument());
    }

    private void train(Network network, ImageSet train, ImageSet test, RunResults results, PrintWriter out) {
        ModelSummary summary = network.summary(model.name());
        out.printf(
                Locale.ROOT,
                "Training %s (%,d parameters) on %,d images of %d classes in %d %s; %,d images are held out.%n",
                model.name(),
                summary.params(),
                train.size(),
                train.classNames().size(),
                training.epochs(),
                training.epochs() == 1 ? "pass" : "passes",
                test.size());
        ImageClassifier classifier = ImageClassifier.untrained(model.name(), network.init(), train);
        History history = training.trainer()
                .saveTo(results.file(MODEL_FILE))
                .progress(new ProgressLine(out, ProgressLine.onTerminal(), "", training.epochs()))
                .build()
                .fit(classifier, train, test);
        history.writeCsv(results.file(HISTORY_FILE));
        history.writeChart(model.name(), results.file(CURVES_FILE));
    }

    private static void suggest(PrintWriter out, String command) {
        out.println("  " + Main.MAVEN + " -Dexec.args=\"" + command + "\"");
    }
}
