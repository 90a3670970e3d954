package io.github.squeeze4j.weights;

import java.util.List;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** Softmax over the channels. What ends the network is a layer that DL4J can train on. */
final class CaffeSoftmax extends CaffeStep {
    CaffeSoftmax(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs);
        requireInputs(1);
        TextMessage options = layer.options("softmax_param");
        requireAxisOfChannels(options);
        options.ignore("engine");
        options.requireAllKnown();
    }

    @Override
    boolean mayBeInPlace() {
        return true;
    }

    /** Whether its output is the network's. */
    boolean ends() {
        return output.readers.isEmpty();
    }

    @Override
    void add(CaffeGraph graph) {
        if (input().length() > input().channels()) {
            if (!ends()) {
                throw layer.wrong("Softmax of a map must be the last layer; move it to the end of the network");
            }
            CnnLossLayer loss = new CnnLossLayer.Builder(LossFunctions.LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .build();
            graph.define(output, graph.layer(layer.name, loss, graph.map(input())), false);
            return;
        }
        if (!ends()) {
            String input = graph.vectorToWriteOver(input());
            graph.define(output, graph.layer(layer.name, new ActivationLayer(Activation.SOFTMAX), input), true);
            return;
        }
        LossLayer loss = new LossLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .build();
        loss.setNIn(input().channels());
        loss.setNOut(input().channels());
        graph.define(output, graph.layer(layer.name, loss, graph.vectorToWriteOver(input())), true);
    }
}
