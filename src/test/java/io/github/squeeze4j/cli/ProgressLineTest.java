package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.training.EpochResult;
import io.github.squeeze4j.training.EpochResults;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    private final StringWriter text = new StringWriter();

    private ProgressLine line(boolean terminal) {
        return new ProgressLine(new PrintWriter(text), terminal, "se ", 2);
    }

    @Test
    void redrawsOneLineOnATerminal() throws Exception {
        ProgressLine line = line(true);
        line.step(1, 10, 100, 2.5);
        Thread.sleep(250);
        line.step(1, 20, 100, 2.25);
        Thread.sleep(250);
        line.step(1, 30, 100, 2);
        assertThat(text.toString())
                .doesNotContain("\n")
                .matches("\rse epoch 1/2 \\[##\\.{8}\\]  20 %, 0:0\\d left, loss 2.250, \\d+/s"
                        + "\rse epoch 1/2 \\[###\\.{7}\\]  30 %, 0:0\\d left, loss 2.000, \\d+/s *");
    }

    @Test
    void theLongestLineFitsSixtyColumns() throws Exception {
        ProgressLine line = new ProgressLine(new PrintWriter(text), true, "15/15 salient ", 100);
        line.step(100, 10, 60_000, 2);
        Thread.sleep(100);
        line.step(100, 20, 60_000, 2);
        Thread.sleep(150);
        line.step(100, 59_999, 60_000, 2);
        assertThat(text.toString().strip())
                .startsWith("15/15 salient epoch 100/100  99 %, ")
                .hasSizeLessThan(60);
    }

    @Test
    void aPassIsOneLineInAFileAndTwoShortOnesOnATerminal() {
        EpochResult result = EpochResults.of(100, 0.1, 1.25, 0.875, 0.5, 0.75, 0.9, 1234.4, 1560);
        line(false).epoch(result);
        assertThat(text.toString().lines())
                .containsExactly(
                        "se epoch 100/2: loss 1.250, top-1 87.5 %; held out: loss 0.500, top-1 75.0 %; 1234 s, 1560 images/s");
        text.getBuffer().setLength(0);
        line(true).epoch(result);
        assertThat(text.toString().lines())
                .containsExactly(
                        "se epoch 100/2: loss 1.250, top-1 87.5 %",
                        "  held out: loss 0.500, top-1 75.0 %; 1234 s, 1560 images/s")
                .allMatch(line -> line.length() < 60);
    }

    @Test
    void saysLittleWhereNobodyWatches() throws Exception {
        ProgressLine line = line(false);
        for (int i = 1; i < 5; i++) {
            line.step(1, 10 * i, 100, 2);
            Thread.sleep(60);
        }
        assertThat(text.toString()).isEmpty();
    }
}
