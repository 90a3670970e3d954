package io.github.squeeze4j;

import io.github.squeeze4j.internal.ShownText;

/**
 * Something that the user gave is unusable: an option, a data file, a model file, a picture or a file of weights. The message
 * is one line that names the thing, its value, the rule and the remedy; what others wrote into it is shown without control
 * characters.
 */
public class BadInputException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /**
     * A complaint about input.
     *
     * @param message name, value, rule and remedy on one line
     */
    public BadInputException(String message) {
        super(ShownText.of(message));
    }

    /**
     * A complaint about input that another exception brought to light.
     *
     * @param message name, value, rule and remedy on one line
     * @param cause what went wrong underneath
     */
    public BadInputException(String message, Throwable cause) {
        super(ShownText.of(message), cause);
    }
}
