package io.github.squeeze4j.training;

/** What one pass over the training images brought. */
public final class EpochResult {
    private final int epoch;
    private final double learningRate;
    private final double trainLoss;
    private final double trainAccuracy;
    private final TestReport test;
    private final double seconds;
    private final double imagesPerSecond;

    EpochResult(
            int epoch,
            double learningRate,
            double trainLoss,
            double trainAccuracy,
            TestReport test,
            double seconds,
            double imagesPerSecond) {
        this.epoch = epoch;
        this.learningRate = learningRate;
        this.trainLoss = trainLoss;
        this.trainAccuracy = trainAccuracy;
        this.test = test;
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
     * How the network does on the held-out images after the pass.
     *
     * @return loss, accuracies and confusions
     */
    public TestReport test() {
        return test;
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
}
