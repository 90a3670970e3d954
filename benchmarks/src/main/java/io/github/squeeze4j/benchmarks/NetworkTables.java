package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.models.ModelSummary;
import io.github.squeeze4j.models.Models;
import io.github.squeeze4j.models.NetworkBuilder;
import io.github.squeeze4j.models.families.BottleneckStride;
import io.github.squeeze4j.models.families.ResNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes {@code docs/networks.md}, what every registered network counts, and {@code docs/published.md}, the published tables
 * of {@code src/main/resources/io/github/squeeze4j/cli/papers.csv} beside our counts.
 */
public final class NetworkTables {
    private static final String COMMAND = "mvn -q -Pbenchmarks test-compile exec:java"
            + " -Dexec.mainClass=io.github.squeeze4j.benchmarks.NetworkTables";
    private static final String MADE = "Made by `" + COMMAND + "`.\n";

    private NetworkTables() {}

    /**
     * Writes both files.
     *
     * @param args the repository's folder; default the current one
     * @throws IOException if they cannot be written
     */
    public static void main(String[] args) throws IOException {
        Path root = Path.of(args.length > 0 ? args[0] : ".");
        Files.writeString(root.resolve("docs/networks.md"), networks());
        Files.writeString(root.resolve("docs/published.md"), published(root));
    }

    /** What every registered network counts: a table for each family. */
    static String networks() {
        Map<String, List<ModelSummary>> families = new TreeMap<>();
        for (String name : Models.names()) {
            families.computeIfAbsent(family(name), key -> new ArrayList<>())
                    .add(Models.builder(name).build().summary(name));
        }
        StringBuilder text = new StringBuilder("# Networks\n\n" + MADE + "\n"
                + "Published: multiply-accumulates with one operation per element for each pooling and each re-weighting of"
                + " an\nattention block, as in the GFLOPs columns of the papers; [published.md](published.md) compares."
                + " Share: the attention's part\nof the parameters and of the published figure.\n");
        families.forEach((family, summaries) -> {
            text.append("\n## ").append(family).append("\n\n");
            text.append(
                    "| model | input | parameters | statistics | multiply-accumulates | published | share, parameters |"
                            + " share, published |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
            for (ModelSummary summary : summaries) {
                text.append(String.format(
                        Locale.ROOT,
                        "| `%s` | %s | %,d | %,d | %,d | %,d | %.2f %% | %.2f %% |%n",
                        summary.model(),
                        summary.input(),
                        summary.params(),
                        summary.runningStatistics(),
                        summary.macs(),
                        summary.published(),
                        100.0 * summary.attentionParams() / summary.params(),
                        100.0 * summary.attentionPublished() / summary.published()));
            }
        });
        return text.toString().replace("\r\n", "\n");
    }

    private static String family(String name) {
        String[][] families = {
            {"resnext", "ResNeXt"},
            {"resnet", "ResNet"},
            {"mobilenet", "MobileNet"},
            {"efficientnet", "EfficientNet"},
            {"inception", "Inception"},
            {"regnet", "RegNet"},
            {"vovnet", "VoVNet"}
        };
        for (String[] family : families) {
            if (name.contains(family[0])) {
                return family[1];
            }
        }
        return "Others";
    }

    /** The published tables beside our counts. */
    static String published(Path root) throws IOException {
        StringBuilder text = new StringBuilder("# Published figures beside our counts\n\n" + MADE);
        text.append(Files.readString(root.resolve("benchmarks/published-head.md")));
        String table = "";
        List<String> lines = Files.readAllLines(root.resolve("src/main/resources/io/github/squeeze4j/cli/papers.csv"));
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            if (!cells[0].equals(table)) {
                table = cells[0];
                text.append("\n## ").append(table.replace("; ", ", ")).append("\n\n");
                text.append("| network | authors' result | params, M, authors | ours | GFLOPs, authors | ours, their"
                        + " convention | ours, multiply-accumulates | notes |\n"
                        + "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n");
            }
            text.append(row(cells));
        }
        return text.toString();
    }

    private static String row(String[] cells) {
        String ours = "| - | " + cells[5] + " | - | - ";
        if (Models.names().contains(cells[2])) {
            NetworkBuilder<?> builder = Models.builder(cells[2]);
            if (cells[3].equals("1x1")) {
                ((ResNet.Builder) builder).bottleneckStride(BottleneckStride.FIRST_1X1);
            }
            ModelSummary summary = builder.build().summary(cells[2]);
            ours = String.format(
                    Locale.ROOT,
                    "| %.2f | %s | %.3f | %,d ",
                    summary.params() / 1e6,
                    cells[5],
                    summary.published() / 1e9,
                    summary.macs());
        }
        return "| " + cells[1] + " | " + cells[6] + " | " + cells[4] + " " + ours + "| " + cells[7] + " |\n";
    }
}
