package io.github.squeeze4j.training;

import java.util.Locale;

/** An image that was taken for another class. */
public final class Mistake {
    private final int index;
    private final int label;
    private final int taken;
    private final double probability;

    Mistake(int index, int label, int taken, double probability) {
        this.index = index;
        this.label = label;
        this.taken = taken;
        this.probability = probability;
    }

    /**
     * The image.
     *
     * @return its index among the judged ones
     */
    public int index() {
        return index;
    }

    /**
     * Its class.
     *
     * @return the label
     */
    public int label() {
        return label;
    }

    /**
     * The class that it was taken for.
     *
     * @return the label
     */
    public int taken() {
        return taken;
    }

    /**
     * How sure the network was.
     *
     * @return the probability of the wrong class, from 0 to 1
     */
    public double probability() {
        return probability;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "image %d of class %d taken for %d (%.1f %%)", index, label, taken, 100 * probability);
    }
}
