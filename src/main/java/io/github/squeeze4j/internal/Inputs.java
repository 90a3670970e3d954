package io.github.squeeze4j.internal;

import io.github.squeeze4j.BadInputException;

/** Rules for options. */
public final class Inputs {
    private Inputs() {}

    /**
     * A number that must be positive.
     *
     * @param option its name
     * @param value the number
     * @param remedy what to do otherwise
     * @return the number
     * @throws BadInputException if it is not
     */
    public static int positive(String option, int value, String remedy) {
        if (value <= 0) {
            throw new BadInputException(option + " (" + value + ") must be positive; " + remedy);
        }
        return value;
    }
}
