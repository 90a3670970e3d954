package io.github.squeeze4j.internal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Which known names somebody may have meant. */
public final class NearNames {
    private NearNames() {}

    /**
     * The known names, the likeliest first.
     *
     * @param wanted what was typed; null for nothing
     * @param known the names
     * @return all of them by edit distance, then by alphabet
     */
    public static List<String> sorted(String wanted, Collection<String> known) {
        String lower = lower(wanted);
        List<String> names = new ArrayList<>(known);
        names.sort(Comparator.comparingInt((String name) -> distance(lower, name))
                .thenComparing(Comparator.naturalOrder()));
        return names;
    }

    /**
     * Whether a slip of the keyboard may explain the difference: one letter in three is wrong at most, or the end was left out.
     *
     * @param wanted what was typed; null for nothing
     * @param name a known name
     * @return true if it is worth a suggestion
     */
    public static boolean isNear(String wanted, String name) {
        String lower = lower(wanted);
        return distance(lower, name) <= Math.max(1, lower.length() / 3) || lower.length() > 3 && name.startsWith(lower);
    }

    private static String lower(String wanted) {
        return wanted == null ? "" : wanted.toLowerCase(Locale.ROOT);
    }

    /** Letters that are wrong, missing, too many or swapped with their neighbours. */
    private static int distance(String a, String b) {
        int[][] table = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    table[i][j] = i + j;
                    continue;
                }
                int substituted = table[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                table[i][j] = Math.min(substituted, 1 + Math.min(table[i - 1][j], table[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    table[i][j] = Math.min(table[i][j], table[i - 2][j - 2] + 1);
                }
            }
        }
        return table[a.length()][b.length()];
    }
}
