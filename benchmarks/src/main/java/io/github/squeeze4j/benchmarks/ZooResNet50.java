package io.github.squeeze4j.benchmarks;

import io.github.squeeze4j.engine.Acceleration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The layers of the DL4J zoo's ResNet50, stock DL4J layers all, with or without the call that accelerates them. The zoo's network is not the paper's: stage
 * 2 strides too, max pooling stands before the classifier, and convolutions have biases. Weights start by He's rule, since
 * the zoo's own random weights overflow, and there is no regularisation.
 */
final class ZooResNet50 {
    private static final int[] BLOCKS = {3, 4, 6, 3};

    private final GraphBuilder graph;

    private ZooResNet50(GraphBuilder graph) {
        this.graph = graph;
    }

    /**
     * An initialised network.
     *
     * @param accelerated whether to make {@link Acceleration#apply the one call}
     * @param size at least 131, so that the last pooling window fits
     */
    static ComputationGraph create(boolean accelerated, int size, int classes, IUpdater updater) {
        GraphBuilder graph = new NeuralNetConfiguration.Builder()
                .seed(42)
                .activation(Activation.IDENTITY)
                .weightInit(WeightInit.RELU)
                .updater(updater)
                .graphBuilder()
                .addInputs("input")
                .setInputTypes(InputType.convolutional(size, size, 3));
        new ZooResNet50(graph).layers(classes);
        ComputationGraph network = new ComputationGraph(graph.build());
        network.init();
        if (accelerated) {
            Acceleration.apply(network);
        }
        return network;
    }

    private void layers(int classes) {
        String map = convolution("stem", "input", 7, 2, 64, 3, true);
        graph.addLayer(
                "stem.pool",
                new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(3, 3)
                        .stride(2, 2)
                        .build(),
                map);
        map = "stem.pool";
        for (int stage = 0; stage < BLOCKS.length; stage++) {
            for (int block = 0; block < BLOCKS[stage]; block++) {
                map = block("stage" + (stage + 1) + ".block" + (block + 1) + ".", map, 64 << stage, block == 0);
            }
        }
        graph.addLayer(
                "pool",
                new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(3, 3)
                        .stride(2, 2)
                        .build(),
                map);
        graph.addLayer(
                "classifier",
                new OutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(classes)
                        .build(),
                "pool");
        graph.setOutputs("classifier");
    }

    private String block(String name, String in, int width, boolean first) {
        int stride = first ? 2 : 1;
        String branch = convolution(name + "1", in, 1, stride, width, 0, true);
        branch = convolution(name + "2", branch, 3, 1, width, 1, true);
        branch = convolution(name + "3", branch, 1, 1, 4 * width, 0, false);
        String shortcut = first ? convolution(name + "shortcut", in, 1, stride, 4 * width, 0, false) : in;
        graph.addVertex(name + "add", new ElementWiseVertex(ElementWiseVertex.Op.Add), branch, shortcut);
        return relu(name, name + "add");
    }

    /** Convolution with bias, batch normalization and, if wanted, ReLU. */
    private String convolution(String name, String in, int kernel, int stride, int out, int padding, boolean relu) {
        ConvolutionLayer convolution = new ConvolutionLayer.Builder(kernel, kernel)
                .stride(stride, stride)
                .padding(padding, padding)
                .nOut(out)
                .build();
        BatchNormalization normalization =
                new BatchNormalization.Builder().useLogStd(false).build();
        add(name + ".conv", convolution, in);
        add(name + ".bn", normalization, name + ".conv");
        return relu ? relu(name, name + ".bn") : name + ".bn";
    }

    private String relu(String name, String in) {
        add(name + ".relu", new ActivationLayer(Activation.RELU), in);
        return name + ".relu";
    }

    private void add(String name, Layer layer, String in) {
        graph.addLayer(name, layer, in);
    }
}
