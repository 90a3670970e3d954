package io.github.squeeze4j.training;

/** Is told how a training goes. All calls come from the thread that trains. */
public interface TrainingProgress {
    /** Tells nobody. */
    TrainingProgress SILENT = new TrainingProgress() {};

    /**
     * A step is done.
     *
     * @param epoch the pass, from 1
     * @param imagesDone images met so far, in all passes
     * @param imagesTotal images to meet in the whole training
     * @param loss cross-entropy of this step's batch
     */
    default void step(int epoch, long imagesDone, long imagesTotal, double loss) {}

    /**
     * A pass is done, its result measured and the model saved.
     *
     * @param result what the pass brought
     */
    default void epoch(EpochResult result) {}
}
