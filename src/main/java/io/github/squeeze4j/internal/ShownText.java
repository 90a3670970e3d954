package io.github.squeeze4j.internal;

/**
 * Text of others' making (names of files, classes and models) as it is safe to show: nothing in it moves a terminal's cursor,
 * changes its colours, starts a line or reverses the order of the letters.
 */
public final class ShownText {
    private static final int LONGEST = 4096;

    private ShownText() {}

    /**
     * The text with control and format characters, line separators and broken surrogates as <code>&#92;uXXXX</code>.
     *
     * @param text anything; null gives "null"
     * @return one line; a text of more than 4096 characters is cut and ends in dots
     */
    public static String of(Object text) {
        String given = String.valueOf(text);
        StringBuilder shown = new StringBuilder(given.length());
        int end = Math.min(given.length(), LONGEST);
        for (int i = 0; i < end; i += Character.charCount(given.codePointAt(i))) {
            int point = given.codePointAt(i);
            if (isShown(point)) {
                shown.appendCodePoint(point);
            } else {
                for (char unit : Character.toChars(point)) {
                    shown.append(String.format("\\u%04x", (int) unit));
                }
            }
        }
        return end < given.length() ? shown.append("...").toString() : shown.toString();
    }

    private static boolean isShown(int point) {
        switch (Character.getType(point)) {
            case Character.CONTROL:
            case Character.FORMAT:
            case Character.LINE_SEPARATOR:
            case Character.PARAGRAPH_SEPARATOR:
            case Character.SURROGATE:
                return false;
            default:
                return true;
        }
    }
}
