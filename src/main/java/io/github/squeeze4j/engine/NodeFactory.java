package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.Gate;
import io.github.squeeze4j.blocks.SqueezeExcitation;
import io.github.squeeze4j.layers.ChannelMerge;
import io.github.squeeze4j.layers.GroupedConvolution;
import io.github.squeeze4j.layers.HardSwish;
import io.github.squeeze4j.layers.NativeBatchNormalization;
import io.github.squeeze4j.layers.NativeConvolution;
import io.github.squeeze4j.layers.NativePooling;
import io.github.squeeze4j.onednn.Function;
import io.github.squeeze4j.onednn.Pooling;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.LayerVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;

/** Which vertex becomes which node. */
final class NodeFactory {
    private static final Map<Class<? extends IActivation>, Function> FUNCTIONS = new HashMap<>();

    static {
        FUNCTIONS.put(ActivationIdentity.class, Function.IDENTITY);
        FUNCTIONS.put(ActivationReLU.class, Function.RELU);
        FUNCTIONS.put(ActivationReLU6.class, Function.RELU6);
        FUNCTIONS.put(ActivationSigmoid.class, Function.SIGMOID);
        FUNCTIONS.put(ActivationTanH.class, Function.TANH);
        FUNCTIONS.put(ActivationSwish.class, Function.SILU);
        FUNCTIONS.put(HardSwish.class, Function.HARD_SWISH);
    }

    private final ComputationGraph graph;
    private final Run run;

    NodeFactory(ComputationGraph graph, Run run) {
        this.graph = graph;
        this.run = run;
    }

    /** The layout in which a layer was told to read maps; null where it does not matter. */
    static CNN2DFormat format(Layer runtime) {
        org.deeplearning4j.nn.conf.layers.Layer conf = conf(runtime);
        if (conf instanceof ConvolutionLayer) {
            return ((ConvolutionLayer) conf).getCnn2dDataFormat();
        }
        if (conf instanceof SubsamplingLayer) {
            return ((SubsamplingLayer) conf).getCnn2dDataFormat();
        }
        return null;
    }

    private static Layer inside(Layer runtime) {
        return runtime instanceof FrozenLayer ? ((FrozenLayer) runtime).getInsideLayer() : runtime;
    }

    private static org.deeplearning4j.nn.conf.layers.Layer conf(Layer runtime) {
        return inside(runtime).conf().getLayer();
    }

    /** The native node, or else DL4J's own computation with the reason. */
    Node node(GraphVertex vertex, int[] inputs) {
        String name = vertex.getVertexName();
        int index = vertex.getVertexIndex();
        org.deeplearning4j.nn.conf.graph.GraphVertex described =
                graph.getConfiguration().getVertices().get(name);
        if (described instanceof FrozenVertex) {
            described = ((FrozenVertex) described).getUnderlying();
        }
        if (described instanceof ElementWiseVertex) {
            ElementWiseVertex.Op op = ((ElementWiseVertex) described).getOp();
            return op == ElementWiseVertex.Op.Add
                    ? new AdditionNode(name, index, inputs)
                    : foreign(vertex, inputs, op + " of maps");
        }
        if (described.getClass() == MergeVertex.class || described instanceof ChannelMerge) {
            return new ConcatenationNode(name, index, ((MergeVertex) described).getMergeAxis(), inputs);
        }
        if (!(vertex instanceof LayerVertex)) {
            return foreign(vertex, inputs, described.getClass().getSimpleName());
        }
        if (((LayerVertex) vertex).getLayerPreProcessor() != null) {
            return foreign(vertex, inputs, "it has an input preprocessor");
        }
        org.deeplearning4j.nn.conf.layers.Layer conf = conf(vertex.getLayer());
        if (conf.getIDropout() != null) {
            return foreign(vertex, inputs, "it has dropout");
        }
        if (conf instanceof BaseLayer && ((BaseLayer) conf).getWeightNoise() != null) {
            return foreign(vertex, inputs, "it has weight noise");
        }
        Node node = layer(name, index, inputs[0], inside(vertex.getLayer()), conf, Plan.isFrozen(vertex));
        return node == null ? foreign(vertex, inputs, unknown(conf)) : node;
    }

    private Node foreign(GraphVertex vertex, int[] inputs, String reason) {
        return new VertexNode(vertex, inputs, run, reason);
    }

