package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.util.Utils;
import org.bytedeco.javacpp.Pointer;

/** Where a task runs, for messages, and what it may use. */
final class Executors {
    private Executors() {}

    /** The executor and its machine. */
    static String host() {
        SparkEnv env = SparkEnv.get();
        String machine = Utils.localHostName();
        return env == null ? machine : env.executorId() + " on " + machine;
    }

    /** Processors of the task that asks. */
    static int threads() {
        TaskContext context = TaskContext.get();
        return context == null ? 1 : Math.max(1, context.cpus());
    }

    /** What a user must hear of memory that does not suffice. */
    static BadInputException outOfMemory(OutOfMemoryError e) {
        boolean heap = String.valueOf(e.getMessage()).contains("heap");
        long limit = (heap ? Runtime.getRuntime().maxMemory() : Pointer.maxBytes()) >> 20;
        return new BadInputException(
                "memory " + (heap ? "of the heap" : "outside the heap") + " of executor " + host() + " (" + limit
                        + " MiB) must hold network and pictures, but does not (" + e.getMessage() + "); give more with "
                        + (heap
                                ? "--conf spark.executor.memory"
                                : "-Dorg.bytedeco.javacpp.maxbytes and maxphysicalbytes in"
                                        + " spark.executor.extraJavaOptions, and spark.executor.memoryOverhead")
                        + ", or use smaller batches",
                e);
    }
}
