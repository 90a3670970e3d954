package io.github.squeeze4j.models;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

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

    /** The answer to an unknown name: the nearest known names first, all of them where they are few. */
    static IllegalArgumentException unknown(String option, String value, Collection<String> known, int listed) {
        List<String> names = new ArrayList<>(known);
        String wanted = value == null ? "" : value.toLowerCase(Locale.ROOT);
        names.sort(Comparator.comparingInt((String name) -> distance(wanted, name))
                .thenComparing(Comparator.naturalOrder()));
        boolean all = names.size() <= listed;
        return new IllegalArgumentException(option + " (" + value + ") must be one of "
                + String.join(", ", all ? names : names.subList(0, Math.min(NEAREST, names.size())))
                + (all ? "" : " or another of the " + names.size() + " known")
                + "; did you mean " + names.get(0) + "?");
    }

    /** Levenshtein's edit distance. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitute, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
