package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;

/** What options must keep. */
final class Rules {
    static final int LARGEST_SIDE = 16384;

    private Rules() {}

    static double within(String option, double value, double least, double most) {
        if (!(value >= least && value <= most)) {
            throw new BadInputException(
                    option + " (" + value + ") must be from " + least + " to " + most + "; use " + least);
        }
        return value;
    }

    static int within(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new BadInputException(option + " (" + value + ") must be from " + least + " to " + most + "; use "
                    + Math.max(least, Math.min(most, value)));
        }
        return value;
    }

    static int side(String option, int value) {
        return within(option, value, 1, LARGEST_SIDE);
    }

    /** A range from {@code low} to {@code high}, both within limits. */
    static void range(String option, double low, double high, double least, double most) {
        within("least " + option, low, least, most);
        within("largest " + option, high, least, most);
        if (low > high) {
            throw new BadInputException(
                    option + " (" + low + " to " + high + ") must grow; use " + high + " to " + low);
        }
    }
}
