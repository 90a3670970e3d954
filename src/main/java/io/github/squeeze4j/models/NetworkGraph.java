package io.github.squeeze4j.models;

import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativeConvolution;
import io.github.squeeze4j.layers.NativePooling;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.distribution.Distribution;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * Lays a network out layer by layer and keeps account of the maps. Padding is written out, so that every map has the
 * size that PyTorch gives it.
 */
final class NetworkGraph {
    private final Network network;
    private final ComputationGraphConfiguration.GraphBuilder builder;

    NetworkGraph(Network network) {
        this.network = network;
        NeuralNetConfiguration.Builder global = new NeuralNetConfiguration.Builder()
                .seed(network.seed)
                .updater(network.updater.clone())
                .dataType(network.dataType)
                .convolutionMode(ConvolutionMode.Truncate);
        if (network.l2 > 0) {
            global.l2(network.l2);
        }
        builder = global.graphBuilder().addInputs(Network.INPUT).setInputTypes(network.inputType());
    }

    ComputationGraphConfiguration build() {
        return builder.setOutputs(Network.OUTPUT).build();
    }

    Feature input() {
        return new Feature(Network.INPUT, network.channels, network.height, network.width);
    }

    /** Zero padding of kernel / 2, no bias, identity activation. */
    Feature convolution(String name, Feature in, int out, int kernel, int stride, ConvolutionInit init) {
        return convolution(name, in, out, kernel, stride, 1, init);
    }

    /** The same in groups. */
    Feature convolution(String name, Feature in, int out, int kernel, int stride, int groups, ConvolutionInit init) {
        int padding = kernel / 2;
        IWeightInit weights = init.of(in.channels / groups, out, kernel);
        ConvolutionLayer layer = groups > 1
                ? GroupedConvolution.builder()
                        .groups(groups)
                        .kernelSize(kernel, kernel)
                        .stride(stride, stride)
                        .padding(padding, padding)
                        .dataFormat(network.format)
                        .nIn(in.channels)
                        .nOut(out)
                        .hasBias(false)
                        .weightInit(weights)
                        .activation(Activation.IDENTITY)
                        .build()
                : NativeConvolution.of(new ConvolutionLayer.Builder(kernel, kernel)
                        .stride(stride, stride)
                        .padding(padding, padding)
                        .dataFormat(network.format)
                        .nIn(in.channels)
                        .nOut(out)
                        .hasBias(false)
                        .weightInit(weights)
                        .activation(Activation.IDENTITY)
                        .build());
        builder.addLayer(name, layer, in.name);
        return new Feature(
                name, out, slid(in.height, kernel, stride, padding), slid(in.width, kernel, stride, padding));
    }

    Feature batchNormalization(String name, Feature in) {
        builder.addLayer(name, NativeBatchNormalization.standard(), in.name);
        return in.renamed(name);
    }

    /** A layer of its own: DL4J's batch normalization ignores its activation. */
    Feature relu(String name, Feature in) {
        return activation(name, in, Activation.RELU);
    }

    /** min(max(x, 0), 6). */
    Feature relu6(String name, Feature in) {
        return activation(name, in, Activation.RELU6);
    }

    private Feature activation(String name, Feature in, Activation activation) {
        builder.addLayer(name, new ActivationLayer(activation), in.name);
        return in.renamed(name);
    }

    Feature maxPooling(String name, Feature in, int kernel, int stride) {
        int padding = kernel / 2;
        builder.addLayer(
                name,
                NativePooling.of(new SubsamplingLayer.Builder(PoolingType.MAX)
                        .kernelSize(kernel, kernel)
                        .stride(stride, stride)
                        .padding(padding, padding)
                        .dataFormat(network.format)
                        .build()),
                in.name);
        return new Feature(
                name, in.channels, slid(in.height, kernel, stride, padding), slid(in.width, kernel, stride, padding));
    }

    /** The network's attention, or the map itself where it wants none. */
    Feature attention(String name, Feature in, int stage, int block) {
        Layer layer = network.attention.at(new Site(in.channels, in.height, in.width, stage, block));
        if (layer == null) {
            return in;
        }
        builder.addLayer(name, layer, in.name);
        return in.renamed(name);
    }

    Feature add(String name, Feature a, Feature b) {
        builder.addVertex(name, new ElementWiseVertex(ElementWiseVertex.Op.Add), a.name, b.name);
        return a.renamed(name);
    }

    Feature globalAveragePooling(String name, Feature in) {
        builder.addLayer(name, new GlobalPoolingLayer(PoolingType.AVG), in.name);
        return new Feature(name, in.channels, 1, 1);
    }

    /** Linear layer with bias, softmax and cross-entropy; weights start uniform in +-1/sqrt(in), biases at 0. */
    void classifier(Feature in) {
        classifier(in, 0);
    }

    /** The same with dropout of its input, a probability. */
    void classifier(Feature in, double dropout) {
        double bound = 1 / Math.sqrt(in.channels);
        classifier(in, dropout, new UniformDistribution(-bound, bound));
    }

    /** The same with other weights. */
    void classifier(Feature in, double dropout, Distribution weights) {
        OutputLayer.Builder layer = new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(in.channels)
                .nOut(network.classes)
                .weightInit(new WeightInitDistribution(weights));
        if (dropout > 0) {
            layer.dropOut(1 - dropout); // DL4J's is the probability to stay.
        }
        builder.addLayer(Network.OUTPUT, layer.build(), in.name);
    }

    private static int slid(int size, int kernel, int stride, int padding) {
        return (size + 2 * padding - kernel) / stride + 1;
    }
}
