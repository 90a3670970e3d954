package io.github.squeeze4j.layers;

import io.github.squeeze4j.onednn.OneDnn;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.layers.convolution.ConvolutionHelper;
import org.deeplearning4j.nn.layers.normalization.BatchNormalizationHelper;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** Chooses the native helper of a layer: the one place that knows which exist. */
final class NativeHelpers {
    private NativeHelpers() {}

    /** The runtime of a convolution. */
    static org.deeplearning4j.nn.layers.convolution.ConvolutionLayer convolutionRuntime(
            NeuralNetConfiguration conf, DataType type, ConvolutionLayer layer) {
        return OneDnn.supports(type)
                ? new KernelConvolutionRuntime(conf, type, new OneDnnConvolutionKernel(layer, 1))
                : new NativeConvolutionRuntime(conf, type);
    }

    /** A helper for one runtime layer, or null where DL4J's own path must compute: ND4J's operation refuses dilation. */
    static ConvolutionHelper convolution(DataType type, ConvolutionLayer layer) {
        return available(type) && Arrays.stream(layer.getDilation()).allMatch(dilation -> dilation == 1)
                ? new OpsConvolutionHelper(type, layer.hasBias())
                : null;
    }

    /** A helper for one runtime layer, or null where DL4J's own path must compute. */
    static BatchNormalizationHelper batchNormalization(DataType type) {
        if (OneDnn.supports(type)) {
            return new OneDnnBatchNormalizationHelper();
        }
        return available(type) ? new RowBatchNormalizationHelper() : null;
    }

    /** How one runtime layer computes; every type and backend has an answer. */
    static ConvolutionKernel groupedConvolution(DataType type, GroupedConvolution layer) {
        return OneDnn.supports(type)
                ? new OneDnnConvolutionKernel(layer, layer.getGroups())
                : new OpsGroupedKernel(layer);
    }

    /** Whether oneDNN pools what this layer says. */
    static boolean poolsDirectly(DataType type, SubsamplingLayer layer) {
        boolean known = layer.getPoolingType() == PoolingType.MAX || layer.getPoolingType() == PoolingType.AVG;
        boolean plain = Arrays.stream(layer.getDilation()).allMatch(dilation -> dilation == 1);
        int[] kernel = layer.getKernelSize();
        int[] padding = layer.getPadding();
        // It wants part of the map in every window.
        boolean inside =
                layer.getConvolutionMode() == ConvolutionMode.Same || padding[0] < kernel[0] && padding[1] < kernel[1];
        boolean partly = layer instanceof NativePooling && ((NativePooling) layer).countsPartOfWindows();
        return known && plain && inside && !partly && OneDnn.supports(type);
    }

    // Not DL4J's own check: in M2.1 it looks for a class that no longer exists and always answers no. The helpers are
    // right on every CPU build, and convolution is fast where the build contains oneDNN.
    private static boolean available(DataType type) {
        return type == DataType.FLOAT
                && "CPU"
                        .equalsIgnoreCase(Nd4j.getExecutioner()
                                .getEnvironmentInformation()
                                .getProperty("backend"));
    }
}
