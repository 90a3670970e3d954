package io.github.squeeze4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class TestReportTest {
    private static TestReport report() {
        TestReport.Builder builder = new TestReport.Builder(List.of("coat", "shirt", "a", "b", "c", "d"));
        // Right class, then likeliest class: coat as coat, coat as shirt (coat the least likely), shirt as shirt.
        builder.add(oneHot(0, 0), Nd4j.createFromArray(new float[][] {
            {0.5f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f},
            {0.05f, 0.4f, 0.15f, 0.14f, 0.13f, 0.13f}
        }));
        builder.add(oneHot(1), Nd4j.createFromArray(new float[][] {{0.1f, 0.25f, 0.2f, 0.15f, 0.15f, 0.15f}}));
        return builder.build();
    }

    private static INDArray oneHot(int... labels) {
        INDArray array = Nd4j.zeros(labels.length, 6);
        for (int i = 0; i < labels.length; i++) {
            array.putScalar(i, labels[i], 1);
        }
        return array;
    }

    @Test
    void countsByHand() {
        TestReport report = report();
        assertThat(report.images()).isEqualTo(3);
        assertThat(report.top1()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(report.top5()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(report.loss()).isCloseTo(-(Math.log(0.5) + Math.log(0.05) + Math.log(0.25)) / 3, within(1e-7));
        assertThat(report.accuracy(0)).isEqualTo(0.5);
        assertThat(report.accuracy(1)).isEqualTo(1);
        assertThat(report.accuracy(2)).isZero();
    }

    @Test
    void tellsWhichClassIsTakenForWhichTheWorstFirst() {
        assertThat(report().text().lines())
                .containsExactly(
                        "top-1 66.7 %, top-5 66.7 %, loss 1.692, calibration error 0.550 on 3 held-out images",
                        "",
                        "worst classes  right    taken for",
                        "coat            50.0 %  shirt 50.0 %",
                        "shirt          100.0 %  ");
    }
}
