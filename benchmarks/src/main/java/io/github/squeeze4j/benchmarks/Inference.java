package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.engine.InferenceNetwork;
import io.github.squeeze4j.engine.Precision;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A trained network in use: pictures in, class probabilities out. */
@FunctionalInterface
interface Inference {
    /** Class probabilities [N, classes] of pictures [N, C, H, W]. */
    INDArray output(INDArray x);

    /** The fastest way that this library has. */
    static Inference of(ComputationGraph graph, Precision precision) {
        InferenceNetwork optimized = InferenceNetwork.optimize(graph, precision);
        return x -> optimized.outputSingle(x);
    }

    /** DL4J's own way. */
    static Inference stock(ComputationGraph graph) {
        return x -> graph.output(false, x)[0];
    }
}
