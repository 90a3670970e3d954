package io.github.squeeze4j.models.internal.summary;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Lines of cells under a head, in columns as wide as their widest cell. */
public final class TextTable {
    private final int names;
    private final List<String[]> lines = new ArrayList<>();

    /** An empty table whose first columns, so many, are names and stand to the left; numbers stand to the right. */
    public TextTable(int names, String... head) {
        this.names = names;
        lines.add(head);
    }

    /** Adds a line of as many cells as the head has; whole numbers get their digits in groups. */
    public TextTable row(Object... cells) {
        lines.add(Arrays.stream(cells).map(TextTable::text).toArray(String[]::new));
        return this;
    }

    private static String text(Object cell) {
        return cell instanceof Long ? String.format(Locale.ROOT, "%,d", (Long) cell) : cell.toString();
    }

    /** A part of a whole, in per cent; empty where there is no whole. */
    public static String share(long part, long whole) {
        return whole == 0 ? "" : String.format(Locale.ROOT, "%.2f %%", 100.0 * part / whole);
    }

    /** Lines that each end in a line feed. */
    @Override
    public String toString() {
        int[] widths = new int[lines.get(0).length];
        for (String[] line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] line : lines) {
            StringBuilder padded = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                padded.append(String.format(i < names ? "%-" + widths[i] + "s  " : "%" + widths[i] + "s  ", line[i]));
            }
            text.append(padded.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
