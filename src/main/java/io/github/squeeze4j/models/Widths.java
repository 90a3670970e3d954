package io.github.squeeze4j.models;

/** How scaled numbers of channels become whole ones. */
final class Widths {
    private static final int UNIT = 8;

    private Widths() {}

    /** To the nearest multiple of 8, at least 8, not below 90 %: {@code _make_divisible} of the MobileNet authors. */
    static int rounded(double channels) {
        int nearest = Math.max(UNIT, (int) (channels + UNIT / 2) / UNIT * UNIT);
        return nearest < 0.9 * channels ? nearest + UNIT : nearest;
    }
}
