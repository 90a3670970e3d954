package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.ShownText;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Judges a saved network. */
@Command(
        name = "evaluate",
        description =
                "Judge a saved network on held-out images: top-1, top-5, and what the worst classes are taken for.",
        sortOptions = false)
final class EvaluateCommand implements Runnable {
    @Parameters(paramLabel = "MODEL", description = "A model.zip that the train command wrote.")
    private Path model;

    @Mixin
    private DataOptions data;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        ImageClassifier classifier = ImageClassifier.load(model);
        PrintWriter out = spec.commandLine().getOut();
        out.print(ShownText.of(classifier.modelName()) + ": ");
        out.print(classifier.evaluate(data.test(classifier.classNames())).text());
    }
}
