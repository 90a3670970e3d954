package io.github.squeeze4j.cli;

import io.github.squeeze4j.BadInputException;

/** Numbers that must be positive. */
final class Positive {
    private Positive() {}

    static int of(String option, int value) {
        if (value < 1) {
            throw new BadInputException(option + " (" + value + ") must be positive; use 1 or more");
        }
        return value;
    }
}
