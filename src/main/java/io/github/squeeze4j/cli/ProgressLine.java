package io.github.squeeze4j.cli;

import io.github.squeeze4j.training.EpochResult;
import io.github.squeeze4j.training.TrainingProgress;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Shows the progress of a training: one line that is redrawn where there is a terminal, a new line now and then where
 * there is none; and one line that stays for each pass.
 */
final class ProgressLine implements TrainingProgress {
    private static final long REDRAW_NANOS = 200_000_000L;
    private static final long SPARSE_NANOS = 15_000_000_000L;
    private static final int BAR = 10;
    /** Of the narrowest terminal in which a redrawn line stays one line. */
    private static final int COLUMNS = 60;

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
        return isTerminal(System.console()) && !"dumb".equals(System.getenv("TERM"));
    }

    /** Java 22 to 24 give a console for files and pipes, too, which says that it is no terminal; before 22 nobody could ask it. */
    private static boolean isTerminal(Console console) {
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException before22) {
            return true;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
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

    /** With all that the narrowest terminal has room for: the bar goes first, then the speed. */
    private String line(int epoch, long done, long total, double loss) {
        int filled = (int) (BAR * done / total);
        String bar = " [" + "#".repeat(filled) + ".".repeat(BAR - filled) + "]";
        String start = String.format(Locale.ROOT, "%sepoch %d/%d", prefix, epoch, epochs);
        String percent = String.format(Locale.ROOT, " %3d %%", 100 * done / total);
        String end = String.format(Locale.ROOT, "%s, loss %.3f", left(total - done), loss);
        String speed = secondsPerImage == 0 ? "" : String.format(Locale.ROOT, ", %.0f/s", 1 / secondsPerImage);
        return Stream.of(start + bar + percent + end + speed, start + percent + end + speed)
                .filter(line -> line.length() <= COLUMNS)
                .findFirst()
                .orElse(start + percent + end);
    }

    private String left(long imagesLeft) {
        if (secondsPerImage == 0) {
            return "";
        }
        long left = Math.round(imagesLeft * secondsPerImage);
        return String.format(Locale.ROOT, ", %d:%02d left", left / 60, left % 60);
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
        String line = prefix + "epoch " + result.epoch() + "/" + epochs + ": " + result;
        // a terminal may be narrow; a file need not
        out.println(terminal ? line.replaceFirst("; ", System.lineSeparator() + "  ") : line);
        out.flush();
        // The evaluation is over: its time says nothing of the steps to come.
        lastStep = System.nanoTime();
    }
}
