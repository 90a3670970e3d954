package io.github.squeeze4j.cli;

import com.sun.jna.Function;
import com.sun.jna.Platform;

/**
 * Makes the threads of ND4J's native operations sleep while they wait for work. GNU OpenMP lets them spin by default, which
 * costs half as much processor time again on an idle machine, and on a busy one slows a training down many times.
 *
 * <p>GNU OpenMP reads its environment once, when it is loaded: this must run before the first ND4J class loads.
 */
final class OpenMp {
    private static final String WAIT_POLICY = "OMP_WAIT_POLICY";

    private OpenMp() {}

    /** Sets the waiting policy, unless the user has. */
    static void waitPassively() {
        if (!Platform.isLinux() || System.getenv(WAIT_POLICY) != null) {
            return;
        }
        try {
            Function.getFunction("c", "setenv").invokeInt(new Object[] {WAIT_POLICY, "PASSIVE", 0});
        } catch (LinkageError | RuntimeException e) {
            // Only speed depends on it, and only on a busy machine.
        }
    }
}
