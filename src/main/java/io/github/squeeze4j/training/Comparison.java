package io.github.squeeze4j.training;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The table of a comparison: one backbone with several attention blocks, trained alike.
 *
 * <pre>{@code
 * Comparison comparison = new Comparison("resnet20");
 * comparison.add("se", summary.params(), summary.macs(), history);
 * System.out.print(comparison.text());
 * }</pre>
 */
public final class Comparison {
    private final String backbone;
    private final List<Row> rows = new ArrayList<>();

    /** One block. */
    static final class Row {
        final String attention;
        final long params;
        final long macs;
        final double top1;
        final double loss;
        final double stepMillis;

        Row(String attention, long params, long macs, double top1, double loss, double stepMillis) {
            this.attention = attention;
            this.params = params;
            this.macs = macs;
            this.top1 = top1;
            this.loss = loss;
            this.stepMillis = stepMillis;
        }
    }

    /**
     * An empty table.
     *
     * @param backbone name of the network without attention
     */
    public Comparison(String backbone) {
        this.backbone = backbone;
    }

    /**
     * Adds a block.
     *
     * @param attention the block's name
     * @param params learned parameters of the whole network
     * @param macs multiply-accumulates of the whole network for one image
     * @param history how it was trained, and how well it does in the end
     */
    public void add(String attention, long params, long macs, History history) {
        EpochResult last = history.last();
        rows.add(new Row(attention, params, macs, last.top1(), last.testLoss(), history.medianStepMillis()));
    }

    String backbone() {
        return backbone;
    }

    List<Row> rows() {
        return rows;
    }

    /**
     * The table for people.
     *
     * @return a heading and one line per block
     */
    public String text() {
        StringBuilder text = new StringBuilder(String.format(
                "%-10s %8s %8s %11s %13s %9s%n", "attention", "top-1", "loss", "parameters", "MACs/image", "ms/step"));
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-10s %6.1f %% %8.3f %,11d %,13d %9.1f%n",
                    row.attention,
                    100 * row.top1,
                    row.loss,
                    row.params,
                    row.macs,
                    row.stepMillis));
        }
        return text.toString();
    }

    /**
     * Writes the table: backbone, attention, top1 (0 to 1), loss, params, macs, step_ms.
     *
     * @param file a CSV file, which is replaced
     */
    public void writeCsv(Path file) {
        StringBuilder csv = new StringBuilder("backbone,attention,top1,loss,params,macs,step_ms\n");
        for (Row row : rows) {
            csv.append(String.format(
                    Locale.ROOT,
                    "%s,%s,%.4f,%.5f,%d,%d,%.2f%n",
                    backbone,
                    row.attention,
                    row.top1,
                    row.loss,
                    row.params,
                    row.macs,
                    row.stepMillis));
        }
        AtomicFile.write(file, out -> out.write(csv.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Draws accuracy, added parameters and time per step. Needs XChart on the class path.
     *
     * @param file a PNG file, which is replaced
     */
    public void writeChart(Path file) {
        ComparisonChart.write(this, file);
    }

    /** The {@link #text()}. */
    @Override
    public String toString() {
        return text();
    }
}
