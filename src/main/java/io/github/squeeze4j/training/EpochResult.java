package io.github.squeeze4j.training;

import java.util.Locale;

/** What one pass over the training images brought. */
public final class EpochResult {
    /** Length of {@link #numbers}. */
    static final int NUMBERS = 9;

    private final int epoch;
    private final double learningRate;
    private final double trainLoss;
    private final double trainAccuracy;
    private final double testLoss;
    private final double top1;
    private final double top5;
    private final double seconds;
    private final double imagesPerSecond;

    EpochResult(
            int epoch,
            double learningRate,
            double trainLoss,
            double trainAccuracy,
            double testLoss,
            double top1,
            double top5,
            double seconds,
            double imagesPerSecond) {
        this.epoch = epoch;
        this.learningRate = learningRate;
        this.trainLoss = trainLoss;
        this.trainAccuracy = trainAccuracy;
        this.testLoss = testLoss;
        this.top1 = top1;
        this.top5 = top5;
        this.seconds = seconds;
        this.imagesPerSecond = imagesPerSecond;
    }

    /**
     * Which pass.
     *
     * @return from 1
     */
    public int epoch() {
        return epoch;
    }

    /**
     * Learning rate of the last step.
     *
     * @return the rate
     */
    public double learningRate() {
        return learningRate;
    }

    /**
     * Mean cross-entropy of the training batches, as they were met.
     *
     * @return natural logarithm, without regularisation
     */
    public double trainLoss() {
        return trainLoss;
    }

    /**
     * Part of the training images that were recognised when they were met, before the step that learned them.
     *
     * @return from 0 to 1
     */
    public double trainAccuracy() {
        return trainAccuracy;
    }

    /**
     * Mean cross-entropy of the held-out images after the pass.
     *
     * @return natural logarithm, without regularisation
     */
    public double testLoss() {
        return testLoss;
    }

    /**
     * Part of the held-out images whose likeliest class is the right one.
     *
     * @return from 0 to 1
     */
    public double top1() {
        return top1;
    }

    /**
     * Part of the held-out images whose right class is among the five likeliest.
     *
     * @return from 0 to 1
     */
    public double top5() {
        return top5;
    }

    /**
     * Time of the pass, evaluation included.
     *
     * @return seconds
     */
    public double seconds() {
        return seconds;
    }

    /**
     * Speed of the training steps.
     *
     * @return images per second, evaluation not included
     */
    public double imagesPerSecond() {
        return imagesPerSecond;
    }

    /** Everything, for a checkpoint. */
    double[] numbers() {
        return new double[] {
            epoch, learningRate, trainLoss, trainAccuracy, testLoss, top1, top5, seconds, imagesPerSecond
        };
    }

    static EpochResult of(double[] n) {
        return new EpochResult((int) n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]);
    }

    /** The pass in a line, as the command line prints it. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "loss %.3f, top-1 %.1f %%; held out: loss %.3f, top-1 %.1f %%; %.0f s, %.0f images/s",
                trainLoss,
                100 * trainAccuracy,
                testLoss,
                100 * top1,
                seconds,
                imagesPerSecond);
    }
}
