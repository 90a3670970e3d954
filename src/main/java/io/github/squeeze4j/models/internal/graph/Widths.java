package io.github.squeeze4j.models.internal.graph;

/** How scaled numbers of channels become whole ones. */
public final class Widths {
    private static final int UNIT = 8;

    private Widths() {}

    /**
     * To the nearest multiple of 8, at least 8, not below 90 %: {@code _make_divisible} of the MobileNet authors.
     *
     * @param channels a scaled number of channels
     * @return a whole one
     */
    public static int rounded(double channels) {
        int nearest = Math.max(UNIT, (int) (channels + UNIT / 2) / UNIT * UNIT);
        return nearest < 0.9 * channels ? nearest + UNIT : nearest;
    }
}
