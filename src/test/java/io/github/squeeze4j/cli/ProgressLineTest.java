package io.github.squeeze4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
                .matches("\rse epoch 1/2 \\[##\\.{8}\\]  20 %  \\d+ images/s, 0:0\\d left  loss 2.250"
                        + "\rse epoch 1/2 \\[###\\.{7}\\]  30 %  \\d+ images/s, 0:0\\d left  loss 2.000 *");
    }

    @Test
    void theLongestLineFitsEightyColumns() throws Exception {
        ProgressLine line = new ProgressLine(new PrintWriter(text), true, "6/6 salient ", 3);
        line.step(3, 10, 60_000, 2);
        Thread.sleep(100);
        line.step(3, 20, 60_000, 2);
        Thread.sleep(150);
        line.step(3, 60_000, 60_000, 2);
        assertThat(text.toString().strip()).startsWith("6/6 salient epoch 3/3 [##########] 100 %  ");
        assertThat(text.toString().strip()).hasSizeLessThan(80);
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
