package io.github.squeeze4j.training;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Nesterovs;

/** One convolution, pooling, output: trains in milliseconds. */
final class TinyGraph {
    private TinyGraph() {}

    static ComputationGraph create(int size, int classes, double learningRate) {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(5)
                .updater(new Nesterovs(learningRate, 0.9))
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(size, size, 1))
                .addLayer(
                        "conv",
                        new ConvolutionLayer.Builder(3, 3)
                                .nOut(4)
                                .activation(Activation.RELU)
                                .build(),
                        "input")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "conv")
                .addLayer("classifier", new OutputLayer.Builder().nOut(classes).build(), "pool")
                .setOutputs("classifier")
                .build());
        graph.init();
        return graph;
    }

    /** Pooling and output alone, for images of any size. */
    static ComputationGraph pooled(ImageSet images) {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(images.height(), images.width(), 1))
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "input")
                .addLayer(
                        "classifier",
                        new OutputLayer.Builder()
                                .nOut(images.classNames().size())
                                .build(),
                        "pool")
                .setOutputs("classifier")
                .build());
        graph.init();
        return graph;
    }
}
