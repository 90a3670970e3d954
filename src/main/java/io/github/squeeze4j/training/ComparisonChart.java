package io.github.squeeze4j.training;

import java.awt.Color;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * The picture of a comparison: one dot per block, in three panels. Axes begin near the smallest value, as dots may and bars may
 * not, so that small differences are seen.
 */
final class ComparisonChart {
    private static final int WIDTH = 470;
    private static final int HEIGHT = 420;
    private static final int MARKER = 14;
    private static final int NAME_WIDTH = 20;
    /** Part of the range that is left free above and below. */
    private static final double MARGIN = 0.15;

    private ComparisonChart() {}

    static void write(Comparison comparison, Path file) {
        CategoryChart accuracy =
                dots(comparison, comparison.backbone() + ": top-1, %", ChartStyle.BLUE, "%.1f", row -> 100 * row.top1);
        CategoryChart params =
                dots(comparison, "parameters, thousands", ChartStyle.GREEN, "%,.1f", row -> row.params / 1000.0);
        CategoryChart time = dots(comparison, "training step, ms", ChartStyle.RED, "%,.0f", row -> row.stepMillis);
        ChartStyle.write(List.of(accuracy, params, time), file);
    }

    private static CategoryChart dots(
            Comparison comparison, String title, Color colour, String pattern, ToDoubleFunction<Comparison.Row> value) {
        List<Double> values = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Comparison.Row row : comparison.rows()) {
            double number = value.applyAsDouble(row);
            values.add(number);
            names.add(row.attention + " " + String.format(Locale.ROOT, pattern, number));
        }
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .build();
        ChartStyle.apply(chart.getStyler());
        double[] range = range(values);
        chart.getStyler()
                .setDefaultSeriesRenderStyle(CategorySeries.CategorySeriesRenderStyle.Scatter)
                .setYAxisMin(range[0])
                .setYAxisMax(range[1])
                .setXAxisLabelRotation(45)
                .setMarkerSize(MARKER)
                .setLegendVisible(false);
        // XChart leaves out names that are closer than this hint.
        chart.getStyler().setXAxisTickMarkSpacingHint(NAME_WIDTH);
        chart.addSeries(title, names, values).setMarker(SeriesMarkers.CIRCLE).setMarkerColor(colour);
        return chart;
    }

    /** From a little below the smallest value to a little above the largest. */
    static double[] range(List<Double> values) {
        double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(0);
        double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(1);
        double margin = most > least ? MARGIN * (most - least) : Math.max(1e-3, MARGIN * Math.abs(most));
        return new double[] {least - margin, most + margin};
    }
}
