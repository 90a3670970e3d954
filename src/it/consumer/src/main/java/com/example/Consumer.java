package com.example;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.Rgse;
import io.github.squeeze4j.blocks.Salient;
import io.github.squeeze4j.blocks.Spse;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.engine.InferenceNetwork;
import io.github.squeeze4j.models.Models;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** A residual branch with each block in turn, trained for some steps on a batch that it can learn by heart. */
public final class Consumer {
    private static final List<String> NOT_OF_THE_LIBRARY =
            List.of("picocli.CommandLine", "org.knowm.xchart.XYChart", "org.slf4j.impl.StaticLoggerBinder");
    private static final int STEPS = 30;

    private Consumer() {}

    public static void main(String[] args) {
        for (String name : NOT_OF_THE_LIBRARY) {
            check(!isOnClassPath(name), name + " is on the class path; the library must not bring it");
        }
        List<AttentionBlock> blocks = List.of(
                SqueezeExcitation.builder().reduction(4).build(),
                Salient.builder().build(),
                Spse.builder().reduction(4).build(),
                Rgse.builder().reduction(4).build(),
                Cbam.builder().reduction(4).build());
        for (AttentionBlock block : blocks) {
            train(block);
        }
        withoutOneDnn();
    }

    /** This project leaves out org.bytedeco:dnnl: networks run all the same, and say why not faster. */
    private static void withoutOneDnn() {
        ComputationGraph network =
                Models.builder("se_resnet20").inputSize(16).build().init();
        Acceleration acceleration = Acceleration.apply(network);
        System.out.println(acceleration.report());
        check(acceleration.report().contains("org.bytedeco:dnnl"), "the report does not name what is missing");
        INDArray images = Nd4j.rand(2, 3, 16, 16);
        network.fit(new DataSet(images, Nd4j.eye(10).getRows(0, 1)));
        INDArray optimized = InferenceNetwork.optimize(network).outputSingle(images);
        check(optimized.equals(network.outputSingle(images)), "the optimised network's output differs");
    }

    private static void train(AttentionBlock block) {
        ComputationGraphConfiguration configuration = new NeuralNetConfiguration.Builder()
                .seed(1)
                .updater(new Adam(0.01))
                .convolutionMode(ConvolutionMode.Same)
                .graphBuilder()
                .addInputs("image")
                .setInputTypes(InputType.convolutional(8, 8, 3))
                .addLayer("conv1", convolution(), "image")
                .addLayer("conv2", convolution(), "conv1")
                .addLayer("attention", block, "conv2")
                .addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "attention", "conv1")
                .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "add")
                .addLayer(
                        "class",
                        new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .activation(Activation.SOFTMAX)
                                .nOut(4)
                                .build(),
                        "pool")
                .setOutputs("class")
                .build();
        ComputationGraph network = new ComputationGraph(configuration);
        network.init();

        Nd4j.getRandom().setSeed(1);
        INDArray labels = Nd4j.zeros(16, 4);
        for (int i = 0; i < 16; i++) {
            labels.putScalar(i, i % 4, 1);
        }
        DataSet batch = new DataSet(Nd4j.rand(16, 3, 8, 8), labels);
        network.fit(batch);
        double before = network.score();
        for (int i = 1; i < STEPS; i++) {
            network.fit(batch);
        }
        double after = network.score();
        System.out.printf("%-8s loss %.4f -> %.4f%n", block.blockName(), before, after);
        check(after < 0.9 * before, block.blockName() + ": the loss did not fall");
    }

    private static ConvolutionLayer convolution() {
        return new ConvolutionLayer.Builder(3, 3)
                .nOut(16)
                .activation(Activation.RELU)
                .build();
    }

    private static boolean isOnClassPath(String name) {
        try {
            Class.forName(name, false, Consumer.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            throw new IllegalStateException(message);
        }
    }
}
