package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;

class ComparisonTest {
    @TempDir
    private Path folder;

    private static Comparison comparison() {
        TestReport.Builder report = new TestReport.Builder(List.of("yes", "no"));
        report.add(Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}}), Nd4j.createFromArray(new float[][] {
            {0.5f, 0.25f}, {0.75f, 0.25f}
        }));
        History history = new History();
        for (double millis : new double[] {900, 20, 21}) {
            history.add(new History.Step(1, 1, millis, 0.1));
        }
        history.add(new EpochResult(
                1,
                0.1,
                1,
                1,
                report.build().loss(),
                report.build().top1(),
                report.build().top5(),
                1,
                1));
        Comparison comparison = new Comparison("resnet20");
        comparison.add("none", 272_186, 31_021_952, history);
        comparison.add("se", 274_202, 31_023_968, history);
        return comparison;
    }

    @Test
    void tableAndCsv() throws Exception {
        assertThat(comparison().text().lines())
                .containsExactly(
                        "attention     top-1     loss  parameters    MACs/image   ms/step",
                        "none         50.0 %    1.040     272,186    31,021,952      21.0",
                        "se           50.0 %    1.040     274,202    31,023,968      21.0");
        comparison().writeCsv(folder.resolve("table.csv"));
        assertThat(Files.readAllLines(folder.resolve("table.csv")))
                .containsExactly(
                        "backbone,attention,top1,loss,params,macs,step_ms",
                        "resnet20,none,0.5000,1.03972,272186,31021952,21.00",
                        "resnet20,se,0.5000,1.03972,274202,31023968,21.00");
    }

    @Test
    void picture() throws Exception {
        comparison().writeChart(folder.resolve("table.png"));
        assertThat(ImageIO.read(folder.resolve("table.png").toFile()).getWidth())
                .isGreaterThan(1000);
    }
}
