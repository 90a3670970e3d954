package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.ModelFile;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks into a model file without loading it. */
@Command(
        name = "verify",
        description = {
            "Say what a model file holds and whether it is whole, without making a network of it: entries with their sizes"
                    + " and checksums, parameters, notes.",
            "Exit code 0 if it is whole, 2 with one line if not."
        },
        sortOptions = false)
final class VerifyCommand implements Runnable {
    @Parameters(paramLabel = "FILE", description = "A model.zip that the train command wrote.")
    private Path file;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        spec.commandLine().getOut().print(ModelFile.verify(file).text());
    }
}
