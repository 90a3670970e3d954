package io.github.squeeze4j.spark;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads that do not keep an executor alive. */
final class DaemonThreads {
    private DaemonThreads() {}

    static ExecutorService pool(String name, int threads) {
        AtomicInteger number = new AtomicInteger();
        return java.util.concurrent.Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
    }
}
