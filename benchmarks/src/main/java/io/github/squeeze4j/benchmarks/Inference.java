package io.github.squeeze4j.benchmarks;

import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A trained network in use: pictures in, class probabilities out. */
@FunctionalInterface
interface Inference {
    /** Class probabilities [N, classes] of pictures [N, C, H, W]. */
    INDArray output(INDArray x);

    /** The fastest way that this library has. THE ONE PLACE TO CHANGE when a faster way arrives. */
    static Inference of(ComputationGraph graph) {
        return stock(graph);
    }

    /** DL4J's own way. */
    static Inference stock(ComputationGraph graph) {
        return x -> graph.output(false, x)[0];
    }
}
