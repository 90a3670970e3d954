package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.EpochResult;
import io.github.squeeze4j.training.TrainingProgress;
import java.io.PrintWriter;
import java.util.Locale;

/**
 * Shows the progress of a training: one line that is redrawn where there is a terminal, a new line now and then where
 * there is none; and one line that stays for each pass.
 */
final class ProgressLine implements TrainingProgress {
    private static final long REDRAW_NANOS = 200_000_000L;
    private static final long SPARSE_NANOS = 15_000_000_000L;
    /** Short enough for the longest line, that of a comparison, to fit a terminal of 80 columns. */
    private static final int BAR = 10;

    private static final double SMOOTHING = 0.05;

    private final PrintWriter out;
    private final boolean terminal;
    private final String prefix;
    private final int epochs;
    private long lastDrawn;
    private long lastStep;
    private long lastImages;
    private int measured;
    private double secondsPerImage;
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
        // The first step waits for classes and native code to load: no measure of the others.
        if (measured++ > 0) {
            double newest = (now - lastStep) / 1e9 / (imagesDone - lastImages);
            secondsPerImage += Math.max(SMOOTHING, 1.0 / (measured - 1)) * (newest - secondsPerImage);
        }
        lastStep = now;
        lastImages = imagesDone;
        if (now - lastDrawn >= (terminal ? REDRAW_NANOS : SPARSE_NANOS)) {
            lastDrawn = now;
            draw(line(epoch, imagesDone, imagesTotal, loss));
        }
    }

    private String line(int epoch, long done, long total, double loss) {
        int filled = (int) (BAR * done / total);
        String bar = "#".repeat(filled) + ".".repeat(BAR - filled);
        return String.format(
                Locale.ROOT,
                "%sepoch %d/%d [%s] %3d %%%s  loss %.3f",
                prefix,
                epoch,
                epochs,
                bar,
                100 * done / total,
                speed(total - done),
                loss);
    }

    private String speed(long imagesLeft) {
        if (secondsPerImage == 0) {
            return "";
        }
        long left = Math.round(imagesLeft * secondsPerImage);
        return String.format(Locale.ROOT, "  %.0f images/s, %d:%02d left", 1 / secondsPerImage, left / 60, left % 60);
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
                100 * result.top1(),
                result.seconds(),
                result.imagesPerSecond()));
        out.flush();
        // The evaluation is over: its time says nothing of the steps to come.
        lastStep = System.nanoTime();
    }
}
