package io.github.squeeze4j.layers;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.nd4j.linalg.api.buffer.DataType;

/** DL4J's runtime with its helper put in place. */
final class NativeConvolutionRuntime extends ConvolutionLayer {
    NativeConvolutionRuntime(NeuralNetConfiguration conf, DataType dataType) {
        super(conf, dataType);
        if (helper == null) {
            helper = NativeHelpers.convolution(dataType, hasBias());
        }
    }
}
