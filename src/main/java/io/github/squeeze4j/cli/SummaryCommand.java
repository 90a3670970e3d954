package io.github.squeeze4j.cli;

import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.models.ModelSummary;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.training.ImageClassifier;
import io.github.squeeze4j.training.ModelFile;
import io.github.squeeze4j.training.ModelReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Counts a network without building it. */
@Command(
        name = "summary",
        description = {
            "Count a network's parameters, BatchNorm running statistics and multiply-accumulates (macs) for one image;"
                    + " published are those with one operation per element for each pooling and each re-weighting of an"
                    + " attention block, as in the GFLOPs columns of the papers.",
            "CSV columns: " + ModelSummary.CSV_HEADER + "."
        },
        sortOptions = false)
final class SummaryCommand implements Runnable {
    /** How to print. */
    enum Format {
        /** A table, one line per layer; with --all one per model. */
        TEXT,
        /** A header and one line for each network. */
        CSV
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description = "A model.zip that the train command wrote: what it holds, instead of a network by name.")
    private Path file;

    @Mixin
    private ModelOptions model;

    @Option(names = "--all", description = "Count every model instead, a line for each.")
    private boolean all;

    @Option(
            names = "--format",
            paramLabel = "text|csv",
            defaultValue = "text",
            description = "A line for each layer, or one for each network. Default: ${DEFAULT-VALUE}.")
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
        PrintWriter out = spec.commandLine().getOut();
        if (file != null) {
            summarise(out);
            return;
        }
        if (all) {
            List<ModelSummary> summaries = every();
            if (format == Format.CSV) {
                out.println(ModelSummary.CSV_HEADER);
                summaries.forEach(summary -> out.println(summary.toCsv()));
            } else {
                out.print(ModelSummary.toTable(summaries));
            }
            return;
        }
        ModelSummary summary = summary(model.name(), model.builder());
        if (format == Format.CSV) {
            out.println(ModelSummary.CSV_HEADER);
            out.println(summary.toCsv());
        } else {
            out.print(summary.toTable());
        }
    }

    private void summarise(PrintWriter out) {
        List<String> others = new ArrayList<>(ModelOptions.NAMES);
        others.addAll(List.of("--all", "--format", "--classes", "--input", "--channels"));
        ModelOptions.requireNone(spec, others, "a file, which says so itself; leave one of the two out");
        ModelReport report = ModelFile.verify(file);
        out.print(report.text());
        out.println("classes: " + ShownText.of(String.join(", ", report.classNames())));
        out.print(ImageClassifier.load(file).graph().summary());
    }

    private List<ModelSummary> every() {
        ModelOptions.requireNone(spec, "--all, which counts every model; leave one of the two out");
        List<ModelSummary> summaries = new ArrayList<>();
        for (String name : Models.names()) {
            summaries.add(summary(name, Models.builder(name)));
        }
        return summaries;
    }

    private ModelSummary summary(String name, NetworkBuilder<?> builder) {
        return ModelOptions.checked(() -> {
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
                .summary(name);
    }
}
