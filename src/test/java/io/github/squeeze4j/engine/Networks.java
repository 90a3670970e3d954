package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.Cbam;
import io.github.squeeze4j.blocks.Gate;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.HardSwish;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativePooling;
import java.util.Map;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks with every kind of layer that the engine knows, and some that it does not. */
final class Networks {
    static final int CLASSES = 5;

    private final CNN2DFormat format;
    private GraphBuilder graph;

    private Networks(CNN2DFormat format) {
        this.format = format;
    }

    private static GraphBuilder start(DataType type) {
        return new NeuralNetConfiguration.Builder()
                .seed(11)
                .dataType(type)
                .updater(new Nesterovs(0.05, 0.9))
                .l2(1e-3)
                .activation(Activation.IDENTITY)
                .graphBuilder()
                .addInputs("input");
    }

    /** One of everything; the same parameters for each type. */
    static ComputationGraph everything(DataType type, CNN2DFormat format, int size) {
        Networks networks = new Networks(format);
        networks.graph = start(type).setInputTypes(InputType.convolutional(size, size, 3, format));
        networks.everything();
        ComputationGraph network = new ComputationGraph(networks.graph.build());
        network.init();
        return randomised(network);
    }

    /** Parameters as after a training: no statistic at 0 or 1, no bias at 0; drawn in double for every type. */
    static ComputationGraph randomised(ComputationGraph network) {
        Nd4j.getRandom().setSeed(3);
        for (Map.Entry<String, INDArray> entry : network.paramTable().entrySet()) {
            INDArray parameter = entry.getValue();
            String key = entry.getKey();
            INDArray noise = Nd4j.rand(DataType.DOUBLE, parameter.shape());
            if (key.endsWith("_gamma") || key.endsWith("_var")) {
                parameter.assign(noise.addi(0.5));
            } else if (key.endsWith("_log10stdev")) {
                parameter.assign(noise.subi(0.5).muli(0.3));
            } else if (parameter.rank() == 4) {
                double fan = parameter.length() / (double) parameter.size(0);
                parameter.assign(noise.subi(0.5).muli(Math.sqrt(12 / fan)));
            } else if (key.endsWith("_W")) {
                parameter.assign(noise.subi(0.5));
            } else {
                parameter.assign(noise.subi(0.5).muli(0.4));
            }
        }
        return network;
    }

    /** Scores instead of probabilities. */
    static ComputationGraph withLogits(ComputationGraph network, String outputLayer) {
        ((BaseLayer) network.getLayer(outputLayer).conf().getLayer()).setActivationFn(new ActivationIdentity());
        return network;
    }

