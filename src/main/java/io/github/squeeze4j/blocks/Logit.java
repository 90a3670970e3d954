package io.github.squeeze4j.blocks;

/** The score that a sigmoid turns into a given gate. */
final class Logit {
    /** Scores of gates nearer to 0 or 1 have no gradient to speak of. */
    static final double LEAST = 1e-4;

    private Logit() {}

    /** The gate, or the nearest that can be reached. */
    static double reachable(double gate) {
        return Math.min(Math.max(gate, LEAST), 1 - LEAST);
    }

    static double of(double gate) {
        double reached = reachable(gate);
        return Math.log(reached / (1 - reached));
    }
}
