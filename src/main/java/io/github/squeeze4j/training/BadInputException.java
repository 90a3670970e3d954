package io.github.squeeze4j.training;

/**
 * Something that the user gave is unusable: an option, a data file, a model file or a picture. The message is one line
 * that names the thing, its value, the rule and the remedy, and what others wrote into it is shown as {@link ShownText}.
 */
public final class BadInputException extends IllegalArgumentException {
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

    static int positive(String option, int value, String remedy) {
        if (value <= 0) {
            throw new BadInputException(option + " (" + value + ") must be positive; " + remedy);
        }
        return value;
    }
}
