package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.AttentionBlock;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.util.ConvolutionUtils;

/** Whether a network's maps have their channels first or last; DL4J says so in each layer, if at all. */
final class Formats {
    private Formats() {}

    /**
     * The format of all layers that were told one. Batch normalization counts only where no other layer does: before rows it
     * keeps NCHW in any network.
     *
     * @throws Unsupported if layers differ
     */
    static CNN2DFormat of(Topology topology) {
        CNN2DFormat format = null;
        for (Layer layer : topology.layers) {
            CNN2DFormat own = told(layer);
            if (own != null && format != null && own != format) {
                throw new Unsupported("its layers are of two formats, NCHW and NHWC");
            }
            format = own == null ? format : own;
        }
        if (format != null) {
            return format;
        }
        for (Layer layer : topology.layers) {
            if (layer instanceof BatchNormalization
                    && ((BatchNormalization) layer).getCnn2DFormat() == CNN2DFormat.NHWC) {
                return CNN2DFormat.NHWC;
            }
        }
        return CNN2DFormat.NCHW;
    }

    private static CNN2DFormat told(Layer layer) {
        if (layer instanceof ConvolutionLayer
                || layer instanceof SubsamplingLayer
                || ConvolutionUtils.layerHasConvolutionLayout(layer)) {
            return ConvolutionUtils.getFormatForLayer(layer);
        }
        if (layer instanceof LocallyConnected2D) {
            return ((LocallyConnected2D) layer).getFormat();
        }
        if (layer instanceof AttentionBlock) {
            return ((AttentionBlock) layer).getFormat();
        }
        if (layer instanceof GlobalPoolingLayer) {
            int[] axes = ((GlobalPoolingLayer) layer).getPoolingDimensions();
            return axes != null && axes.length == 2 && axes[0] == 1 ? CNN2DFormat.NHWC : null;
        }
        return null;
    }
}
