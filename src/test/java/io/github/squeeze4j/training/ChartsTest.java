package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

class ChartsTest {
    @TempDir
    private Path folder;

    /** One loss of a thousand among those from 2 to 1: the curve keeps most of the picture's height. */
    @Test
    void anOutlierDoesNotFlattenTheRest() throws Exception {
        History history = new History();
        for (int i = 0; i < 100; i++) {
            history.add(new History.Step(i == 40 ? 1000 : 2 - i / 100.0, 0.5, 1, 0.1));
        }
        history.add(new EpochResult(1, 0.1, 1, 0.5, 1.2, 0.6, 0.9, 1, 1));
        history.writeChart("outlier", folder.resolve("curves.png"));
        BufferedImage picture = ImageIO.read(folder.resolve("curves.png").toFile());
        int top = picture.getHeight();
        int bottom = 0;
        for (int y = 60; y < 360; y++) {
            for (int x = 300; x < 600; x++) {
                int rgb = picture.getRGB(x, y) & 0xffffff;
                if (rgb == (ChartStyle.BLUE.getRGB() & 0xffffff)) {
                    top = Math.min(top, y);
                    bottom = Math.max(bottom, y);
                }
            }
        }
        assertThat(bottom - top).as("height of the second half of the curve").isGreaterThan(40);
    }

    @Test
    void topOfTheAxis() {
        XYChart chart = new XYChartBuilder().build();
        double[] x = new double[20];
        double[] y = new double[20];
        for (int i = 0; i < 20; i++) {
            x[i] = i;
            y[i] = i == 3 ? 100 : 1;
        }
        chart.addSeries("with an outlier", x, y);
        assertThat(CurvesChart.top(chart)).isCloseTo(2.1, within(1e-9));
        chart.removeSeries("with an outlier");
        y[3] = 1.5;
        chart.addSeries("without", x, y);
        assertThat(CurvesChart.top(chart)).isCloseTo(1.575, within(1e-9));
    }

    @Test
    void smallDifferencesFillTheAxis() {
        assertThat(ComparisonChart.range(List.of(93.1, 93.4)))
                .containsExactly(new double[] {93.055, 93.445}, within(1e-9));
        assertThat(ComparisonChart.range(List.of(5.0))).containsExactly(new double[] {4.25, 5.75}, within(1e-9));
    }

    @Test
    void whatIsNoNumberIsNullInJson(@TempDir Path temp) throws Exception {
        History history = new History();
        history.add(new EpochResult(1, 0.1, 2, 0.5, Double.NaN, 0.25, Double.POSITIVE_INFINITY, 3, 4));
        Path file = temp.resolve("metrics.jsonl");
        history.writeJsonLines(file);
        assertThat(Files.readString(file))
                .isEqualTo("{\"epoch\":1,\"learning_rate\":0.100000,\"train_loss\":2.000000,\"train_accuracy\":0.5000,"
                        + "\"test_loss\":null,\"test_accuracy\":0.2500,\"test_top5\":null,\"seconds\":3.00,"
                        + "\"images_per_second\":4.0}\n");
    }
}