    private static String unknown(org.deeplearning4j.nn.conf.layers.Layer conf) {
        return conf.getClass().getSimpleName() + " with these options";
    }

    /** Null if there is none for these options. */
    private static Node layer(
            String name,
            int index,
            int input,
            Layer layer,
            org.deeplearning4j.nn.conf.layers.Layer conf,
            boolean frozen) {
        Class<?> type = conf.getClass();
        if (type == ConvolutionLayer.class || type == NativeConvolution.class || type == GroupedConvolution.class) {
            return convolution(name, index, input, layer, (ConvolutionLayer) conf, frozen);
        }
        if (type == BatchNormalization.class || type == NativeBatchNormalization.class) {
            BatchNormalization normalization = (BatchNormalization) conf;
            return normalization.isLockGammaBeta()
                    ? null
                    : new BatchNormalizationNode(
                            name,
                            index,
                            input,
                            layer,
                            normalization.getEps(),
                            normalization.getDecay(),
                            normalization.isUseLogStd(),
                            frozen);
        }
        if (type == ActivationLayer.class) {
            Function function =
                    FUNCTIONS.get(((ActivationLayer) conf).getActivationFn().getClass());
            return function == null ? null : new ActivationNode(name, index, input, function);
        }
        if (type == SubsamplingLayer.class || type == NativePooling.class) {
            return pooling(name, index, input, (SubsamplingLayer) conf);
        }
        if (type == GlobalPoolingLayer.class) {
            GlobalPoolingLayer pooling = (GlobalPoolingLayer) conf;
            Pooling.Kind kind = pooling.getPoolingType() == PoolingType.AVG
                    ? Pooling.Kind.AVERAGE
                    : pooling.getPoolingType() == PoolingType.MAX ? Pooling.Kind.MAX : null;
            int[] axes = pooling.getPoolingDimensions();
            boolean whole =
                    axes == null || Arrays.equals(axes, new int[] {2, 3}) || Arrays.equals(axes, new int[] {1, 2});
            boolean plain = pooling.isCollapseDimensions() && whole;
            return kind == null || !plain ? null : new GlobalPoolingNode(name, index, input, kind);
        }
        if (type == SqueezeExcitation.class) {
            SqueezeExcitation block = (SqueezeExcitation) conf;
            Function gate = block.getGate() == Gate.SIGMOID ? Function.SIGMOID : Function.HARD_SIGMOID;
            Function inner = block.getActivation() == Activation.RELU
                    ? Function.RELU
                    : block.getActivation() == Activation.SWISH ? Function.SILU : null;
            return inner == null ? null : new SqueezeExcitationNode(name, index, input, layer, inner, gate, frozen);
        }
        return null;
    }

    private static Node convolution(
            String name, int index, int input, Layer layer, ConvolutionLayer conf, boolean frozen) {
        Function activation = FUNCTIONS.get(conf.getActivationFn().getClass());
        if (activation == null) {
            return null;
        }
        Geometry geometry = new Geometry(
                conf.getKernelSize(),
                conf.getStride(),
                conf.getDilation(),
                conf.getPadding(),
                conf.getConvolutionMode());
        int groups = conf instanceof GroupedConvolution ? ((GroupedConvolution) conf).getGroups() : 1;
        return new ConvolutionNode(name, index, input, layer, geometry, groups, conf.hasBias(), activation, frozen);
    }

    private static Node pooling(String name, int index, int input, SubsamplingLayer conf) {
        Pooling.Kind kind;
        if (conf.getPoolingType() == org.deeplearning4j.nn.conf.layers.PoolingType.MAX) {
            kind = Pooling.Kind.MAX;
        } else if (conf.getPoolingType() == org.deeplearning4j.nn.conf.layers.PoolingType.AVG) {
            boolean counts = conf instanceof NativePooling
                    ? ((NativePooling) conf).countsPadding()
                    : conf.isAvgPoolIncludePadInDivisor();
            kind = counts ? Pooling.Kind.AVERAGE : Pooling.Kind.AVERAGE_INSIDE;
        } else {
            return null;
        }
        boolean ceil = conf instanceof NativePooling && ((NativePooling) conf).isCeilMode();
        Geometry geometry = new Geometry(
                conf.getKernelSize(),
                conf.getStride(),
                conf.getDilation(),
                conf.getPadding(),
                conf.getConvolutionMode(),
                ceil);
        return new PoolingNode(name, index, input, kind, geometry);
    }
}
