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

    static <T> T notNull(String option, T value, String remedy) {
        if (value == null) {
            throw new IllegalArgumentException(option + " (null) must be set; " + remedy);
        }
        return value;
    }
}
