package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Constants;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.api.buffer.DataType;

/** A network as nodes: everything between its inputs and its output layers, which stay DL4J's. */
final class Plan {
    /** In topological order. */
    final List<Node> nodes = new ArrayList<>();
    /** Vertices whose results are read outside. */
    final List<Integer> results = new ArrayList<>();

    final boolean channelsLast;
    final Run run;
    final Constants constants = new Constants();
    final Topology topology;
    /** Of maps at inference. */
    final DataType maps;
    /** Convolutions that are FLOAT though maps are not, as they become known. */
    final Set<String> single = new LinkedHashSet<>();
    /** As {@link Overwriting#inOneWorkspace}. */
    final String refusalInOneWorkspace;

    private final Node[] byVertex;
    private final boolean[] beforeForeign;
    private final boolean[] trained;
    private final boolean[] reached;

    /** @throws Unsupported if the whole network must stay as it is, in training at least */
    static Plan forTraining(Topology topology, DataType maps) {
        Overwriting.refuseInTraining(topology);
        Noises.refuseInBackward(topology);
        return new Plan(topology, maps);
    }

    /** @throws Unsupported if the whole network must stay as it is */
    Plan(Topology topology) {
        this(topology, DataType.FLOAT);
    }

    /**
     * @param maps the type of maps at inference
     * @throws Unsupported if the whole network must stay as it is
     */
    Plan(Topology topology, DataType maps) {
        this.topology = topology;
        this.maps = maps;
        GraphVertex[] vertices = topology.vertices;
        byVertex = new Node[vertices.length];
        requireFloat(topology);
        Overwriting.refuse(topology);
        refusalInOneWorkspace = Overwriting.inOneWorkspace(topology);
        CNN2DFormat format = Formats.of(topology);
        channelsLast = format == CNN2DFormat.NHWC;
        run = new Run(channelsLast);
        NodeFactory factory = new NodeFactory(topology, run, format);
        for (int index : topology.order) {
            GraphVertex vertex = vertices[index];
            if (vertex.hasLayer() && vertex.getLayer().isPretrainLayer()) {
                throw new Unsupported("layer " + vertex.getVertexName() + " is pretrained without labels");
            }
            if (!vertex.isInputVertex() && !isOutputLayer(vertex)) {
                Node node = factory.node(vertex, inputs(vertex));
                nodes.add(node);
                byVertex[index] = node;
            }
        }
        for (Node node : nodes) {
            for (int input : node.inputs) {
                if (byVertex[input] == null && !vertices[input].isInputVertex()) {
                    throw new Unsupported("layer " + node.name + " stands behind the output layer "
                            + vertices[input].getVertexName());
                }
            }
            if (isReadOutside(node.vertex)) {
                results.add(node.vertex);
            }
        }
        beforeForeign = beforeForeign();
        trained = reached(false);
        reached = reached(true);
        if (nodes.stream().allMatch(node -> node.isForeign(Mode.INFERENCE))) {
            throw new Unsupported("it has no layer that oneDNN computes");
        }
    }

    static void requireFloat(Topology topology) {
        if (topology.type != DataType.FLOAT) {
            throw new Unsupported("its data type is " + topology.type + " and oneDNN computes in FLOAT");
        }
    }

