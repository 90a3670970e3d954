package io.github.squeeze4j.internal;

import com.sun.jna.Function;
import com.sun.jna.Platform;

/**
 * Makes the threads of native operations sleep soon when they wait for work. GNU OpenMP lets them spin for milliseconds by
 * default, which on a busy machine slows a training down many times. A fraction of a millisecond is kept: most operations follow one
 * another so closely that going to sleep and waking up would cost small networks half of their time.
 *
 * <p>GNU OpenMP reads its environment once, when it is loaded: this must run before the first ND4J class loads. The classes with
 * which users of the library begin do it when they load; a program that loads ND4J before them sets the variable itself.
 */
public final class OpenMp {
    private static final String SPIN_COUNT = "GOMP_SPINCOUNT";
    private static final String WAIT_POLICY = "OMP_WAIT_POLICY";
    private static final String TURNS = "5000";

    private OpenMp() {}

    /** Sets how long threads spin, on Linux and unless the user has. */
    public static void spinBriefly() {
        if (!Platform.isLinux() || System.getenv(WAIT_POLICY) != null || System.getenv(SPIN_COUNT) != null) {
            return;
        }
        try {
            Function.getFunction("c", "setenv").invokeInt(new Object[] {SPIN_COUNT, TURNS, 0});
        } catch (LinkageError | RuntimeException e) {
            // Only speed depends on it.
        }
    }
}
