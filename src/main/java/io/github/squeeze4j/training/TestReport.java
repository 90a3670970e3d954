package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.ShownText;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How well a classifier does on labelled images: accuracies, loss, and which class is taken for which. */
public final class TestReport {
    private static final int TOP = 5;
    private static final int BINS = 15;
    private static final int WORST_CLASSES = 10;
    private static final int WORST_CONFUSIONS = 3;

    /** As they are shown. */
    private final List<String> classNames;

    private final Evaluation evaluation;
    private final double loss;
    private final int[] indices;
    private final int[] labels;
    private final int[] taken;
    private final double[] confidences;
    private final List<String> skipped;

    private TestReport(Builder builder, int[] indices, List<String> skipped) {
        this.indices = indices;
        this.skipped = List.copyOf(skipped);
        labels = builder.labels.stream().mapToInt(Integer::intValue).toArray();
        taken = builder.taken.stream().mapToInt(Integer::intValue).toArray();
        confidences =
                builder.confidences.stream().mapToDouble(Double::doubleValue).toArray();
        classNames = builder.classNames.stream().map(ShownText::of).collect(Collectors.toList());
        evaluation = builder.evaluation;
        double lossSum = 0;
        for (double loss : builder.losses) {
            lossSum += loss;
        }
        loss = lossSum / Math.max(1, builder.losses.size());
    }

    /**
     * DL4J's evaluation with all its measures.
     *
     * @return the evaluation that this report was drawn from
     */
    public Evaluation evaluation() {
        return evaluation;
    }

    /**
     * Number of images judged.
     *
     * @return images
     */
    public int images() {
        return evaluation.getNumRowCounter();
    }

    /**
     * Part of the images whose likeliest class is the right one.
     *
     * @return from 0 to 1
     */
    public double top1() {
        return evaluation.accuracy();
    }

    /**
     * Part of the images whose right class is among the five likeliest.
     *
     * @return from 0 to 1
     */
    public double top5() {
        return evaluation.topNAccuracy();
    }

    /**
     * Mean cross-entropy.
     *
     * @return natural logarithm, without regularisation
     */
    public double loss() {
        return loss;
    }

    /**
     * How far the network's confidence is from its accuracy: the expected calibration error of fifteen equal intervals of the
     * largest probability, sum over intervals of n / N * |accuracy - mean confidence| (Guo et al., 1706.04599, equation 3).
     *
     * @return from 0 (as sure as it is right) to 1
     */
    public double calibrationError() {
        double[] hits = new double[BINS];
        double[] sums = new double[BINS];
        for (int i = 0; i < labels.length; i++) {
            int bin = (int) Math.min(BINS - 1, Math.max(0, Math.ceil(confidences[i] * BINS) - 1));
            hits[bin] += labels[i] == taken[i] ? 1 : 0;
            sums[bin] += confidences[i];
        }
        double error = 0;
        for (int bin = 0; bin < BINS; bin++) {
            error += Math.abs(hits[bin] - sums[bin]);
        }
        return error / Math.max(1, labels.length);
    }

