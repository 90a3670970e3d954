package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.ShownText;

/** A field of a CSV file, as RFC 4180 quotes it. */
public final class CsvText {
    private CsvText() {}

    /**
     * The text as a field; what a terminal would obey is shown as {@link ShownText}.
     *
     * @param text anything
     * @return the text, in quotes where it holds commas or quotes
     */
    public static String of(Object text) {
        String shown = ShownText.of(text);
        return shown.matches("[^,\"]*") ? shown : '"' + shown.replace("\"", "\"\"") + '"';
    }
}
