package io.github.squeeze4j.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is logged, each thing once in a process. */
final class Notices {
    private static final Logger LOG = LoggerFactory.getLogger(Acceleration.class);
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private Notices() {}

    /** Says that networks are accelerated, or why one is not. */
    static void first(Acceleration made) {
        String text = made.refusal() == null
                ? "Networks run on oneDNN; Acceleration.of(network).report() says what of one"
                : "A network runs on DL4J alone: " + made.refusal();
        if (SAID.add(text)) {
            LOG.info(text);
        }
    }

    /** Says that something is slower than it could be, and why. */
    static void slower(String text) {
        if (SAID.add(text)) {
            LOG.warn(text);
        }
    }
}
