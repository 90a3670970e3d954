package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.ShownText;

/** One class that a classifier sees in a picture, with its probability. */
public final class Prediction {
    private final String className;
    private final double probability;

    Prediction(String className, double probability) {
        this.className = className;
        this.probability = probability;
    }

    /**
     * The class.
     *
     * @return its name
     */
    public String className() {
        return className;
    }

    /**
     * How sure the network is.
     *
     * @return from 0 to 1
     */
    public double probability() {
        return probability;
    }

    @Override
    public String toString() {
        return String.format(java.util.Locale.ROOT, "%s %.1f %%", ShownText.of(className), 100 * probability);
    }
}
