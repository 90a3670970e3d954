package io.github.squeeze4j.weights;

import java.util.ArrayList;
import java.util.List;

/** A layer with a matrix or kernels of weights, and perhaps biases. */
abstract class CaffeProduct extends CaffeStep {
    final int outputs;
    final boolean isBiased;
    private String vertex;
    private String weights = "W";
    private String biases = "b";

    CaffeProduct(CaffeLayer layer, List<CaffeBlob> inputs, TextMessage options) {
        super(layer, inputs);
        requireInputs(1);
        vertex = layer.name;
        outputs = options.number("num_output", 0, 1, Integer.MAX_VALUE);
        isBiased = options.flag("bias_term", true);
        if (outputs == 0) {
            throw layer.wrong("num_output must be set; add num_output: 64 or another");
        }
    }

    /** Whether it is one product for each example. */
    abstract boolean isLinear();

    /** Of the blob. */
    abstract long[] weightShape();

    /** Whether the blob is [outputs, inputs], where DL4J's and ours are [inputs, outputs]. */
    boolean isTransposed() {
        return isInBlock();
    }

    /** Whether it is part of an attention block. */
    final boolean isInBlock() {
        return !vertex.equals(layer.name);
    }

    /** Its weights are parameters of an attention block. */
    void mergeInto(String block, String prefix) {
        vertex = block;
        weights = prefix + "W";
        biases = prefix + "B";
        isMerged = true;
    }

    @Override
    List<Learned> learned() {
        List<Learned> learned = new ArrayList<>();
        learned.add(new Learned(weightShape(), vertex, weights).transposed(isTransposed()));
        if (isBiased) {
            learned.add(new Learned(new long[] {outputs}, vertex, biases));
        }
        return learned;
    }
}
