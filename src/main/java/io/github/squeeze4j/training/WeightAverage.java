package io.github.squeeze4j.training;

import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The exponential moving average of a network's parameters, running statistics with them: average = d * average + (1 - d) *
 * parameters after each update t from 1, with d = min(decay, (1 + t) / (10 + t)), so that the first values do not linger
 * (as TensorFlow's {@code ExponentialMovingAverage} with {@code num_updates}).
 */
final class WeightAverage {
    static final String ENTRY = "average.bin";

    private final double decay;
    private final INDArray average;

    WeightAverage(double decay, INDArray start) {
        this.decay = decay;
        average = start.dup();
    }

    void update(INDArray parameters, int updates) {
        double d = Math.min(decay, (1.0 + updates) / (10.0 + updates));
        average.muli(d).addi(parameters.reshape(average.shape()).mul(1 - d));
    }

    INDArray values() {
        return average;
    }

    /** Runs what is to see the average in the network's place. */
    void whileInPlace(ComputationGraph graph, Runnable action) {
        INDArray parameters = graph.params();
        INDArray trained = parameters.dup();
        parameters.assign(average.reshape(parameters.shape()));
        try {
            action.run();
        } finally {
            parameters.assign(trained);
        }
    }
}
