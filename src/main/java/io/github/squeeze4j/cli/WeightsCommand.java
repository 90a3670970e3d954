package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.weights.PublishedWeights;
import io.github.squeeze4j.weights.WeightCache;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The catalogue of weights that others published. */
@Command(
        name = "weights",
        description = "Weights that others published and that load here: list, show and get them.",
        sortOptions = false)
final class WeightsCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Without a subcommand. */
    @Override
    public void run() {
        throw new BadInputException("weights (none) must be told what to do; use weights list, show NAME or get NAME");
    }

    @Command(name = "list", description = "Print a line for each, with the accuracy that its source gives.")
    void list(
            @Parameters(
                            arity = "0..1",
                            paramLabel = "PATTERN",
                            defaultValue = "",
                            description = "Part of a name or network, in which * stands for anything.")
                    String pattern) {
        List<PublishedWeights> found = PublishedWeights.matching(pattern);
        if (found.isEmpty()) {
            throw new BadInputException("pattern (" + pattern + ") must be part of the name of one of the "
                    + PublishedWeights.all().size() + " weights; leave it out to see all");
        }
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%-50s %-26s %6s %6s  %s%n", "name", "network", "top-1", "top-5", "licence");
        for (PublishedWeights weights : found) {
            out.printf(
                    Locale.ROOT,
                    "%-50s %-26s %6s %6s  %s%n",
                    weights.name(),
                    weights.network()
                            + weights.attention().map(block -> " + " + block).orElse(""),
                    percent(weights.top1()),
                    percent(weights.top5()),
                    weights.licence().orElse("-"));
        }
    }

    @Command(name = "show", description = "Print all that is known of one.")
    void show(@Parameters(paramLabel = "NAME", description = "As list prints it.") String name) {
        PublishedWeights weights = PublishedWeights.named(name);
        PrintWriter out = spec.commandLine().getOut();
        String[][] rows = {
            {"name", weights.name()},
            {
                "network",
                weights.network()
                        + weights.attention().map(block -> ", " + block).orElse("")
            },
            {"use", "--weights " + weights.name()},
            {"source", weights.source() + ", " + weights.page()},
            {"file", weights.url().map(URI::toString).orElse("by hand, from the page above")},
            {
                "SHA-256",
                weights.sha256()
                        .map(sum -> sum.length() < 64 ? sum + "..." : sum)
                        .orElse("not published")
            },
            {"licence", weights.licence().orElse("not given")},
            {"paper", "https://arxiv.org/abs/" + weights.paper()},
            {"images", weights.input().toString()},
            {"colours", weights.colourOrder() + " in the file"},
            {"top-1", percent(weights.top1())},
            {"top-5", percent(weights.top5())},
            {"place", ShownText.of(WeightCache.standard().file(weights))}
        };
        for (String[] row : rows) {
            out.printf("%-8s %s%n", row[0], row[1]);
        }
    }

    @Command(name = "get", description = "Download one, or go on where a download was cut, and look at its sum.")
    void get(
            @Parameters(paramLabel = "NAME", description = "As list prints it.") String name,
            @Option(
                            names = "--cache",
                            paramLabel = "DIR",
                            description =
                                    "Folder of weights. Default: $SQUEEZE4J_WEIGHTS, or ~/.cache/squeeze4j/weights.")
                    Path folder,
            @Option(
                            names = "--plain-http",
                            description =
                                    "Download without encryption where an address has none; the eight digits of the sum"
                                            + " that most have show damage, not forgery.")
                    boolean plainHttp) {
        PublishedWeights weights = PublishedWeights.named(name);
        WeightCache cache = folder == null ? WeightCache.standard() : WeightCache.in(folder);
        PrintWriter out = spec.commandLine().getOut();
        weights.licence().ifPresent(licence -> out.println("Licence: " + licence + ", see " + weights.page() + "."));
        Path file = (plainHttp ? cache.plainHttp() : cache).get(weights);
        out.println("Saved " + ShownText.of(file) + "; use it with --weights " + weights.name()
                + (folder == null ? "" : ", and -D" + WeightCache.PROPERTY + "=" + ShownText.of(folder))
                + ", which brings its network and prepares images as its source does.");
    }

    private static String percent(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.2f", value.getAsDouble()) : "-";
    }
}
