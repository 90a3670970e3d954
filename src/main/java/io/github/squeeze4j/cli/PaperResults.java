package io.github.squeeze4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;

/** What the authors' tables give as top-1 of networks, in percent: {@code papers.csv}, which docs/published.md shows. */
final class PaperResults {
    private static final Map<String, Double> BEST = read();

    private PaperResults() {}

    /** The best of the tables of ImageNet, for networks for small images of CIFAR-10. */
    static OptionalDouble top1(String network) {
        Double found = BEST.get(network);
        return found == null ? OptionalDouble.empty() : OptionalDouble.of(found);
    }

    private static Map<String, Double> read() {
        Map<String, Double> best = new HashMap<>();
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(PaperResults.class.getResourceAsStream("papers.csv"), StandardCharsets.UTF_8))) {
            reader.lines().skip(1).map(line -> line.split(",", -1)).forEach(cells -> {
                String table = cells[0];
                // ImageNet's networks trained on small images are another thing
                if (table.startsWith("ImageNet ") || table.startsWith("CIFAR-10 top-1")) {
                    double first = Double.parseDouble(cells[6].split(" / ")[0]);
                    best.merge(cells[2], table.contains(" error ") ? 100 - first : first, Math::max);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return best;
    }
}
