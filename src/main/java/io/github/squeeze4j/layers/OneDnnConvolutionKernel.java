package io.github.squeeze4j.layers;

import io.github.squeeze4j.onednn.Convolution;
import io.github.squeeze4j.onednn.OneDnn;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Convolution in FLOAT by oneDNN, of any number of groups, stride, dilation and padding. */
final class OneDnnConvolutionKernel implements ConvolutionKernel {
    private final int groups;
    private final int[] kernel;
    private final int[] stride;
    private final int[] dilation;

    OneDnnConvolutionKernel(ConvolutionLayer layer, int groups) {
        this.groups = groups;
        kernel = layer.getKernelSize();
        stride = layer.getStride();
        dilation = layer.getDilation();
    }

    @Override
    public void forward(INDArray input, INDArray weights, INDArray bias, int[] padding, INDArray output) {
        geometry(input, output, padding).forward(map(input), dense(weights), dense(bias), output, false);
    }

    @Override
    public void backward(
            INDArray input,
            INDArray weights,
            INDArray bias,
            int[] padding,
            INDArray outputGradient,
            INDArray inputGradient,
            INDArray weightGradient,
            INDArray biasGradient) {
        geometry(input, outputGradient, padding)
                .backward(
                        map(input),
                        dense(weights),
                        map(outputGradient),
                        inputGradient,
                        weightGradient,
                        bias == null ? null : biasGradient);
    }

    private Convolution geometry(INDArray input, INDArray output, int[] padding) {
        int[] end = Windows.end(input, output, kernel, stride, dilation, padding);
        return new Convolution(groups, stride, dilation, padding, end);
    }

    private static INDArray map(INDArray map) {
        return OneDnn.fits(map) ? map : map.dup('c');
    }

    /** Parameters are dense but for what noise on weights may have made of them. */
    private static INDArray dense(INDArray parameter) {
        return parameter == null ? null : OpsConvolutionHelper.dense(parameter);
    }
}
