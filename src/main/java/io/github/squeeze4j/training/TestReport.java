package io.github.squeeze4j.training;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How well a classifier does on labelled images: accuracies, loss, and which class is taken for which. */
public final class TestReport {
    private static final int TOP = 5;
    private static final int WORST_CLASSES = 10;
    private static final int WORST_CONFUSIONS = 3;

    /** As they are shown. */
    private final List<String> classNames;

    private final Evaluation evaluation;
    private final double loss;

    private TestReport(Builder builder) {
        classNames = builder.classNames.stream().map(ShownText::of).collect(Collectors.toList());
        evaluation = builder.evaluation;
        loss = builder.lossSum / Math.max(1, builder.images);
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
                "top-1 %.1f %%, top-5 %.1f %%, loss %.3f on %,d held-out images%n%n",
                100 * top1(),
                100 * top5(),
                loss,
                images()));
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

    /** Gathers batch after batch. */
    static final class Builder {
        private final List<String> classNames;
        private final Evaluation evaluation;
        private double lossSum;
        private int images;

        Builder(List<String> classNames) {
            this.classNames = classNames;
            this.evaluation = new Evaluation(classNames, Math.min(TOP, classNames.size()));
        }

        void add(INDArray labels, INDArray probabilities) {
            evaluation.eval(labels, probabilities);
            int[] right = labels.argMax(1).toIntVector();
            for (int i = 0; i < right.length; i++) {
                lossSum -= Math.log(Math.max(probabilities.getDouble(i, right[i]), Float.MIN_NORMAL));
            }
            images += right.length;
        }

        TestReport build() {
            return new TestReport(this);
        }
    }
}