    private static int[] inputs(GraphVertex vertex) {
        VertexIndices[] from = vertex.getInputVertices();
        int[] inputs = new int[from == null ? 0 : from.length];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = from[i].getVertexIndex();
        }
        return inputs;
    }

    /** Whether an output layer or the user reads a result or an input. */
    boolean isReadOutside(int index) {
        GraphVertex vertex = topology.vertices[index];
        boolean outside = vertex.isOutputVertex() || vertex.getOutputVertices() == null;
        if (vertex.getOutputVertices() != null) {
            for (VertexIndices to : vertex.getOutputVertices()) {
                outside |= byVertex[to.getVertexIndex()] == null;
            }
        }
        return outside;
    }

    /** Whether a vertex computes the score, if behind a wrapper that freezes its parameters. */
    static boolean isOutputLayer(GraphVertex vertex) {
        Layer layer = vertex.hasLayer() ? vertex.getLayer() : null;
        return layer instanceof IOutputLayer
                || layer instanceof BaseWrapperLayer
                        && ((BaseWrapperLayer) layer).getUnderlying() instanceof IOutputLayer;
    }

    static boolean isFrozen(GraphVertex vertex) {
        return vertex instanceof FrozenVertex || vertex.hasLayer() && vertex.getLayer() instanceof FrozenLayer;
    }

    /** As {@link Region#layers}. */
    Map<String, String> layers() {
        Map<String, String> layers = new LinkedHashMap<>();
        for (Node node : nodes) {
            layers.put(node.name, node.whyNotNative());
        }
        return layers;
    }

    Node node(int vertex) {
        return byVertex[vertex];
    }

    boolean isInput(int vertex) {
        return byVertex[vertex] == null;
    }

    /** Whether DL4J computes a result, in memory that may be that of its input. */
    boolean isForeign(int vertex, Mode mode) {
        return byVertex[vertex] != null && byVertex[vertex].isForeign(mode);
    }

    /** Whether a gradient that DL4J's own layers compute reaches a vertex, but for those of {@link Derivatives}. */
    boolean isBeforeForeign(int vertex) {
        return beforeForeign[vertex];
    }

    private boolean[] beforeForeign() {
        boolean[] before = new boolean[byVertex.length];
        before[topology.order[topology.order.length - 1]] = topology.foreignBehind;
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            GraphVertex vertex = topology.vertices[node.vertex];
            boolean numbers = vertex.hasLayer() && Derivatives.areNumbers(vertex.getLayer());
            for (int input : node.inputs) {
                before[input] |= before[node.vertex] || node.isForeign(Mode.TRAINING) && !numbers;
            }
        }
        return before;
    }

    /** Per vertex, whether the gradient of its result changes anything that is learned, or reaches an input. */
    private boolean[] reached(boolean toInputs) {
        boolean[] wanted = new boolean[byVertex.length];
        for (int input : topology.inputVertices()) {
            wanted[input] = toInputs;
        }
        for (Node node : nodes) {
            boolean any = node.learns();
            for (int input : node.inputs) {
                any |= wanted[input];
            }
            // DL4J goes no further where it meets a frozen layer
            wanted[node.vertex] = any && !isFrozen(topology.vertices[node.vertex]);
        }
        return wanted;
    }

    /** Whether training needs the backward pass of a vertex. */
    boolean isTrained(int vertex, Mode mode) {
        return mode == Mode.TRAINING_TO_INPUT ? reached[vertex] : trained[vertex];
    }

    /** Shapes of all results, [N, C, H, W] or [N, F], for those of the network's inputs. */
    long[][] shapes(long[][] inputShapes) {
        long[][] shapes = new long[byVertex.length][];
        InputType[] types = new InputType[byVertex.length];
        int[] inputVertices = topology.inputVertices();
        for (int i = 0; i < inputVertices.length; i++) {
            types[inputVertices[i]] = type(inputShapes[i]);
            shapes[inputVertices[i]] = inputShapes[i];
        }
        int layers = 0;
        for (int index : topology.order) {
            GraphVertex vertex = topology.vertices[index];
            if (isOutputLayer(vertex)) {
                continue;
            }
            if (!vertex.isInputVertex()) {
                int[] inputs = byVertex[index].inputs;
                InputType[] from = new InputType[inputs.length];
                long[][] fromShapes = new long[inputs.length][];
                for (int i = 0; i < from.length; i++) {
                    from[i] = types[inputs[i]];
                    fromShapes[i] = shapes[inputs[i]];
                }
                String name = vertex.getVertexName();
                requireKnownDistance(name, fromShapes);
                try {
                    // of a copy: some of DL4J's layers keep the type that they are asked about
                    types[index] = topology.described.get(name).clone().getOutputType(layers, from);
                } catch (RuntimeException e) {
                    throw new Unsupported("vertex " + name + ": " + e.getMessage());
                }
                shapes[index] =
                        shape(name, Batches.behind(vertex, topology.described.get(name), fromShapes), types[index]);
            }
            layers += vertex.hasLayer() ? 1 : 0;
        }
        return shapes;
    }

    /** ND4J's distance between maps reads memory wrongly, or not theirs, where one is laid out otherwise than the other. */
    private void requireKnownDistance(String name, long[][] from) {
        org.deeplearning4j.nn.conf.graph.GraphVertex described = topology.described.get(name);
        if (described instanceof org.deeplearning4j.nn.conf.graph.FrozenVertex) {
            described = ((org.deeplearning4j.nn.conf.graph.FrozenVertex) described).getUnderlying();
        }
        if (described instanceof L2Vertex && from[0].length > 2) {
            throw new Unsupported(
                    "vertex " + name + " is ND4J's distance between maps, which follows from their layouts in memory");
        }
    }

    private InputType type(long[] shape) {
        if (shape.length == 4) {
            return InputType.convolutional(
                    shape[2], shape[3], shape[1], channelsLast ? CNN2DFormat.NHWC : CNN2DFormat.NCHW);
        }
        if (shape.length == 2) {
            return InputType.feedForward(shape[1]);
        }
        throw new Unsupported("an input has " + shape.length + " axes");
    }

    private static long[] shape(String name, long batch, InputType type) {
        if (type instanceof InputType.InputTypeConvolutional) {
            InputType.InputTypeConvolutional map = (InputType.InputTypeConvolutional) type;
            return new long[] {batch, map.getChannels(), map.getHeight(), map.getWidth()};
        }
        if (type instanceof InputType.InputTypeFeedForward) {
            return new long[] {batch, ((InputType.InputTypeFeedForward) type).getSize()};
        }
        throw new Unsupported("vertex " + name + " gives neither maps nor rows but " + type);
    }
}
