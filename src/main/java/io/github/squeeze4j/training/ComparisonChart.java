package io.github.squeeze4j.training;

import java.awt.Color;
import java.awt.Font;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.HorizontalBarChart;
import org.knowm.xchart.HorizontalBarChartBuilder;

/** The picture of a comparison: three rows of bars, one bar per block. */
final class ComparisonChart {
    private static final int WIDTH = 470;
    private static final int NAME_HEIGHT = 48;

    private ComparisonChart() {}

    static void write(Comparison comparison, Path file) {
        HorizontalBarChart accuracy =
                bars(comparison, comparison.backbone() + ": top-1, %", ChartStyle.BLUE, "#0.0", row -> 100 * row.top1);
        HorizontalBarChart params =
                bars(comparison, "parameters, thousands", ChartStyle.GREEN, "#,##0.0", row -> row.params / 1000.0);
        HorizontalBarChart time = bars(comparison, "training step, ms", ChartStyle.RED, "#,##0", row -> row.stepMillis);
        ChartStyle.write(List.of(accuracy, params, time), file);
    }

    private static HorizontalBarChart bars(
            Comparison comparison, String title, Color colour, String pattern, ToDoubleFunction<Comparison.Row> value) {
        List<Double> values = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Comparison.Row row : comparison.rows()) {
            values.add(value.applyAsDouble(row));
            names.add(row.attention);
        }
        HorizontalBarChart chart = new HorizontalBarChartBuilder()
                .width(WIDTH)
                .height(120 + 50 * names.size())
                .title(title)
                .build();
        ChartStyle.apply(chart.getStyler());
        chart.getStyler()
                .setAvailableSpaceFill(0.7)
                .setLabelsVisible(true)
                .setLabelsPosition(0.5)
                .setLabelsFont(new Font(Font.SANS_SERIF, Font.BOLD, 14))
                .setPlotGridLinesVisible(false)
                .setLegendVisible(false)
                .setDecimalPattern(pattern);
        // XChart spaces the names of the bars by the hint of the other axis, and leaves out what is closer.
        chart.getStyler().setXAxisTicksVisible(false).setXAxisTickMarkSpacingHint(NAME_HEIGHT);
        chart.addSeries(title, values, names).setFillColor(colour);
        return chart;
    }
}
