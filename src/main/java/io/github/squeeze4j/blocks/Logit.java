package io.github.squeeze4j.blocks;

/** The score that a sigmoid turns into a given gate. */
final class Logit {
    /** Farther out a sigmoid is 0 or 1 to the precision of FLOAT; its gradient is none to speak of. */
    static final double LARGEST = 18;

    private Logit() {}

    /** The gate, or the nearest that is reached. */
    static double reachable(double gate) {
        return 1 / (1 + Math.exp(-of(gate)));
    }

    static double of(double gate) {
        double score = Math.log(Math.max(gate, 0) / Math.max(1 - gate, 0));
        return Math.max(-LARGEST, Math.min(LARGEST, score));
    }
}
