package io.github.squeeze4j.blocks;

/** The score that a sigmoid turns into a given gate. */
final class Logit {
    /** Farther out a sigmoid is exactly 0 or 1, in DOUBLE too. */
    static final double LARGEST = 40;

    private Logit() {}

    /** The gate, or the nearest that is reached. */
    static double reachable(double gate) {
        double score = of(gate);
        return Math.abs(score) < LARGEST ? gate : 1 / (1 + Math.exp(-score));
    }

    static double of(double gate) {
        double score = Math.log(Math.max(gate, 0) / Math.max(1 - gate, 0));
        return Math.max(-LARGEST, Math.min(LARGEST, score));
    }
}
