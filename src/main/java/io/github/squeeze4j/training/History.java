package io.github.squeeze4j.training;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The course of a training: one {@link EpochResult} per pass, and the loss of each step between. */
public final class History {
    private final List<EpochResult> epochs = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<GateReading> gates = new ArrayList<>();
    private final List<Integer> gateSteps = new ArrayList<>();

    /** One update of the weights. */
    static final class Step {
        final double loss;
        final double accuracy;
        final double millis;
        final double rate;

        Step(double loss, double accuracy, double millis, double rate) {
            this.loss = loss;
            this.accuracy = accuracy;
            this.millis = millis;
            this.rate = rate;
        }
    }

    private List<String> skipped = List.of();

    History() {}

    void skipped(List<String> messages) {
        skipped = messages;
    }

    /**
     * Training pictures that could not be read and were left out.
     *
     * @return the messages
     */
    public List<String> skipped() {
        return skipped;
    }

    void add(Step step) {
        steps.add(step);
    }

    void add(EpochResult epoch) {
        epochs.add(epoch);
    }

    List<Step> steps() {
        return steps;
    }

    /** What was read at a step, counted from 0. */
    void add(int step, GateReading gate) {
        gateSteps.add(step);
        gates.add(gate);
    }

    /** The steps of {@link #gates()}. */
    List<Integer> gateSteps() {
        return gateSteps;
    }

    /**
     * What was read of the gates of attention blocks.
     *
     * @return unmodifiable, in the order of reading; empty if nobody looked ({@link Trainer.Builder#gates})
     */
    public List<GateReading> gates() {
        return Collections.unmodifiableList(gates);
    }

    /**
     * The passes so far.
     *
     * @return unmodifiable, the first pass first
     */
    public List<EpochResult> epochs() {
        return Collections.unmodifiableList(epochs);
    }

    /**
     * The last pass.
     *
     * @return its result: how the training ended
     */
    public EpochResult last() {
        return epochs.get(epochs.size() - 1);
    }

    /**
     * The usual time of one training step, free of the first slow ones.
     *
     * @return median in milliseconds; 0 without steps
     */
    public double medianStepMillis() {
        double[] millis =
                steps.stream().mapToDouble(step -> step.millis).sorted().toArray();
        return millis.length == 0 ? 0 : millis[millis.length / 2];
    }

    /**
     * Writes one line per pass: epoch, learning_rate, train_loss, train_accuracy, test_loss, test_accuracy, test_top5, seconds,
     * images_per_second; accuracies from 0 to 1.
     *
     * @param file a CSV file, which is replaced
     */
    public void writeCsv(Path file) {
        StringBuilder csv = new StringBuilder(
                "epoch,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,test_top5,seconds,images_per_second\n");
        for (EpochResult epoch : epochs) {
            csv.append(String.format(Locale.ROOT, "%d,%.6g,%.5f,%.4f,%.5f,%.4f,%.4f,%.2f,%.1f%n", columns(epoch)));
        }
        AtomicFile.write(file, out -> out.write(csv.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private static Object[] columns(EpochResult epoch) {
        return new Object[] {
            epoch.epoch(),
            epoch.learningRate(),
            epoch.trainLoss(),
            epoch.trainAccuracy(),
            epoch.testLoss(),
            epoch.top1(),
            epoch.top5(),
            epoch.seconds(),
            epoch.imagesPerSecond()
        };
    }

    /**
     * The best pass: the highest accuracy on the held-out images, the lower loss and then the earlier pass among equals.
     *
     * @return its result
     */
    public EpochResult best() {
        EpochResult best = epochs.get(0);
        for (EpochResult epoch : epochs) {
            if (epoch.top1() > best.top1() || epoch.top1() == best.top1() && epoch.testLoss() < best.testLoss()) {
                best = epoch;
            }
        }
        return best;
    }

    /**
     * Writes one JSON object per line for each update ({@code step}, {@code learning_rate}, {@code loss}, {@code accuracy},
     * {@code ms}) and then one for each pass ({@code epoch} and the columns of {@link #writeCsv}); what is no number is null.
     *
     * @param file a file of JSON lines, which is replaced
     */
    public void writeJsonLines(Path file) {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            lines.append(String.format(
                    Locale.ROOT,
                    "{\"step\":%d,\"learning_rate\":%.6g,\"loss\":%.6f,\"accuracy\":%.4f,\"ms\":%.2f}\n",
                    i + 1,
                    step.rate,
                    step.loss,
                    step.accuracy,
                    step.millis));
        }
        for (EpochResult epoch : epochs) {
            lines.append(String.format(
                    Locale.ROOT,
                    "{\"epoch\":%d,\"learning_rate\":%.6g,\"train_loss\":%.6f,\"train_accuracy\":%.4f,"
                            + "\"test_loss\":%.6f,\"test_accuracy\":%.4f,\"test_top5\":%.4f,\"seconds\":%.2f,"
                            + "\"images_per_second\":%.1f}\n",
                    columns(epoch)));
        }
        // JSON has no such numbers
        String json = lines.toString().replaceAll(":(NaN|-?Infinity)", ":null");
        AtomicFile.write(file, out -> out.write(json.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Draws loss and accuracy over the passes, and gates where they were read. Needs XChart on the class path.
     *
     * @param title of the picture
     * @param file a PNG file, which is replaced
     */
    public void writeChart(String title, Path file) {
        CurvesChart.write(this, title, file);
    }

    /** A line for each pass. */
    @Override
    public String toString() {
        return epochs.isEmpty()
                ? "no pass yet"
                : epochs.stream()
                        .map(epoch -> "epoch " + epoch.epoch() + ": " + epoch)
                        .collect(Collectors.joining(System.lineSeparator()));
    }
}
