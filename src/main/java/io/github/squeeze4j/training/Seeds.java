package io.github.squeeze4j.training;

/** Independent seeds from one: the finaliser of SplitMix64 over the values in turn. */
final class Seeds {
    private Seeds() {}

    static long mix(long... values) {
        long mixed = 0;
        for (long value : values) {
            mixed = finish(mixed + value + 0x9e3779b97f4a7c15L);
        }
        return mixed;
    }

    private static long finish(long z) {
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
