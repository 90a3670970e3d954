package io.github.squeeze4j.benchmarks;

import org.nd4j.linalg.api.ndarray.INDArray;

/** What one benchmark times: {@link #run} is timed by the worker and by JMH, {@link #result} is what tests check. */
interface Body {
    /** One run. */
    void run();

    /** One run and what it computed, copied out of all workspaces. */
    INDArray result();

    /** Learned parameters, to compare with the other side's. */
    long learnedParameters();
}
