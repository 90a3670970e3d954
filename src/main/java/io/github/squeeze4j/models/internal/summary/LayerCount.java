package io.github.squeeze4j.models.internal.summary;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.layers.GroupedConvolution;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;

/** What one layer costs. */
public final class LayerCount {
    private LayerCount() {}

    /** The layer inside those that freeze it or otherwise stand around it. */
    public static Layer unwrapped(Layer layer) {
        if (layer instanceof FrozenLayer) {
            return unwrapped(((FrozenLayer) layer).getLayer());
        }
        return layer instanceof BaseWrapperLayer ? unwrapped(((BaseWrapperLayer) layer).getUnderlying()) : layer;
    }

    public static long runningStatistics(Layer layer) {
        if (layer instanceof AttentionBlock) {
            return ((AttentionBlock) layer).runningStatistics();
        }
        return layer instanceof BatchNormalization ? 2 * ((BatchNormalization) layer).getNOut() : 0;
    }

    public static long learnedParameters(Layer layer) {
        if (layer instanceof AttentionBlock) {
            return ((AttentionBlock) layer).learnedParameters();
        }
        return layer.initializer() == null ? 0 : layer.initializer().numParams(layer) - runningStatistics(layer);
    }

    /** Multiply-accumulates of two-dimensional convolutions and linear layers, for one example. */
    public static long macs(Layer layer, InputType in, InputType out) {
        if (layer instanceof AttentionBlock) {
            return ((AttentionBlock) layer).macs(in);
        }
        if (layer instanceof ConvolutionLayer && out instanceof InputType.InputTypeConvolutional) {
            ConvolutionLayer convolution = (ConvolutionLayer) layer;
            long kernel = (long) convolution.getKernelSize()[0] * convolution.getKernelSize()[1];
            long dense = kernel * convolution.getNIn() * convolution.getNOut();
            if (layer instanceof Deconvolution2D) {
                return dense * pixels(in);
            }
            if (layer instanceof DepthwiseConvolution2D) {
                return kernel * convolution.getNOut() * pixels(out);
            }
            if (layer instanceof SeparableConvolution2D) {
                long deep = convolution.getNIn() * ((SeparableConvolution2D) layer).getDepthMultiplier();
                return (kernel * deep + deep * convolution.getNOut()) * pixels(out);
            }
            if (layer instanceof GroupedConvolution) {
                return dense / ((GroupedConvolution) layer).getGroups() * pixels(out);
            }
            return dense * pixels(out);
        }
        if (layer instanceof DenseLayer || layer instanceof BaseOutputLayer) {
            FeedForwardLayer linear = (FeedForwardLayer) layer;
            return linear.getNIn() * linear.getNOut();
        }
        return 0;
    }

    /** Poolings and re-weightings of attention blocks, for one example. */
    public static long mapOperations(Layer layer, InputType in) {
        return layer instanceof AttentionBlock ? ((AttentionBlock) layer).mapOperations(in) : 0;
    }

    private static long pixels(InputType map) {
        InputType.InputTypeConvolutional convolutional = (InputType.InputTypeConvolutional) map;
        return convolutional.getHeight() * convolutional.getWidth();
    }
}
