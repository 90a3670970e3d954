package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.AttentionBlock;
import io.github.squeeze4j.blocks.Computation;
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
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.FrozenVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;

/** Which vertex becomes which node. */
final class NodeFactory {
    /** Functions without parameters; the rectifier, which has some, is {@link #rectifier}. */
    private static final Map<Class<? extends IActivation>, Function> FUNCTIONS = new HashMap<>();

    static {
        FUNCTIONS.put(ActivationIdentity.class, Function.IDENTITY);
        FUNCTIONS.put(ActivationReLU6.class, Function.RELU6);
        FUNCTIONS.put(ActivationSigmoid.class, Function.SIGMOID);
        FUNCTIONS.put(ActivationTanH.class, Function.TANH);
        FUNCTIONS.put(ActivationSwish.class, Function.SILU);
        FUNCTIONS.put(HardSwish.class, Function.HARD_SWISH);
    }

    private final Topology topology;
    private final Run run;
    private final CNN2DFormat format;
    private final boolean random;

    /** @param format of the network's maps */
    NodeFactory(Topology topology, Run run, CNN2DFormat format) {
        this.topology = topology;
        this.run = run;
        this.format = format;
        random = topology.drawsRandomNumbers();
    }

    /** @throws Unsupported if oneDNN has no function with these parameters */
    private static Function function(IActivation activation) {
        Function function = activation.getClass() == ActivationReLU.class
                ? rectifier((ActivationReLU) activation)
                : FUNCTIONS.get(activation.getClass());
        require(function != null, " with activation " + activation);
        return function;
    }

    private static Function rectifier(ActivationReLU relu) {
        boolean plain = isZero(relu.getThreshold()) && isZero(relu.getNegativeSlope());
        if (!plain) {
            return null;
        }
        // DL4J takes a limit of 0 for a limit forward and for none backward
        return relu.getMax() == null ? Function.RELU : relu.getMax() == 6 ? Function.RELU6 : null;
    }

    private static boolean isZero(Double value) {
        return value == null || value == 0;
    }

    private static Layer inside(Layer runtime) {
        return runtime.getClass() == FrozenLayer.class ? ((FrozenLayer) runtime).getInsideLayer() : runtime;
    }

    /** The native node, or else DL4J's own computation with the reason. */
    Node node(GraphVertex vertex, int[] inputs) {
        org.deeplearning4j.nn.conf.graph.GraphVertex described = topology.described.get(vertex.getVertexName());
        boolean frozen = vertex.getClass() == org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex.class;
        if (described.getClass() == FrozenVertex.class) {
            described = ((FrozenVertex) described).getUnderlying();
        }
        if (described.getClass() == LayerVertex.class && !frozen) {
            return layer((org.deeplearning4j.nn.graph.vertex.impl.LayerVertex) vertex, inputs);
        }
        String name = vertex.getVertexName();
        int index = vertex.getVertexIndex();
        if (described.getClass() == ElementWiseVertex.class) {
            ElementWiseVertex.Op op = ((ElementWiseVertex) described).getOp();
            return op == ElementWiseVertex.Op.Add
                    ? new AdditionNode(name, index, inputs)
                    : foreign(vertex, inputs, "element-wise " + op);
        }
        if (described.getClass() == MergeVertex.class || described.getClass() == ChannelMerge.class) {
            return new ConcatenationNode(name, index, MergeAxis.of(vertex), inputs);
        }
        return foreign(vertex, inputs, described.getClass().getSimpleName());
    }

    private Node foreign(GraphVertex vertex, int[] inputs, String reason) {
        return new VertexNode(vertex, inputs, run, reason);
    }

    private Node layer(org.deeplearning4j.nn.graph.vertex.impl.LayerVertex vertex, int[] inputs) {
        Layer runtime = inside(vertex.getLayer());
        if (runtime instanceof BaseWrapperLayer) {
            return foreign(vertex, inputs, runtime.getClass().getSimpleName());
        }
        if (vertex.getLayerPreProcessor() != null) {
            return foreign(
                    vertex,
                    inputs,
                    "input preprocessor "
                            + vertex.getLayerPreProcessor().getClass().getSimpleName());
        }
        org.deeplearning4j.nn.conf.layers.Layer conf = runtime.conf().getLayer();
        IWeightNoise noise = conf instanceof BaseLayer ? ((BaseLayer) conf).getWeightNoise() : null;
        if (noise != null && !Noises.areOfTraining(noise)) {
            return foreign(vertex, inputs, "weight noise");
        }
        boolean frozen = Plan.isFrozen(vertex);
        Node known;
        try {
            known = known(vertex.getVertexName(), vertex.getVertexIndex(), inputs[0], runtime, conf, frozen);
        } catch (Unsupported e) {
            return foreign(vertex, inputs, conf.getClass().getSimpleName() + e.getMessage());
        }
        // they belong to training, and never to a frozen layer; dropout that drops nothing still draws numbers
        boolean drops = conf.getIDropout() != null && (random || !Noises.areNone(conf.getIDropout()));
        boolean block = known instanceof BlockNode && ((BlockNode) known).whyNotTrained() != null;
        String reason = drops
                ? "dropout"
                : noise != null ? "weight noise" : block ? conf.getClass().getSimpleName() : null;
        return frozen && !block || reason == null
                ? known
                : new NoisyNode(
                        known, new VertexNode(vertex, inputs, run, reason + "; at inference oneDNN computes it"));
    }