    private void everything() {
        String map = add("conv", conv(3, 2, 24).convolutionMode(ConvolutionMode.Same), "input");
        map = add(
                "bn",
                new BatchNormalization.Builder()
                        .eps(1e-3)
                        .decay(0.8)
                        .useLogStd(true)
                        .build(),
                map);
        map = add("relu6", new ActivationLayer(Activation.RELU6), map);
        map = add("max", pool(PoolingType.MAX, 3, 1, 1), map);
        String shortcut = add("shortcut", conv(1, 1, 32), map);
        map = add("narrow", grouped(8, 3, 1, 32), add("widen", conv(1, 1, 32).activation(Activation.RELU), map));
        map = add("bn2", NativeBatchNormalization.standard(), map);
        map = add("se", SqueezeExcitation.builder().reduction(4).build(), map);
        graph.addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), map, shortcut);
        String block = add("relu", new ActivationLayer(Activation.RELU), "add");
        map = add("depthwise", grouped(32, 3, 2, 32), block);
        map = add("bn3", NativeBatchNormalization.standard(), map);
        map = add("relu3", new ActivationLayer(Activation.RELU), map);
        map = add("gate", SqueezeExcitation.builder().reduction(8).biases(false).build(), map);
        map = add(
                "dilated",
                conv(3, 1, 16).dilation(2, 2).padding(2, 2).hasBias(true).activation(Activation.TANH),
                map);
        map = add("cbam", Cbam.builder().reduction(4).build(), map);
        String other = add("stride", conv(3, 2, 16).padding(1, 1).hasBias(true).activation(Activation.SIGMOID), block);
        graph.addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), map, other, map);
        graph.addVertex("product", new ElementWiseVertex(ElementWiseVertex.Op.Product), "sum", other);
        String average = add("average", pool(PoolingType.AVG, 2, 2, 0), "product");
        String means = add("means", new GlobalPoolingLayer(PoolingType.AVG), average);
        String maxima = add("maxima", new GlobalPoolingLayer(PoolingType.MAX), "sum");
        graph.addVertex("merge", new MergeVertex(), means, maxima);
        String hidden = add(
                "dense",
                new DenseLayer.Builder().nOut(12).activation(Activation.TANH).build(),
                "merge");
        graph.addLayer("out", output(), hidden);
        // a second head that reads what the first one's layers read too
        graph.addLayer("auxiliary", output(), "means");
        graph.setOutputs("out", "auxiliary");
    }

    /** Branches that meet side by side, with the activations and poolings of the networks that have such. */
    static ComputationGraph branches(DataType type, CNN2DFormat format, int size) {
        Networks networks = new Networks(format);
        networks.graph = start(type).setInputTypes(InputType.convolutional(size, size, 3, format));
        networks.branches();
        ComputationGraph network = new ComputationGraph(networks.graph.build());
        network.init();
        return randomised(network);
    }

    private void branches() {
        String map = add("conv", conv(3, 2, 16).padding(1, 1).activation(Activation.SWISH), "input");
        String branch = add("swish", new ActivationLayer(Activation.SWISH), add("wide", conv(1, 1, 24), map));
        branch = add(
                "seswish",
                SqueezeExcitation.builder()
                        .reduction(4)
                        .gate(Gate.HARD_SIGMOID)
                        .activation(Activation.SWISH)
                        .build(),
                branch);
        String hard = add(
                "bn4",
                NativeBatchNormalization.standard(),
                add("silu", conv(3, 1, 16).padding(1, 1).activation(Activation.SWISH), map));
        hard = add("hardswish", new ActivationLayer(new HardSwish()), hard);
        hard = add("ceil", NativePooling.of(pool(PoolingType.MAX, 3, 2, 0)).ceilMode(), hard);
        String ceil =
                add("ceilmean", NativePooling.of(pool(PoolingType.AVG, 3, 2, 0)).ceilMode(), branch);
        graph.addVertex("concat", new MergeVertex(), hard, ceil);
        graph.addVertex("concat2", new MergeVertex(), hard, hard);
        String mixed = add("mixed", conv(1, 1, 8).hasBias(true), "concat");
        graph.addVertex("concat3", new MergeVertex(), "concat2", mixed);
        String third = add("third", new GlobalPoolingLayer(PoolingType.AVG), "concat3");
        graph.addLayer("out", output(), third);
        String maxima = add("maxima", new GlobalPoolingLayer(PoolingType.MAX), "concat");
        graph.addVertex("merge", new MergeVertex(), third, maxima);
        graph.addLayer("auxiliary", output(), "merge");
        graph.setOutputs("out", "auxiliary");
    }

    /** Identities whose inputs are read elsewhere as well. */
    /** A first convolution behind a layer that DL4J computes, as in the zoo's ResNet50. */
    static ComputationGraph paddedStem(DataType type) {
        Networks networks = new Networks(CNN2DFormat.NCHW);
        networks.graph = start(type).setInputTypes(InputType.convolutional(20, 20, 3));
        String map = networks.add("pad", new ZeroPaddingLayer(3, 3), "input");
        map = networks.add("conv", networks.conv(7, 2, 32), map);
        map = networks.add("relu", new ActivationLayer(Activation.RELU), map);
        map = networks.add("pool", new GlobalPoolingLayer(PoolingType.AVG), map);
        networks.graph.addLayer("out", output(), map).setOutputs("out");
        ComputationGraph network = new ComputationGraph(networks.graph.build());
        network.init();
        return randomised(network);
    }

    static ComputationGraph identities() {
        Networks networks = new Networks(CNN2DFormat.NCHW);
        networks.graph = start(DataType.FLOAT).setInputTypes(InputType.convolutional(20, 20, 3));
        String map = networks.add("nothing", new ActivationLayer(Activation.IDENTITY), "input");
        map = networks.add("relu", new ActivationLayer(Activation.RELU), map);
        map = networks.add("conv", networks.conv(3, 1, 16), map);
        map = networks.add("max", networks.pool(PoolingType.MAX, 2, 2, 0), map);
        String same = networks.add("same", new ActivationLayer(Activation.IDENTITY), map);
        String sigmoid = networks.add("sigmoid", new ActivationLayer(Activation.SIGMOID), map);
        networks.graph.addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), sigmoid, same);
        map = networks.add("pool", new GlobalPoolingLayer(PoolingType.AVG), "add");
        networks.graph.addLayer("out", output(), map).setOutputs("out");
        ComputationGraph network = new ComputationGraph(networks.graph.build());
        network.init();
        return randomised(network);
    }

    private static OutputLayer output() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(CLASSES)
                .build();
    }

    private ConvolutionLayer.Builder conv(int kernel, int stride, int out) {
        return new ConvolutionLayer.Builder(kernel, kernel)
                .stride(stride, stride)
                .nOut(out)
                .hasBias(false)
                .dataFormat(format);
    }

    private GroupedConvolution grouped(int groups, int kernel, int stride, int out) {
        return GroupedConvolution.builder()
                .groups(groups)
                .kernelSize(kernel, kernel)
                .stride(stride, stride)
                .padding(kernel / 2, kernel / 2)
                .nOut(out)
                .hasBias(false) // batch normalization follows
                .dataFormat(format)
                .build();
    }

    private SubsamplingLayer pool(PoolingType type, int kernel, int stride, int padding) {
        return new SubsamplingLayer.Builder(type)
                .kernelSize(kernel, kernel)
                .stride(stride, stride)
                .padding(padding, padding)
                .dataFormat(format)
                .build();
    }

    private String add(String name, ConvolutionLayer.Builder layer, String in) {
        return add(name, layer.build(), in);
    }

    private String add(String name, Layer layer, String in) {
        graph.addLayer(name, layer, in);
        return name;
    }
}
