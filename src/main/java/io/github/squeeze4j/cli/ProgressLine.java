package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.EpochResult;
import io.github.squeeze4j.training.TrainingProgress;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * Shows the progress of a training: one line that is redrawn where there is a terminal, a new line now and then where there
 * is none; and one line that stays for each pass.
 */
final class ProgressLine implements TrainingProgress {
    private static final long REDRAW_NANOS = 200_000_000L;
    private static final long SPARSE_NANOS = 15_000_000_000L;
    private static final int BAR = 24;
    private static final double SMOOTHING = 0.05;

    private final PrintWriter out;
    private final boolean terminal;
    private final String prefix;
    private final int epochs;
    private long lastDrawn;
    private long lastStep;
    private long lastImages;
    private double rate;
    private int drawnLength;

    ProgressLine(PrintWriter out, boolean terminal, String prefix, int epochs) {
        this.out = out;
        this.terminal = terminal;
        this.prefix = prefix;
        this.epochs = epochs;
        this.lastDrawn = System.nanoTime();
        this.lastStep = lastDrawn;
    }

    /** Whether somebody watches: standard input and output are a terminal that can redraw a line. */
    static boolean onTerminal() {
        return System.console() != null && !"dumb".equals(System.getenv("TERM"));
    }

    @Override
    public void step(int epoch, long imagesDone, long imagesTotal, double loss) {
        long now = System.nanoTime();
        double newest = (imagesDone - lastImages) / Math.max(1e-9, (now - lastStep) / 1e9);
        // The first step waits for classes and native code to load: no measure of the others.
        rate = imagesDone == imagesTotal || lastImages == 0 || rate == 0
                ? newest
                : rate + SMOOTHING * (newest - rate);
        lastStep = now;
        lastImages = imagesDone;
        if (now - lastDrawn >= (terminal ? REDRAW_NANOS : SPARSE_NANOS)) {
            lastDrawn = now;
            draw(line(epoch, imagesDone, imagesTotal, loss));
        }
    }

    private String line(int epoch, long done, long total, double loss) {
        int filled = (int) (BAR * done / total);
        long left = Math.round((total - done) / rate);
        return String.format(
                Locale.ROOT,
                "%sepoch %d/%d [%s%s] %3d %%  %.0f images/s  %d:%02d left  loss %.3f",
                prefix,
                epoch,
                epochs,
                "#".repeat(filled),
                ".".repeat(BAR - filled),
                100 * done / total,
                rate,
                left / 60,
                left % 60,
                loss);
    }

    private void draw(String line) {
        if (terminal) {
            out.print("\r" + line + " ".repeat(Math.max(0, drawnLength - line.length())));
            drawnLength = line.length();
        } else {
            out.println(line);
        }
        out.flush();
    }

    @Override
    public void epoch(EpochResult result) {
        if (terminal && drawnLength > 0) {
            out.print("\r" + " ".repeat(drawnLength) + "\r");
            drawnLength = 0;
        }
        out.println(String.format(
                Locale.ROOT,
                "%sepoch %d/%d: training loss %.3f, accuracy %.1f %%; held-out loss %.3f, accuracy %.1f %% (%.0f s,"
                        + " %.0f images/s)",
                prefix,
                result.epoch(),
                epochs,
                result.trainLoss(),
                100 * result.trainAccuracy(),
                result.testLoss(),
                100 * result.testAccuracy(),
                result.seconds(),
                result.imagesPerSecond()));
        out.flush();
        // The evaluation is over: its time says nothing of the steps to come.
        lastStep = System.nanoTime();
    }
}
