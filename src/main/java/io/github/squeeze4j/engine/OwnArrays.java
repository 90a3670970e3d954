package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.layers.ChannelMerge;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativeConvolution;
import io.github.squeeze4j.layers.NativePooling;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PoolHelperVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.layers.ActivationLayer;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.layers.convolution.Deconvolution2DLayer;
import org.deeplearning4j.nn.layers.convolution.DepthwiseConvolution2DLayer;
import org.deeplearning4j.nn.layers.convolution.SeparableConvolution2DLayer;
import org.deeplearning4j.nn.layers.convolution.SpaceToBatch;
import org.deeplearning4j.nn.layers.convolution.SpaceToDepth;
import org.deeplearning4j.nn.layers.convolution.ZeroPaddingLayer;
import org.deeplearning4j.nn.layers.convolution.subsampling.SubsamplingLayer;
import org.deeplearning4j.nn.layers.convolution.upsampling.Upsampling2D;
import org.deeplearning4j.nn.layers.feedforward.PReLU;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.layers.feedforward.elementwise.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.layers.normalization.LocalResponseNormalization;
import org.deeplearning4j.nn.layers.pooling.GlobalPoolingLayer;
import org.deeplearning4j.nn.layers.samediff.SameDiffLayer;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;

/**
 * Vertices whose result is an array of their own, in the workspace of results if there is one: DL4J's and the library's, known by
 * their exact classes. Any other may give its input or a part of it.
 */
final class OwnArrays {
    private static final Set<Class<?>> VERTICES = Set.of(
            ElementWiseVertex.class,
            L2NormalizeVertex.class,
            L2Vertex.class,
            PoolHelperVertex.class,
            ReshapeVertex.class,
            ScaleVertex.class,
            ShiftVertex.class,
            SubsetVertex.class,
            UnstackVertex.class);

    /** Those that give a lone input as it is. */
    private static final Set<Class<?>> JOINS = Set.of(MergeVertex.class, ChannelMerge.class, StackVertex.class);

    private static final Set<Class<?>> RUNTIMES = Set.of(
            BatchNormalization.class,
            ConvolutionLayer.class,
            Deconvolution2DLayer.class,
            DenseLayer.class,
            DepthwiseConvolution2DLayer.class,
            ElementWiseMultiplicationLayer.class,
            GlobalPoolingLayer.class,
            LocalResponseNormalization.class,
            SameDiffLayer.class,
            SeparableConvolution2DLayer.class,
            SpaceToBatch.class,
            SpaceToDepth.class,
            SubsamplingLayer.class,
            Upsampling2D.class,
            ZeroPaddingLayer.class);

    private static final Set<Class<?>> OURS = Set.of(
            GroupedConvolution.class, NativeBatchNormalization.class, NativeConvolution.class, NativePooling.class);

    /** They copy in training, if they are not frozen, and work in place at inference. */
    private static final Set<Class<?>> IN_PLACE = Set.of(ActivationLayer.class, PReLU.class);

    private OwnArrays() {}

    static boolean areGivenBy(
            org.deeplearning4j.nn.graph.vertex.GraphVertex vertex, GraphVertex described, boolean training) {
        if (vertex.hasLayer()) {
            Layer layer = vertex.getLayer();
            // a user's graph of operations may give its input
            boolean users = inside(layer).getClass() == SameDiffLayer.class
                    && !Noises.isKnown(inside(layer).conf().getLayer());
            return RUNTIMES.contains(inside(layer).getClass()) && !users
                    || OURS.contains(inside(layer).conf().getLayer().getClass())
                    || inside(layer).conf().getLayer() instanceof AttentionBlock
                    || training && IN_PLACE.contains(layer.getClass());
        }
        GraphVertex known = described instanceof FrozenVertex ? ((FrozenVertex) described).getUnderlying() : described;
        return known != null
                && (VERTICES.contains(known.getClass())
                        || JOINS.contains(known.getClass()) && vertex.getInputVertices().length > 1);
    }

    private static Layer inside(Layer layer) {
        return layer instanceof BaseWrapperLayer ? ((BaseWrapperLayer) layer).getUnderlying() : layer;
    }
}
