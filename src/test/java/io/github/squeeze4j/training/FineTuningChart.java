package io.github.squeeze4j.training;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Held-out loss and accuracy of two runs of {@code train} in one picture: from published weights and from random ones. {@code mvn -q
 * test-compile exec:java -Dexec.mainClass=io.github.squeeze4j.training.FineTuningChart -Dexec.classpathScope=test
 * -Dexec.args="PUBLISHED RANDOM FILE.png"}, the first two being the folders of the runs.
 */
public final class FineTuningChart {
    private FineTuningChart() {}

    /**
     * Draws the picture and prints what is in it.
     *
     * @param args the folders of both runs and the file to write
     * @throws IOException if one cannot be read or written
     */
    public static void main(String[] args) throws IOException {
        double[][] published = history(Path.of(args[0]));
        double[][] random = history(Path.of(args[1]));
        ChartStyle.write(
                List.of(
                        chart("held-out loss", "cross-entropy", "%.3f", 1, published[0], random[0]),
                        chart("held-out accuracy", "%", "%.1f %%", 100, published[1], random[1])),
                Path.of(args[2]));
    }

    /** Loss and accuracy on the held-out images after each pass. */
    private static double[][] history(Path run) throws IOException {
        List<String> lines = Files.readAllLines(run.resolve("history.csv"));
        List<String> header = Arrays.asList(lines.get(0).split(","));
        double[][] columns = new double[2][lines.size() - 1];
        for (int i = 1; i < lines.size(); i++) {
            String[] cells = lines.get(i).split(",");
            columns[0][i - 1] = Double.parseDouble(cells[header.indexOf("test_loss")]);
            columns[1][i - 1] = Double.parseDouble(cells[header.indexOf("test_accuracy")]);
            System.out.printf(
                    Locale.ROOT,
                    "%s pass %d: loss %.5f, accuracy %.4f%n",
                    run,
                    i,
                    columns[0][i - 1],
                    columns[1][i - 1]);
        }
        return columns;
    }

    private static XYChart chart(
            String title, String unit, String pattern, double factor, double[] published, double[] random) {
        XYChart chart = new XYChartBuilder()
                .width(640)
                .height(460)
                .title("EfficientNet-Lite0: " + title)
                .xAxisTitle("passes over 225 photographs")
                .yAxisTitle(unit)
                .build();
        ChartStyle.apply(chart.getStyler());
        chart.getStyler()
                .setLegendPosition(Styler.LegendPosition.OutsideS)
                .setLegendLayout(Styler.LegendLayout.Horizontal);
        chart.getStyler().setXAxisMin(0.0);
        if (factor == 1) {
            chart.getStyler().setYAxisLogarithmic(true); // losses of ten and of a tenth
        } else {
            chart.getStyler().setYAxisMin(0.0).setYAxisMax(100.0);
        }
        line(chart, "published weights", pattern, factor, published, ChartStyle.BLUE);
        line(chart, "random weights", pattern, factor, random, ChartStyle.RED);
        return chart;
    }

    private static void line(XYChart chart, String name, String pattern, double factor, double[] values, Color colour) {
        double[] x = new double[values.length];
        double[] y = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            x[i] = i + 1;
            y[i] = factor * values[i];
        }
        String last = String.format(Locale.ROOT, pattern, y[y.length - 1]);
        XYSeries series = chart.addSeries(name + ": " + last, x, y);
        series.setLineColor(colour);
        series.setLineStyle(new BasicStroke(2.2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(colour);
    }
}
