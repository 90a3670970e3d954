package io.github.squeeze4j.layers;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.deeplearning4j.nn.weights.WeightInitUtil;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** DL4J's places of a convolution's parameters, biases first, with the weights of groups. */
final class GroupedConvolutionParamInitializer extends ConvolutionParamInitializer {
    static final GroupedConvolutionParamInitializer INSTANCE = new GroupedConvolutionParamInitializer();

    private GroupedConvolutionParamInitializer() {}

    private static long[] weightShape(GroupedConvolution layer) {
        int[] kernel = layer.getKernelSize();
        return new long[] {layer.getNOut(), layer.getNIn() / layer.getGroups(), kernel[0], kernel[1]};
    }

    private static long biases(GroupedConvolution layer) {
        return layer.hasBias() ? layer.getNOut() : 0;
    }

    @Override
    public long numParams(Layer layer) {
        GroupedConvolution convolution = (GroupedConvolution) layer;
        long weights = 1;
        for (long size : weightShape(convolution)) {
            weights *= size;
        }
        return weights + biases(convolution);
    }

    @Override
    public Map<String, INDArray> getGradientsFromFlattened(NeuralNetConfiguration conf, INDArray gradientView) {
        GroupedConvolution layer = (GroupedConvolution) conf.getLayer();
        INDArray flat = gradientView.reshape(gradientView.length());
        Map<String, INDArray> gradients = new LinkedHashMap<>();
        if (layer.hasBias()) {
            gradients.put(BIAS_KEY, flat.get(NDArrayIndex.interval(0, layer.getNOut())));
        }
        gradients.put(
                WEIGHT_KEY,
                flat.get(NDArrayIndex.interval(biases(layer), flat.length())).reshape('c', weightShape(layer)));
        return gradients;
    }

    @Override
    protected INDArray createWeightMatrix(NeuralNetConfiguration conf, INDArray weightView, boolean initializeParams) {
        GroupedConvolution layer = (GroupedConvolution) conf.getLayer();
        long[] shape = weightShape(layer);
        if (!initializeParams) {
            return WeightInitUtil.reshapeWeights(shape, weightView, 'c');
        }
        double kernel = shape[2] * shape[3];
        int[] stride = layer.getStride();
        double fanIn = shape[1] * kernel;
        double fanOut = layer.getNOut() / layer.getGroups() * kernel / (stride[0] * stride[1]);
        return layer.getWeightInitFn().init(fanIn, fanOut, shape, 'c', weightView);
    }
}