    /**
     * The images that the network is most wrong about: those taken for another class with the highest probability.
     *
     * @param most how many
     * @return the worst first
     */
    public List<Mistake> mistakes(int most) {
        List<Mistake> mistakes = new ArrayList<>();
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] != taken[i]) {
                mistakes.add(new Mistake(indices[i], labels[i], taken[i], confidences[i]));
            }
        }
        mistakes.sort(Comparator.comparingDouble((Mistake mistake) -> -mistake.probability()));
        return List.copyOf(mistakes.subList(0, Math.min(most, mistakes.size())));
    }

    /**
     * The pictures that could not be read and were left out.
     *
     * @return the messages
     */
    public List<String> skipped() {
        return skipped;
    }

    /**
     * Writes the confusions: a line for each true class, a column for each class that its images were taken for.
     *
     * @param file a CSV file, which is replaced
     */
    public void writeConfusions(Path file) {
        StringBuilder csv = new StringBuilder("true \\ taken for");
        classNames.forEach(name -> csv.append(',').append(CsvText.of(name)));
        csv.append('\n');
        for (int actual = 0; actual < classNames.size(); actual++) {
            csv.append(CsvText.of(classNames.get(actual)));
            for (int predicted = 0; predicted < classNames.size(); predicted++) {
                csv.append(',').append(count(actual, predicted));
            }
            csv.append('\n');
        }
        AtomicFile.write(file, out -> out.write(csv.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Part of the images of one class that are recognised.
     *
     * @param label of the class
     * @return from 0 to 1; 0 where there are no images of the class
     */
    public double accuracy(int label) {
        int images = actual(label);
        return images == 0 ? 0 : (double) count(label, label) / images;
    }

    private int actual(int label) {
        return evaluation.getConfusionMatrix().getActualTotal(label);
    }

    private int count(int actual, int predicted) {
        return evaluation.getConfusionMatrix().getCount(actual, predicted);
    }

    /**
     * The report for people: top-1 and top-5, then the classes, the worst ten first, each with what it is most often
     * taken for.
     *
     * @return several lines
     */
    public String text() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "top-1 %.1f %%, top-5 %.1f %%, loss %.3f, calibration error %.3f on %,d held-out images%s%n%n",
                100 * top1(),
                100 * top5(),
                loss,
                calibrationError(),
                images(),
                skipped.isEmpty() ? "" : "; " + skipped.size() + " left out, the first: " + skipped.get(0)));
        List<Integer> labels = new ArrayList<>();
        for (int label = 0; label < classNames.size(); label++) {
            if (actual(label) > 0) {
                labels.add(label);
            }
        }
        labels.sort(Comparator.comparingDouble(this::accuracy));
        List<Integer> worst = labels.subList(0, Math.min(WORST_CLASSES, labels.size()));
        int column = worst.stream()
                .mapToInt(label -> classNames.get(label).length())
                .max()
                .orElse(0);
        column = Math.max(column, "worst classes".length());
        text.append(String.format("%-" + column + "s  right    taken for%n", "worst classes"));
        for (int label : worst) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-" + column + "s  %5.1f %%  %s%n",
                    classNames.get(label),
                    100 * accuracy(label),
                    confusions(label)));
        }
        return text.toString();
    }

    /** What a class is taken for, the most frequent first: "Coat 9 %, Shirt 4 %". */
    private String confusions(int label) {
        List<Integer> taken = new ArrayList<>();
        for (int other = 0; other < classNames.size(); other++) {
            if (other != label && count(label, other) > 0) {
                taken.add(other);
            }
        }
        taken.sort(Comparator.comparingInt(other -> -count(label, other)));
        List<String> parts = new ArrayList<>();
        for (int other : taken.subList(0, Math.min(WORST_CONFUSIONS, taken.size()))) {
            parts.add(String.format(
                    Locale.ROOT, "%s %.1f %%", classNames.get(other), 100.0 * count(label, other) / actual(label)));
        }
        return String.join(", ", parts);
    }

    /** Gathers batch after batch. What it holds is by picture, so that parts put together in their order are as if made at once. */
    static final class Builder implements Serializable {
        private static final long serialVersionUID = 1L;

        private final List<String> classNames;
        private final Evaluation evaluation;
        private final List<Integer> labels = new ArrayList<>();
        private final List<Integer> taken = new ArrayList<>();
        private final List<Double> confidences = new ArrayList<>();
        private final List<Double> losses = new ArrayList<>();

        Builder(List<String> classNames) {
            this.classNames = classNames;
            this.evaluation = new Evaluation(classNames, Math.min(TOP, classNames.size()));
        }

        void add(INDArray labels, INDArray probabilities) {
            evaluation.eval(labels, probabilities);
            int[] right = labels.argMax(1).toIntVector();
            int[] likeliest = probabilities.argMax(1).toIntVector();
            for (int i = 0; i < right.length; i++) {
                losses.add(-Math.log(Math.max(probabilities.getDouble(i, right[i]), Float.MIN_NORMAL)));
                this.labels.add(right[i]);
                taken.add(likeliest[i]);
                confidences.add(probabilities.getDouble(i, likeliest[i]));
            }
        }

        /** Adds what another gathered of the pictures that follow. */
        void merge(Builder next) {
            evaluation.merge(next.evaluation);
            labels.addAll(next.labels);
            taken.addAll(next.taken);
            confidences.addAll(next.confidences);
            losses.addAll(next.losses);
        }

        int images() {
            return losses.size();
        }

        TestReport build() {
            return build(IntStream.range(0, images()).toArray(), List.of());
        }

        /** With the index of each image among those that were to be judged. */
        TestReport build(int[] indices, List<String> skipped) {
            return new TestReport(this, indices, skipped);
        }
    }

    /** The {@link #text()}. */
    @Override
    public String toString() {
        return text();
    }
}
