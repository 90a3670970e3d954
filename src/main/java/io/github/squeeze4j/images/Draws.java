package io.github.squeeze4j.images;

/**
 * Random numbers that follow from their seed alone, the same on every version of Java: SplitMix64. One thread uses one
 * object.
 */
public final class Draws {
    private static final long STEP = 0x9e3779b97f4a7c15L;

    private long state;

    private Draws(long state) {
        this.state = state;
    }

    /**
     * Draws that follow from the values, and from nothing else.
     *
     * @param seed any values, such as the run's seed, the epoch and the picture's index; their order counts
     * @return draws at their beginning
     */
    public static Draws of(long... seed) {
        long mixed = 0;
        for (long value : seed) {
            mixed = finish(mixed + value + STEP);
        }
        return new Draws(mixed);
    }

    private static long finish(long z) {
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /**
     * Draws of their own, so that what takes more or fewer of them leaves the numbers after it as they were.
     *
     * @return other draws, at their beginning
     */
    public Draws split() {
        return new Draws(nextLong());
    }

    /**
     * 64 random bits.
     *
     * @return any long
     */
    public long nextLong() {
        state += STEP;
        return finish(state);
    }

    /**
     * A whole number below a bound, each equally likely to within 2^-32.
     *
     * @param bound positive
     * @return from 0 to bound - 1
     */
    public int below(int bound) {
        return (int) ((nextLong() >>> 32) * bound >>> 32);
    }

    /**
     * A real number from 0 up to, but not including, 1.
     *
     * @return a multiple of 2^-53
     */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }

    /**
     * A real number of an interval.
     *
     * @param low its least
     * @param high its end, at least {@code low}
     * @return low + u * (high - low), u from 0 up to 1
     */
    public double between(double low, double high) {
        return low + nextDouble() * (high - low);
    }

    /**
     * Whether something of the given probability happens.
     *
     * @param probability from 0 (never) to 1 (always)
     * @return yes or no
     */
    public boolean chance(double probability) {
        return nextDouble() < probability;
    }

    /** A number of the standard normal distribution: Box and Muller, half of each pair. */
    double gaussian() {
        return Math.sqrt(-2 * Math.log(1 - nextDouble())) * Math.cos(2 * Math.PI * nextDouble());
    }

    /** A number of the distribution Beta(alpha, alpha): x / (x + y) of two of Gamma(alpha). */
    double beta(double alpha) {
        double x = logGamma(alpha);
        double y = logGamma(alpha);
        return 1 / (1 + Math.exp(y - x));
    }

    /** The logarithm of a number of Gamma(shape), by Marsaglia and Tsang, 2000: small shapes would give zeros. */
    private double logGamma(double shape) {
        double d = shape + 1 - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        // Gamma(shape) is Gamma(shape + 1) times u to the power of 1 / shape.
        double power = Math.log(1 - nextDouble()) / shape;
        while (true) {
            double normal = gaussian();
            double v = 1 + c * normal;
            if (v > 0) {
                double cube = v * v * v;
                if (Math.log(1 - nextDouble()) < normal * normal / 2 + d - d * cube + d * Math.log(cube)) {
                    return Math.log(d * cube) + power;
                }
            }
        }
    }
}
