package io.github.squeeze4j.models;

import io.github.squeeze4j.internal.NearNames;
import java.util.Collection;
import java.util.List;

/** Checks of options: a message names the option, its value, the rule and the remedy. */
final class Checks {
    private static final int NEAREST = 5;

    private Checks() {}

    static int positive(String option, int value, String remedy) {
        if (value <= 0) {
            throw new IllegalArgumentException(option + " (" + value + ") must be positive; " + remedy);
        }
        return value;
    }

    static double positive(String option, double value, String remedy) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(option + " (" + value + ") must be a positive number; " + remedy);
        }
        return value;
    }

    static double notNegative(String option, double value, String remedy) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(option + " (" + value + ") must be 0 or a positive number; " + remedy);
        }
        return value;
    }

    static double probability(String option, double value, String remedy) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(option + " (" + value + ") must be from 0 to below 1; " + remedy);
        }
        return value;
    }

    static <T> T notNull(String option, T value, String remedy) {
        if (value == null) {
            throw new IllegalArgumentException(option + " (null) must be set; " + remedy);
        }
        return value;
    }

    /** The answer to an unknown name: all names where they are few, else near ones or where to see all. */
    static IllegalArgumentException unknown(
            String option, String value, Collection<String> known, int listed, String all) {
        List<String> names = NearNames.sorted(value, known);
        boolean near = NearNames.isNear(value, names.get(0));
        String which;
        if (names.size() <= listed) {
            which = " " + String.join(", ", names);
        } else if (near) {
            which = " " + String.join(", ", names.subList(0, NEAREST)) + " or another of the " + names.size()
                    + " known";
        } else {
            which = " the " + names.size() + " known; see " + all;
        }
        return new IllegalArgumentException(option + " (" + value + ") must be one of" + which
                + (near ? "; did you mean " + names.get(0) + "?" : ""));
    }
}
