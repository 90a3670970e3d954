package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Constants;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex;
import org.deeplearning4j.nn.layers.FrozenLayer;
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
    final ComputationGraph graph;

    private final int[] order;
    private final Node[] byVertex;
    private final boolean[] trained;

    /** @throws Unsupported if the whole network must stay as it is */
    Plan(ComputationGraph graph) {
        this.graph = graph;
        order = graph.topologicalSortOrder();
        GraphVertex[] vertices = graph.getVertices();
        byVertex = new Node[vertices.length];
        if (graph.getConfiguration().getDataType() != DataType.FLOAT) {
            throw new Unsupported(
                    "its data type is " + graph.getConfiguration().getDataType() + " and oneDNN computes in FLOAT");
        }
        channelsLast = format(vertices) == CNN2DFormat.NHWC;
        run = new Run(channelsLast);
        NodeFactory factory = new NodeFactory(graph, run);
        for (int index : order) {
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
            if (isReadOutside(vertices[node.vertex])) {
                results.add(node.vertex);
            }
        }
        trained = trained();
        if (nodes.stream().noneMatch(node -> node.whyNotNative() == null)) {
            throw new Unsupported("it has no layer that oneDNN computes");
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

    private boolean isReadOutside(GraphVertex vertex) {
        boolean outside = vertex.isOutputVertex() || vertex.getOutputVertices() == null;
        if (vertex.getOutputVertices() != null) {
            for (VertexIndices to : vertex.getOutputVertices()) {
                outside |= byVertex[to.getVertexIndex()] == null;
            }
        }
        return outside;
    }

    /** Whether a node of the plan reads a result. */
    boolean isReadInside(int vertex) {
        for (Node node : nodes) {
            for (int input : node.inputs) {
                if (input == vertex) {
                    return true;
                }
            }
        }
        return false;
    }

    static boolean isOutputLayer(GraphVertex vertex) {
        return vertex.hasLayer() && vertex.getLayer() instanceof IOutputLayer;
    }

    static boolean isFrozen(GraphVertex vertex) {
        return vertex instanceof FrozenVertex || vertex.hasLayer() && vertex.getLayer() instanceof FrozenLayer;
    }

    private static CNN2DFormat format(GraphVertex[] vertices) {
        CNN2DFormat format = null;
        for (GraphVertex vertex : vertices) {
            CNN2DFormat own = vertex.hasLayer() ? NodeFactory.format(vertex.getLayer()) : null;
            if (own != null && format != null && own != format) {
                throw new Unsupported("its layers are of two formats, NCHW and NHWC");
            }
            format = own == null ? format : own;
        }
        return format;
    }

    Node node(int vertex) {
        return byVertex[vertex];
    }

    boolean isInput(int vertex) {
        return byVertex[vertex] == null;
    }

    /** Whether DL4J computes a result, in memory that may be that of its input. */
    boolean isForeign(int vertex) {
        return byVertex[vertex] instanceof VertexNode;
    }

    /** Per vertex, whether the gradient of its result changes anything that is learned. */
    private boolean[] trained() {
        boolean[] wanted = new boolean[byVertex.length];
        for (Node node : nodes) {
            boolean any = node.learns();
            for (int input : node.inputs) {
                any |= wanted[input];
            }
            // DL4J goes no further where it meets a frozen layer
            wanted[node.vertex] = any && !isFrozen(graph.getVertices()[node.vertex]);
        }
        return wanted;
    }

    /** Whether training needs the backward pass of a vertex. */
    boolean isTrained(int vertex) {
        return trained[vertex];
    }

    /** Shapes of all results, [N, C, H, W] or [N, F], for those of the network's inputs. */
    long[][] shapes(long[][] inputShapes) {
        long[][] shapes = new long[byVertex.length][];
        Map<String, InputType> types = new LinkedHashMap<>();
        GraphVertex[] vertices = graph.getVertices();
        List<String> names = graph.getConfiguration().getNetworkInputs();
        long batch = inputShapes[0][0];
        for (int i = 0; i < names.size(); i++) {
            types.put(names.get(i), type(inputShapes[i]));
        }
        int layers = 0;
        for (int index : order) {
            GraphVertex vertex = vertices[index];
            String name = vertex.getVertexName();
            if (isOutputLayer(vertex)) {
                continue;
            }
            if (!vertex.isInputVertex()) {
                InputType[] from = new InputType[byVertex[index].inputs.length];
                for (int i = 0; i < from.length; i++) {
                    from[i] = types.get(vertices[byVertex[index].inputs[i]].getVertexName());
                }
                try {
                    types.put(
                            name,
                            graph.getConfiguration().getVertices().get(name).getOutputType(layers, from));
                } catch (RuntimeException e) {
                    throw new Unsupported("vertex " + name + ": " + e.getMessage());
                }
            }
            layers += vertex.hasLayer() ? 1 : 0;
            shapes[index] = shape(name, batch, types.get(name));
        }
        return shapes;
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
