package io.github.squeeze4j.weights;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.ShownText;

/** A file of weights is unusable, or does not fit the network: which file, tensor or option, its value, the rule and the remedy. */
public final class WeightsException extends BadInputException {
    private static final long serialVersionUID = 1L;

    private static final int LONGEST_NAME = 200;

    /**
     * A complaint about weights.
     *
     * @param message name, value, rule and remedy
     */
    public WeightsException(String message) {
        super(message);
    }

    /**
     * A complaint about weights that another exception brought to light.
     *
     * @param message name, value, rule and remedy
     * @param cause what went wrong underneath
     */
    public WeightsException(String message, Throwable cause) {
        super(message, cause);
    }

    /** A name that a file gives, of a length that leaves room for the rest of the message. */
    static String name(Object name) {
        String text = String.valueOf(name);
        return text.length() > LONGEST_NAME
                ? ShownText.of(text.substring(0, LONGEST_NAME)) + "..."
                : ShownText.of(text);
    }
}
