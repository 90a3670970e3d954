package io.github.squeeze4j.cli;

import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C, or the signal TERM, while a training runs: it is asked to stop, and the program waits until it has saved what it has.
 */
final class Interruption implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 120;

    private final AtomicBoolean stop = new AtomicBoolean();
    private final CountDownLatch saved = new CountDownLatch(1);
    private final Thread hook;

    Interruption(PrintWriter out, String message) {
        hook = new Thread(
                () -> {
                    stop.set(true);
                    try {
                        if (saved.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                            out.println();
                            out.println(message);
                            out.flush();
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "squeeze4j-interruption");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    boolean isRequested() {
        return stop.get();
    }

    /** Everything is saved. */
    @Override
    public void close() {
        saved.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The hook runs and ends the program: nothing more is to be printed.
            awaitEnd();
        }
    }

    private void awaitEnd() {
        try {
            hook.join();
            Thread.sleep(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
