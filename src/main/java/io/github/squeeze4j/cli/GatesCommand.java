package io.github.squeeze4j.cli;

import io.github.squeeze4j.explain.GateStudy;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.training.ImageClassifier;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what the gates of a saved network do over many pictures. */
@Command(
        name = "gates",
        description = {
            "Show what the gates of a saved network's attention blocks do over held-out pictures: mean and spread by class, the"
                    + " classes that differ most, and the share of gates that are always open, always shut or never move.",
        },
        sortOptions = false)
final class GatesCommand implements Runnable {
    @Parameters(index = "0", paramLabel = "MODEL", description = "A model.zip that the train command wrote.")
    private Path model;

    @Mixin
    private DataOptions data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "gates",
            description = "Where the CSV files and charts go. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        ImageClassifier classifier = ImageClassifier.load(model);
        GateStudy study = GateStudy.of(classifier, data.heldOut(classifier.classNames()), data.onBadImage());
        study.write(out);
        PrintWriter print = spec.commandLine().getOut();
        study.lines().forEach(line -> print.println(ShownText.of(line)));
        print.println("Saved " + ShownText.of(out) + ".");
    }
}
