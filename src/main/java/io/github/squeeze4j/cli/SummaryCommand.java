package io.github.squeeze4j.cli;

import io.github.squeeze4j.models.ModelSummary;
import io.github.squeeze4j.models.NetworkBuilder;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Counts a network without building it. */
@Command(
        name = "summary",
        description = {
            "Count a network's parameters, BatchNorm running statistics and multiply-accumulates for one image.",
            "CSV columns: " + ModelSummary.CSV_HEADER + "."
        },
        sortOptions = false)
final class SummaryCommand implements Runnable {
    /** How to print. */
    enum Format {
        /** A table, one line per layer. */
        TEXT,
        /** A header and one line for the whole network. */
        CSV
    }

    @Mixin
    private ModelOptions model;

    @Option(
            names = "--format",
            paramLabel = "text|csv",
            defaultValue = "text",
            description = "A line for each layer, or one for the network. Default: ${DEFAULT-VALUE}.")
    private Format format;

    @Option(names = "--classes", paramLabel = "N", description = "Number of classes. Default: the model's own.")
    private Integer classes;

    @Option(
            names = "--input",
            paramLabel = "N",
            description = "Height and width of the images in pixels. Default: the model's own.")
    private Integer input;

    @Option(names = "--channels", paramLabel = "N", description = "Channels of the images. Default: the model's own.")
    private Integer channels;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        NetworkBuilder<?> builder = model.builder();
        ModelSummary summary = ModelOptions.checked(() -> {
                    if (classes != null) {
                        builder.classes(classes);
                    }
                    if (input != null) {
                        builder.inputSize(input);
                    }
                    if (channels != null) {
                        builder.inputChannels(channels);
                    }
                    return builder.build();
                })
                .summary(model.name());
        PrintWriter out = spec.commandLine().getOut();
        if (format == Format.CSV) {
            out.println(ModelSummary.CSV_HEADER);
            out.println(summary.toCsv());
        } else {
            out.print(summary.toTable());
        }
    }
}
