package io.github.squeeze4j.training;

import java.awt.BasicStroke;
import java.awt.Color;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The picture of a training: loss on the left, accuracy on the right, and gates where they were read, over the passes. */
final class CurvesChart {
    private static final int WIDTH = 640;
    private static final int HEIGHT = 460;

    /** Each point of a training curve is the mean of about this part of a pass. */
    private static final double SMOOTHING = 0.1;

    private CurvesChart() {}

    static void write(History history, String title, Path file) {
        XYChart loss = chart(title + ": loss", "cross-entropy", Styler.LegendPosition.OutsideS);
        curve(loss, history, step -> step.loss);
        points(loss, history, "%.3f", epoch -> epoch.testLoss());
        loss.getStyler().setYAxisMin(0.0).setYAxisMax(top(loss));
        XYChart accuracy = chart(title + ": accuracy", "%", Styler.LegendPosition.OutsideS);
        curve(accuracy, history, step -> 100 * step.accuracy);
        points(accuracy, history, "%.1f %%", epoch -> 100 * epoch.top1());
        accuracy.getStyler().setYAxisMin(0.0).setYAxisMax(100.0);
        List<XYChart> charts = new ArrayList<>(List.of(loss, accuracy));
        if (!history.gates().isEmpty()) {
            charts.add(gates(history, title));
        }
        ChartStyle.write(charts, file);
    }

    /** Means over all blocks. */
    private static XYChart gates(History history, String title) {
        XYChart chart = chart(title + ": gates of all blocks", "% of the gates", Styler.LegendPosition.OutsideS);
        gates(chart, history, "still", GateReading::still, ChartStyle.BLUE);
        gates(chart, history, "open", GateReading::open, ChartStyle.GREEN);
        gates(chart, history, "shut", GateReading::shut, ChartStyle.RED);
        chart.getStyler().setYAxisMin(0.0).setYAxisMax(100.0);
        chart.getStyler().setXAxisMax((double) history.epochs().size());
        return chart;
    }

    private static void gates(
            XYChart chart, History history, String name, ToDoubleFunction<GateReading> share, Color colour) {
        double perPass = (double) history.steps().size() / history.epochs().size();
        Map<Integer, List<Double>> shares = new TreeMap<>();
        for (int i = 0; i < history.gates().size(); i++) {
            shares.computeIfAbsent(history.gateSteps().get(i), step -> new ArrayList<>())
                    .add(100 * share.applyAsDouble(history.gates().get(i)));
        }
        double[] x =
                shares.keySet().stream().mapToDouble(step -> step / perPass).toArray();
        double[] y = shares.values().stream()
                .mapToDouble(all ->
                        all.stream().mapToDouble(Double::doubleValue).average().getAsDouble())
                .toArray();
        XYSeries series = chart.addSeries(String.format(Locale.ROOT, "%s: %.1f %%", name, y[y.length - 1]), x, y);
        draw(series, colour);
        series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(colour);
    }

    /**
     * Where the axis of losses ends: above all that is usual, and no more than twice as high as nine tenths of the points need,
     * so that one outlier does not flatten the rest; what is higher is cut off.
     */
    static double top(XYChart chart) {
        double highest = 0;
        List<Double> all = new ArrayList<>();
        for (XYSeries series : chart.getSeriesCollection()) {
            for (double value : series.getYData()) {
                all.add(value);
                highest = Math.max(highest, value);
            }
        }
        Collections.sort(all);
        double usual = all.get((int) (0.9 * (all.size() - 1)));
        return Math.max(1e-3, 1.05 * (highest > 2 * usual ? 2 * usual : highest));
    }

    private static XYChart chart(String title, String yTitle, Styler.LegendPosition legend) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("passes over the training images")
                .yAxisTitle(yTitle)
                .build();
        ChartStyle.apply(chart.getStyler());
        chart.getStyler().setLegendPosition(legend);
        // Below the axes it covers no point.
        chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
        chart.getStyler().setXAxisMin(0.0);
        return chart;
    }

    private static void curve(XYChart chart, History history, ToDoubleFunction<History.Step> value) {
        List<History.Step> steps = history.steps();
        double perPass = (double) steps.size() / history.epochs().size();
        int window = (int) Math.max(1, Math.round(perPass * SMOOTHING));
        int count = steps.size() / window;
        double[] x = new double[count];
        double[] y = new double[count];
        for (int i = 0; i < count; i++) {
            // The last point takes what is left over: one step alone would be an outlier.
            int end = i == count - 1 ? steps.size() : (i + 1) * window;
            List<History.Step> part = steps.subList(i * window, end);
            x[i] = (i * window + part.size() / 2.0) / perPass;
            y[i] = part.stream().mapToDouble(value).average().getAsDouble();
        }
        draw(chart.addSeries("training", x, y), ChartStyle.BLUE);
    }

    private static void points(XYChart chart, History history, String pattern, ToDoubleFunction<EpochResult> value) {
        double[] x = history.epochs().stream().mapToDouble(EpochResult::epoch).toArray();
        double[] y = history.epochs().stream().mapToDouble(value).toArray();
        XYSeries series = chart.addSeries("held-out: " + String.format(Locale.ROOT, pattern, y[y.length - 1]), x, y);
        draw(series, ChartStyle.RED);
        series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(ChartStyle.RED);
    }

    private static void draw(XYSeries series, Color colour) {
        series.setLineColor(colour);
        series.setLineStyle(new BasicStroke(2.2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        series.setMarker(SeriesMarkers.NONE);
    }
}
