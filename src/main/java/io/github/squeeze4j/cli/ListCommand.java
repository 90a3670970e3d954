package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.NearNames;
import io.github.squeeze4j.models.ModelSummary;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.weights.PublishedWeights;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The networks by name. */
@Command(
        name = "list",
        description = {
            "Print the networks that --model takes: learned parameters, height and width of the input, and top-1 in percent,"
                    + " the best that is published: of weights that load here (weights list NAME shows them) and in the"
                    + " authors' tables. Top-1 is of ImageNet, at 32 pixels of CIFAR-10; nothing of it was measured here."
        },
        sortOptions = false)
final class ListCommand implements Runnable {
    @Parameters(
            arity = "0..1",
            paramLabel = "PATTERN",
            defaultValue = "",
            description = "Part of a name, or a whole name in which * stands for anything: 'se_*'.")
    private String pattern;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        List<String> names = matching(pattern);
        if (names.isEmpty()) {
            throw new BadInputException("pattern (" + pattern + ") must match one of the "
                    + Models.names().size() + " networks, with * for anything; " + remedy(pattern));
        }
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%-26s %12s %6s %8s %7s%n", "name", "parameters", "input", "weights", "tables");
        for (String name : names) {
            if (out.checkError()) {
                return;
            }
            ModelSummary summary = Models.builder(name).build().summary(name);
            out.printf(
                    Locale.ROOT,
                    "%-26s %,12d %6s %8s %7s%n",
                    name,
                    summary.params(),
                    summary.input(),
                    percent(ofWeights(name)),
                    percent(PaperResults.top1(name)));
        }
    }

    private static List<String> matching(String pattern) {
        String expression =
                Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        Pattern wanted =
                Pattern.compile(pattern.contains("*") ? "^" + expression + "$" : expression, Pattern.CASE_INSENSITIVE);
        return Models.names().stream()
                .filter(name -> wanted.matcher(name).find())
                .collect(Collectors.toList());
    }

    private static String remedy(String pattern) {
        String typed = pattern.replace("*", "");
        String nearest = NearNames.sorted(typed, Models.names()).get(0);
        return NearNames.isNear(typed, nearest) ? "did you mean " + nearest + "?" : "leave it out to see all";
    }

    private static OptionalDouble ofWeights(String name) {
        return PublishedWeights.all().stream()
                .filter(weights ->
                        weights.network().equals(name) && weights.attention().isEmpty())
                .flatMap(weights -> weights.top1().stream().boxed())
                .mapToDouble(Double::doubleValue)
                .max();
    }

    private static String percent(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.2f", value.getAsDouble()) : "-";
    }
}
