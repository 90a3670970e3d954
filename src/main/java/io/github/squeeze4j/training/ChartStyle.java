package io.github.squeeze4j.training;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.internal.chartpart.AxesChart;
import org.knowm.xchart.style.AxesChartStyler;

/** One look for all pictures: white ground, thin grey grid, colours that colour-blind readers tell apart. */
final class ChartStyle {
    /** Okabe and Ito's blue, vermilion and bluish green. */
    static final Color BLUE = new Color(0x0072B2);

    static final Color RED = new Color(0xD55E00);
    static final Color GREEN = new Color(0x009E73);

    private static final Color INK = new Color(0x333333);
    private static final Color GRID = new Color(0xE3E3E3);

    private ChartStyle() {}

    static void apply(AxesChartStyler style) {
        Font text = new Font(Font.SANS_SERIF, Font.PLAIN, 14);
        style.setPlotGridLinesColor(GRID)
                .setPlotGridLinesStroke(new BasicStroke(1))
                .setPlotTicksMarksVisible(false)
                .setPlotMargin(0)
                .setBaseFont(text)
                .setChartBackgroundColor(Color.WHITE)
                .setChartFontColor(INK)
                .setChartTitleFont(text.deriveFont(Font.BOLD, 17))
                .setChartTitleBoxVisible(false)
                .setChartTitlePadding(10)
                .setChartPadding(16)
                .setPlotBackgroundColor(Color.WHITE)
                .setPlotBorderVisible(false)
                .setLegendBorderColor(Color.WHITE)
                .setLegendFont(text)
                .setLocale(java.util.Locale.ROOT)
                .setAntiAlias(true);
        style.setAxisTickLabelsFont(text.deriveFont(12f));
        style.setAxisTickLabelsColor(INK);
        style.setAxisTitleFont(text);
    }

    /** Writes charts as one picture, side by side. */
    static void write(List<? extends AxesChart<?, ?>> charts, Path file) {
        AtomicFile.write(
                file, out -> BitmapEncoder.saveBitmap(charts, 1, charts.size(), out, BitmapEncoder.BitmapFormat.PNG));
    }
}
