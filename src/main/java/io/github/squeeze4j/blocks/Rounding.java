package io.github.squeeze4j.blocks;

/** How C / reduction becomes a whole number of hidden channels. */
public enum Rounding {
    /** Rounded down, as in the papers: the default. */
    DOWN {
        @Override
        long hidden(long channels, int reduction) {
            return channels / reduction;
        }
    },
    /** To the nearest multiple of 8, at least 8: the default of timm's {@code SEModule}. */
    NEAREST_8 {
        @Override
        long hidden(long channels, int reduction) {
            return nearest8(channels, reduction);
        }
    },
    /** To the nearest multiple of 8, at least 8 and never below 90 % of C / reduction: MobileNetV3's. */
    DIVISIBLE_8 {
        @Override
        long hidden(long channels, int reduction) {
            long rounded = nearest8(channels, reduction);
            return rounded * reduction * 10L < channels * 9L ? rounded + 8 : rounded;
        }
    };

    private static long nearest8(long channels, int reduction) {
        return Math.max(8, (long) ((double) channels / reduction + 4) / 8 * 8);
    }

    /** Hidden channels. */
    abstract long hidden(long channels, int reduction);
}
