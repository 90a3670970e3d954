package io.github.squeeze4j.explain;

import io.github.squeeze4j.training.AtomicText;
import java.awt.Color;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The mean of each gate of a block: of all classes, and of those that differ most from them. */
final class GateChart {
    /** Okabe and Ito's, which colour-blind readers tell apart. */
    private static final Color[] COLOURS = {
        new Color(0x333333), new Color(0x0072B2), new Color(0xD55E00), new Color(0x009E73)
    };

    private GateChart() {}

    static void write(GateStatistics block, List<Integer> labels, List<String> classNames, Path file) {
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(420)
                .title(block.layer + ", " + block.gate)
                .xAxisTitle("channel")
                .yAxisTitle("mean gate")
                .build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
        chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setYAxisMin(block.lowest()).setYAxisMax(block.highest());
        double[] channels = new double[block.gates()];
        double[] all = new double[channels.length];
        for (int gate = 0; gate < channels.length; gate++) {
            channels[gate] = gate;
            all[gate] = block.mean(gate);
        }
        List<XYSeries> series = new ArrayList<>();
        series.add(chart.addSeries("all classes", channels, all));
        for (int label : labels) {
            double[] means = new double[channels.length];
            for (int gate = 0; gate < channels.length; gate++) {
                means[gate] = block.mean(label, gate);
            }
            series.add(chart.addSeries(classNames.get(label), channels, means));
        }
        for (int i = 0; i < series.size(); i++) {
            Color colour = COLOURS[i % COLOURS.length];
            // a line needs two points
            series.get(i)
                    .setMarker(channels.length == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE)
                    .setMarkerColor(colour)
                    .setLineColor(colour);
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            BitmapEncoder.saveBitmap(List.of(chart), 1, 1, png, BitmapEncoder.BitmapFormat.PNG);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        AtomicText.write(file, png.toByteArray());
    }
}
