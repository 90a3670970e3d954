package io.github.squeeze4j.weights;

import java.util.List;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** A linear layer on all values of an example; with the softmax that ends the network it is DL4J's output layer. */
final class CaffeInnerProduct extends CaffeProduct {
    private final boolean isInputsFirst;

    CaffeInnerProduct(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs, layer.options("inner_product_param"));
        TextMessage options = layer.options("inner_product_param");
        requireAxisOfChannels(options);
        isInputsFirst = options.flag("transpose", false);
        options.ignore("weight_filler", "bias_filler");
        options.requireAllKnown();
    }

    @Override
    long[] shape() {
        return new long[] {input().shape[0], outputs};
    }

    @Override
    boolean isLinear() {
        return true;
    }

    @Override
    boolean isTransposed() {
        return !isInputsFirst;
    }

    @Override
    long[] weightShape() {
        long in = input().length();
        return isInputsFirst ? new long[] {in, outputs} : new long[] {outputs, in};
    }

    /** The softmax that ends the network right behind. */
    private CaffeSoftmax end() {
        CaffeSoftmax softmax = output.onlyReader(CaffeSoftmax.class);
        return softmax != null && softmax.ends() ? softmax : null;
    }

    @Override
    void merge() {
        if (end() != null) {
            end().isMerged = true;
        }
    }

    @Override
    void add(CaffeGraph graph) {
        boolean ends = end() != null;
        FeedForwardLayer made = ends
                ? new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .hasBias(isBiased)
                        .nIn(input().length())
                        .nOut(outputs)
                        .build()
                : new DenseLayer.Builder()
                        .activation(Activation.IDENTITY)
                        .hasBias(isBiased)
                        .nIn(input().length())
                        .nOut(outputs)
                        .build();
        // DL4J puts the values of a map in a row itself, in Caffe's order.
        String vertex = graph.layer(layer.name, made, graph.vertex(input()));
        graph.define(output, vertex, true);
        if (ends) {
            graph.define(end().output, vertex, true);
        }
    }
}
