package io.github.squeeze4j.weights;

import java.util.List;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationLReLU;

/** ReLU, Sigmoid and Dropout: each value for itself, often in the place of the input. */
final class CaffeElementwise extends CaffeStep {
    private final double slope;
    private final double dropped;

    CaffeElementwise(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs);
        requireInputs(1);
        TextMessage relu = layer.options("relu_param");
        slope = relu.real("negative_slope", 0);
        if (!(slope >= 0 && slope <= 1)) {
            throw layer.wrong("negative_slope (" + slope + ") must be from 0 to 1; use 0.01 or leave it out");
        }
        TextMessage dropout = layer.options("dropout_param");
        dropped = dropout.real("dropout_ratio", 0.5);
        if (!(dropped > 0 && dropped < 1)) {
            throw layer.wrong("dropout_ratio (" + dropped + ") must be above 0 and below 1; use 0.5");
        }
        for (TextMessage options : List.of(relu, dropout, layer.options("sigmoid_param"))) {
            options.ignore("engine");
            options.requireAllKnown();
        }
    }

    @Override
    boolean mayBeInPlace() {
        return true;
    }

    boolean isPlainRelu() {
        return layer.type.equals("ReLU") && slope == 0;
    }

    boolean isSigmoid() {
        return layer.type.equals("Sigmoid");
    }

    @Override
    void add(CaffeGraph graph) {
        boolean isVector = graph.isVector(input());
        String vertex = graph.layer(layer.name, made(), graph.vertexToWriteOver(input()));
        graph.define(output, vertex, isVector);
    }

    private Layer made() {
        if (layer.type.equals("Dropout")) {
            return new DropoutLayer(1 - dropped);
        }
        if (isSigmoid()) {
            return new ActivationLayer(Activation.SIGMOID);
        }
        return slope == 0 ? new ActivationLayer(Activation.RELU) : new ActivationLayer(new ActivationLReLU(slope));
    }
}
