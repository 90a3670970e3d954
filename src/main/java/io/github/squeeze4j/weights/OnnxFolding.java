package io.github.squeeze4j.weights;

import io.github.squeeze4j.internal.LockedNormalization;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativeConvolution;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Batch normalization by running statistics as part of the convolution before it.
 *
 * <pre>
 * s = gamma / sqrt(var + epsilon),   W' = s W,   b' = beta + s (b - mean)
 * </pre>
 *
 * <p>Computed in double precision. A convolution is folded where it has no activation, is no output of the network, and nothing but one
 * batch normalization reads it.
 */
final class OnnxFolding {
    /** Convolutions by the batch normalization that takes them in. */
    final Map<String, String> convolutions = new LinkedHashMap<>();

    /** Statistics, scale and shift of one batch normalization, [C] each, in double precision. */
    static final class Statistics {
        final INDArray gamma;
        final INDArray beta;
        final INDArray mean;
        final INDArray var;

        Statistics(BatchNormalization layer, Map<String, INDArray> parameters) {
            mean = exact(parameters.get("mean"));
            INDArray log = parameters.get("log10stdev");
            var = log == null ? exact(parameters.get("var")) : power(exact(log).mul(2));
            gamma = layer.isLockGammaBeta()
                    ? Nd4j.valueArrayOf(mean.shape(), LockedNormalization.gamma(layer), DataType.DOUBLE)
                    : exact(parameters.get("gamma"));
            beta = layer.isLockGammaBeta()
                    ? Nd4j.valueArrayOf(mean.shape(), LockedNormalization.beta(layer), DataType.DOUBLE)
                    : exact(parameters.get("beta"));
        }

        private static INDArray exact(INDArray values) {
            return values.castTo(DataType.DOUBLE).reshape(values.length());
        }

        private static INDArray power(INDArray exponents) {
            return Transforms.exp(exponents.mul(Math.log(10)));
        }
    }

    /** Nothing is folded. */
    static OnnxFolding none() {
        return new OnnxFolding();
    }

    /** All that can be. */
    static OnnxFolding of(ComputationGraphConfiguration configuration) {
        OnnxFolding folding = new OnnxFolding();
        Map<String, List<String>> inputs = configuration.getVertexInputs();
        inputs.forEach((name, from) -> {
            LayerVertex vertex = layer(configuration, name);
            LayerVertex before = from.size() == 1 ? layer(configuration, from.get(0)) : null;
            if (vertex != null
                    && before != null
                    && vertex.getPreProcessor() == null
                    && isNormalization(inside(vertex))
                    && isLinear(inside(before))
                    && !configuration.getNetworkOutputs().contains(from.get(0))
                    && readers(inputs, from.get(0)) == 1) {
                folding.convolutions.put(name, from.get(0));
            }
        });
        return folding;
    }

    /** Whether the vertex is written as part of another. */
    boolean takesIn(String vertex) {
        return convolutions.containsValue(vertex);
    }

    /** Weights and biases of the convolution that does both. */
    static INDArray[] folded(
            Map<String, INDArray> convolution, BatchNormalization layer, Map<String, INDArray> normalization) {
        Statistics of = new Statistics(layer, normalization);
        INDArray scale = of.gamma.div(Transforms.sqrt(of.var.add(layer.getEps())));
        INDArray weights = convolution.get("W").castTo(DataType.DOUBLE);
        INDArray biases = convolution.get("b");
        INDArray centred =
                biases == null ? of.mean.neg() : Statistics.exact(biases).sub(of.mean);
        return new INDArray[] {
            weights.mul(scale.reshape(scale.length(), 1, 1, 1)),
            centred.mul(scale).add(of.beta)
        };
    }

    private static LayerVertex layer(ComputationGraphConfiguration configuration, String name) {
        GraphVertex vertex = configuration.getVertices().get(name);
        return vertex != null && vertex.getClass() == LayerVertex.class ? (LayerVertex) vertex : null;
    }

    static Layer inside(LayerVertex vertex) {
        Layer layer = vertex.getLayerConf().getLayer();
        return layer instanceof FrozenLayer ? ((FrozenLayer) layer).getLayer() : layer;
    }

    static boolean isConvolution(Layer layer) {
        Class<?> type = layer.getClass();
        return type == ConvolutionLayer.class || type == NativeConvolution.class || type == GroupedConvolution.class;
    }

    static boolean isNormalization(Layer layer) {
        return layer.getClass() == BatchNormalization.class || layer.getClass() == NativeBatchNormalization.class;
    }

    private static boolean isLinear(Layer layer) {
        return isConvolution(layer)
                && ((ConvolutionLayer) layer).getActivationFn().getClass() == ActivationIdentity.class;
    }

    private static int readers(Map<String, List<String>> inputs, String name) {
        return inputs.values().stream()
                .mapToInt(from -> Collections.frequency(from, name))
                .sum();
    }
}