    /** @throws Unsupported if there is no node for these options, which the message names */
    private Node known(
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
            require(!normalization.isLockGammaBeta(), " with locked gamma and beta");
            return new BatchNormalizationNode(
                    name,
                    index,
                    input,
                    layer,
                    normalization.getEps(),
                    normalization.getDecay(),
                    normalization.isUseLogStd(),
                    normalization.getCnn2DFormat(),
                    frozen);
        }
        if (type == ActivationLayer.class) {
            return new ActivationNode(name, index, input, function(((ActivationLayer) conf).getActivationFn()));
        }
        if (type == SubsamplingLayer.class || type == NativePooling.class) {
            return pooling(name, index, input, (SubsamplingLayer) conf);
        }
        if (type == GlobalPoolingLayer.class) {
            return globalPooling(name, index, input, (GlobalPoolingLayer) conf);
        }
        if (conf instanceof AttentionBlock) {
            AttentionBlock block = (AttentionBlock) conf;
            require(block.getComputation() == Computation.FUSED, " with Computation." + block.getComputation());
            require(block.getFormat() == format, " in format " + block.getFormat());
            return new BlockNode(name, index, input, layer, block, frozen);
        }
        throw new Unsupported("");
    }

    private static void require(boolean rule, String otherwise) {
        if (!rule) {
            throw new Unsupported(otherwise);
        }
    }

    private Node globalPooling(String name, int index, int input, GlobalPoolingLayer conf) {
        Pooling.Kind kind = conf.getPoolingType() == PoolingType.AVG
                ? Pooling.Kind.AVERAGE
                : conf.getPoolingType() == PoolingType.MAX ? Pooling.Kind.MAX : null;
        int[] axes = conf.getPoolingDimensions() == null ? new int[] {2, 3} : conf.getPoolingDimensions();
        require(kind != null, " of type " + conf.getPoolingType());
        require(
                Arrays.equals(axes, format == CNN2DFormat.NCHW ? new int[] {2, 3} : new int[] {1, 2}),
                " along axes " + Arrays.toString(axes));
        require(conf.isCollapseDimensions(), " that keeps its axes");
        return new GlobalPoolingNode(name, index, input, kind);
    }

    private Node convolution(String name, int index, int input, Layer layer, ConvolutionLayer conf, boolean frozen) {
        Function activation = function(conf.getActivationFn());
        require(conf.getConvolutionMode() != ConvolutionMode.Causal, " in mode Causal");
        Geometry geometry = new Geometry(
                conf.getKernelSize(),
                conf.getStride(),
                conf.getDilation(),
                conf.getPadding(),
                conf.getConvolutionMode());
        int groups = conf instanceof GroupedConvolution ? ((GroupedConvolution) conf).getGroups() : 1;
        return new ConvolutionNode(name, index, input, layer, geometry, groups, conf.hasBias(), activation, frozen);
    }

    private Node pooling(String name, int index, int input, SubsamplingLayer conf) {
        Pooling.Kind kind;
        if (conf.getPoolingType() == org.deeplearning4j.nn.conf.layers.PoolingType.MAX) {
            kind = Pooling.Kind.MAX;
        } else if (conf.getPoolingType() == org.deeplearning4j.nn.conf.layers.PoolingType.AVG) {
            boolean counts = conf instanceof NativePooling
                    ? ((NativePooling) conf).countsPadding()
                    : conf.isAvgPoolIncludePadInDivisor();
            kind = counts ? Pooling.Kind.AVERAGE : Pooling.Kind.AVERAGE_INSIDE;
        } else {
            throw new Unsupported(" of type " + conf.getPoolingType());
        }
        require(
                conf.getDilation()[0] == 1 && conf.getDilation()[1] == 1,
                " with dilation " + Arrays.toString(conf.getDilation()));
        require(
                !(conf instanceof NativePooling && ((NativePooling) conf).countsPartOfWindows()),
                " that counts a part of its windows");
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
