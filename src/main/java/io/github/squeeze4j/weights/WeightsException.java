package io.github.squeeze4j.weights;

/**
 * A file of weights is unusable, or does not fit the network. The message is one line that names the file, the tensor or the
 * option, its value, the rule and the remedy; what others wrote into a file is shown without control characters.
 */
public final class WeightsException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private static final int LONGEST_NAME = 200;
    private static final int LONGEST = 4096;

    /**
     * A complaint about weights.
     *
     * @param message name, value, rule and remedy
     */
    public WeightsException(String message) {
        super(shown(message, LONGEST));
    }

    /**
     * A complaint about weights that another exception brought to light.
     *
     * @param message name, value, rule and remedy
     * @param cause what went wrong underneath
     */
    public WeightsException(String message, Throwable cause) {
        super(shown(message, LONGEST), cause);
    }

    /** A name that a file gives, of a length that leaves room for the rest of the message. */
    static String name(Object name) {
        return shown(String.valueOf(name), LONGEST_NAME);
    }

    /** On one line, nothing in it moves a terminal's cursor or turns the direction of the letters. */
    private static String shown(String text, int longest) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().limit(longest).forEach(point -> {
            int type = Character.getType(point);
            boolean plain = type != Character.CONTROL
                    && type != Character.FORMAT
                    && type != Character.LINE_SEPARATOR
                    && type != Character.PARAGRAPH_SEPARATOR
                    && type != Character.SURROGATE;
            if (plain) {
                shown.appendCodePoint(point);
            } else {
                shown.append(String.format("\\u%04x", point));
            }
        });
        return text.codePointCount(0, text.length()) > longest ? shown + "..." : shown.toString();
    }
}
