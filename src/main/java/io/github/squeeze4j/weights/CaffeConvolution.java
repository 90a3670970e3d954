package io.github.squeeze4j.weights;

import io.github.squeeze4j.layers.GroupedConvolution;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.nd4j.linalg.activations.Activation;

/** Convolution, in groups or not. */
final class CaffeConvolution extends CaffeProduct {
    private final CaffeWindow window;
    private final int groups;

    CaffeConvolution(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs, layer.options("convolution_param"));
        requireMap();
        TextMessage options = layer.options("convolution_param");
        requireAxisOfChannels(options);
        window = new CaffeWindow(layer, options);
        groups = options.number("group", 1, 1, Integer.MAX_VALUE);
        options.ignore("weight_filler", "bias_filler", "engine", "force_nd_im2col");
        options.requireAllKnown();
        if (input().channels() % groups != 0 || outputs % groups != 0) {
            throw layer.wrong("group (" + groups + ") must divide the channels of the bottom (" + input().channels()
                    + ") and num_output (" + outputs + ")");
        }
    }

    @Override
    long[] shape() {
        long[] shape = {input().shape[0], outputs, 0, 0};
        for (int i = 0; i < 2; i++) {
            long room = input().shape[2 + i] + 2L * window.pad[i] - window.reach(i);
            shape[2 + i] = room < 0 ? 0 : room / window.stride[i] + 1;
        }
        return shape;
    }

    /** Whether it is one product for each example: 1x1 on a map of one pixel. */
    @Override
    boolean isLinear() {
        return groups == 1
                && input().shape[2] == 1
                && input().shape[3] == 1
                && window.kernel[0] == 1
                && window.kernel[1] == 1
                && window.pad[0] == 0
                && window.pad[1] == 0;
    }

    @Override
    long[] weightShape() {
        return new long[] {outputs, input().channels() / groups, window.kernel[0], window.kernel[1]};
    }

    @Override
    void add(CaffeGraph graph) {
        ConvolutionLayer.BaseConvBuilder<?> builder =
                groups > 1 ? GroupedConvolution.builder().groups(groups) : new ConvolutionLayer.Builder();
        builder.setKernelSize(window.kernel);
        builder.setStride(window.stride);
        builder.setPadding(window.pad);
        builder.setDilation(window.dilation);
        builder.hasBias(isBiased).nIn(input().channels()).nOut(outputs).activation(Activation.IDENTITY);
        graph.define(output, graph.layer(layer.name, builder.build(), graph.map(input())), false);
    }
}
