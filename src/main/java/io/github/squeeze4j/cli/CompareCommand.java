package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.LabelledPictures;
import io.github.squeeze4j.images.PictureSets;
import io.github.squeeze4j.images.Preprocessing;
import io.github.squeeze4j.internal.ShownText;
import io.github.squeeze4j.models.Attention;
import io.github.squeeze4j.models.ModelSummary;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.Network;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.training.Comparison;
import io.github.squeeze4j.training.History;
import io.github.squeeze4j.training.ImageClassifier;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains one backbone with each attention block. */
@Command(
        name = "compare",
        description = {
            "Train one network with each attention block, from the same seed on the same images, and show accuracy,"
                    + " parameters, multiply-accumulates and time of a training step side by side.",
            "Takes as long as one training for each block; --limit and --epochs make it short."
        },
        sortOptions = false)
final class CompareCommand implements Runnable {
    private static final String TABLE_FILE = "comparison.csv";
    private static final String CHART_FILE = "comparison.png";

    @Option(
            names = "--model",
            paramLabel = "NAME",
            defaultValue = "resnet20",
            description = "Network without attention. Default: ${DEFAULT-VALUE}.")
    private String backbone;

    @Option(
            names = "--blocks",
            paramLabel = "NAMES",
            split = ",",
            description = "Attention blocks, with commas between. Default: none,se,salient,spse,rgse,cbam.")
    private List<String> blocks = List.of("none", "se", "salient", "spse", "rgse", "cbam");

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
        PictureSets sets = data.sets();
        LabelledPictures train = training.limited(sets.train());
        LabelledPictures test = DataOptions.validation(sets);
        Network plain = ModelOptions.checked(() ->
                Models.builder(backbone).classes(train.classNames().size()).build());
        Preprocessing input = training.preprocessing(plain, train);
        Map<String, Network> networks = networks(train, input, out);
        RunResults results = run.create("compare-" + backbone, TABLE_FILE);
        Comparison comparison = new Comparison(backbone);
        try (results) {
            compare(comparison, networks, input, train, test, results, out);
            results.done();
        }
        out.println();
        out.print(comparison.text());
        out.println();
        out.println("Saved " + ShownText.of(results.result(TABLE_FILE)) + " and "
                + ShownText.of(results.result(CHART_FILE)) + ".");
    }

    private void compare(
            Comparison comparison,
            Map<String, Network> networks,
            Preprocessing input,
            LabelledPictures train,
            LabelledPictures test,
            RunResults results,
            PrintWriter out) {
        int number = 0;
        for (Map.Entry<String, Network> entry : networks.entrySet()) {
            String block = entry.getKey();
            ModelSummary summary = entry.getValue().summary(backbone);
            String prefix = String.format(Locale.ROOT, "%d/%d %-7s ", ++number, networks.size(), block);
            ImageClassifier classifier = ImageClassifier.of(entry.getValue().init(), train.classNames(), input)
                    .named(block + " " + backbone);
            History history = training.trainer(train, input, false, Network.OUTPUT)
                    .onBadPicture(data.onBadImage())
                    .progress(new ProgressLine(out, ProgressLine.onTerminal(), prefix, training.epochs()))
                    .build()
                    .fit(classifier, train, test);
            comparison.add(block, summary.params(), summary.macs(), history);
            // After each block, so that an interrupted comparison keeps what it has measured.
            comparison.writeCsv(results.file(TABLE_FILE));
            comparison.writeChart(results.file(CHART_FILE));
        }
    }

    /** All networks before the first training, so that a wrong name ends the command at once. */
    private Map<String, Network> networks(LabelledPictures train, Preprocessing input, PrintWriter out) {
        NetworkBuilder<?> plain = ModelOptions.checked(() -> Models.builder(backbone));
        training.network(plain, train, input, backbone);
        Map<String, Network> networks = new LinkedHashMap<>();
        for (String block : blocks) {
            NetworkBuilder<?> builder =
                    ModelOptions.checked(() -> Models.builder(backbone).attention(Attention.named(block)));
            try {
                networks.put(block, training.network(builder, train, input, backbone));
            } catch (BadInputException e) {
                // A window larger than the smallest map, say: no reason to lose the other blocks.
                out.println("Left out " + block + ": " + e.getMessage());
            }
        }
        if (networks.isEmpty()) {
            throw new BadInputException("blocks (" + String.join(",", blocks) + ") must hold one that fits " + backbone
                    + " and images of " + input.height() + "x" + input.width() + "; add none to --blocks");
        }
        return networks;
    }
}
