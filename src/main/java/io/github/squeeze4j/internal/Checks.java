package io.github.squeeze4j.internal;

import java.util.Collection;
import java.util.List;

/** Checks of options of networks and their surroundings: a message names the option, its value, the rule and the remedy. */
public final class Checks {
    private static final int NEAREST = 5;

    private Checks() {}

    /**
     * A whole number above 0.
     *
     * @param option its name
     * @param value what was given
     * @param remedy what to give instead
     * @return the value
     */
    public static int positive(String option, int value, String remedy) {
        if (value <= 0) {
            throw new IllegalArgumentException(option + " (" + value + ") must be positive; " + remedy);
        }
        return value;
    }

    /**
     * A finite number above 0.
     *
     * @param option its name
     * @param value what was given
     * @param remedy what to give instead
     * @return the value
     */
    public static double positive(String option, double value, String remedy) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(option + " (" + value + ") must be a positive number; " + remedy);
        }
        return value;
    }

    /**
     * A finite number that is not below 0.
     *
     * @param option its name
     * @param value what was given
     * @param remedy what to give instead
     * @return the value
     */
    public static double notNegative(String option, double value, String remedy) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(option + " (" + value + ") must be 0 or a positive number; " + remedy);
        }
        return value;
    }

    /**
     * A number from 0 to below 1.
     *
     * @param option its name
     * @param value what was given
     * @param remedy what to give instead
     * @return the value
     */
    public static double probability(String option, double value, String remedy) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(option + " (" + value + ") must be from 0 to below 1; " + remedy);
        }
        return value;
    }

    /**
     * Something.
     *
     * @param <T> what it is
     * @param option its name
     * @param value what was given
     * @param remedy what to give instead
     * @return the value
     */
    public static <T> T notNull(String option, T value, String remedy) {
        if (value == null) {
            throw new IllegalArgumentException(option + " (null) must be set; " + remedy);
        }
        return value;
    }

    /**
     * A number of one of the variants of a family.
     *
     * @param variant what was given, from 0
     * @param variants how many there are
     * @param remedy what to give instead
     * @return the number
     */
    public static int variant(int variant, int variants, String remedy) {
        if (variant < 0 || variant >= variants) {
            throw new IllegalArgumentException(
                    "variant (" + variant + ") must be from 0 to " + (variants - 1) + "; " + remedy);
        }
        return variant;
    }

    /**
     * The answer to an unknown name: all names where they are few, else near ones or where to see all.
     *
     * @param option what is named
     * @param value what was given
     * @param known the names
     * @param listed up to how many names are few
     * @param all where to see all
     * @return the exception, to be thrown
     */
    public static IllegalArgumentException unknown(
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
