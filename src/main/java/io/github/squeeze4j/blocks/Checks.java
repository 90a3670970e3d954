package io.github.squeeze4j.blocks;

/** Checks of options: a message names the option, its value, the rule and the remedy. */
final class Checks {
    private Checks() {}

    static int positive(String option, int value, String remedy) {
        if (value <= 0) {
            throw new IllegalArgumentException(option + " (" + value + ") must be positive; " + remedy);
        }
        return value;
    }

    /** The weight of the newest batch in running statistics. */
    static double momentum(double value, double standard) {
        if (!(value > 0 && value <= 1)) {
            throw new IllegalArgumentException("momentum (" + value
                    + "), the weight of the newest batch, must be above 0 and at most 1; use momentum(" + standard
                    + ")");
        }
        return value;
    }

    static <T> T notNull(String option, T value, String remedy) {
        if (value == null) {
            throw new IllegalArgumentException(option + " (null) must be set; " + remedy);
        }
        return value;
    }
}
