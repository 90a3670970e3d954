package io.github.squeeze4j.explain;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.blocks.SelectiveKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SpaceToDepthLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.Upsampling2D;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;

/** The part of a graph on which one output depends: its order, the stride of each of its vertices, and its stages. */
final class Wiring {
    private final ComputationGraph graph;
    private final int output;
    private final int[] order;
    /** By vertex: pixels of the input per position, 0 where there are no positions. */
    private final double[] strides;
    /** By vertex: whether a convolution lies before it, or is it. */
    private final boolean[] convolved;

    private final CNN2DFormat[] formats;

    Wiring(ComputationGraph graph, String outputName) {
        this.graph = graph;
        output = graph.getVertex(outputName).getVertexIndex();
        GraphVertex[] vertices = graph.getVertices();
        boolean[] needed = new boolean[vertices.length];
        needed[output] = true;
        int[] all = graph.topologicalSortOrder();
        List<Integer> kept = new ArrayList<>();
        for (int place = all.length - 1; place >= 0; place--) {
            if (needed[all[place]]) {
                kept.add(0, all[place]);
                for (VertexIndices input : inputs(vertices[all[place]])) {
                    needed[input.getVertexIndex()] = true;
                }
            }
        }
        order = kept.stream().mapToInt(i -> i).toArray();
        strides = new double[vertices.length];
        convolved = new boolean[vertices.length];
        formats = new CNN2DFormat[vertices.length];
        for (int index : order) {
            follow(vertices[index]);
        }
    }

    /** Vertices from the input to the output, the output last. */
    int[] order() {
        return order;
    }

    int output() {
        return output;
    }

    /** Pixels of the input per position of a vertex's map along each side; 0 where it has none. */
    int stride(int vertex) {
        return (int) Math.round(strides[vertex]);
    }

    boolean isConvolved(int vertex) {
        return convolved[vertex];
    }

    CNN2DFormat format(int vertex) {
        return formats[vertex] == null ? CNN2DFormat.NCHW : formats[vertex];
    }

    /** Whether any convolution lies before the output. */
    boolean convolves() {
        return Arrays.stream(order).anyMatch(index -> convolved[index] && strides[index] > 0);
    }

    /**
     * The last vertex of each stride through which all goes on to the output, and where a stride has no such vertex its last;
     * a map of one position, of those given, counts where it is not what a pooling made of a larger one.
     *
     * @param maps height and width of each vertex's map, null where it has none
     */
    Map<Integer, Integer> stages(int[][] maps) {
        Map<Integer, Integer> last = new TreeMap<>();
        Map<Integer, Integer> lastNarrow = new TreeMap<>();
        boolean[] pooled = new boolean[maps.length];
        int open = 0;
        int[] lastReader = lastReaders();
        for (int place = 0; place < order.length; place++) {
            int index = order[place];
            boolean narrow = open <= place;
            open = Math.max(open, lastReader[index]);
            pooled[index] = maps[index] == null || isPooledAway(index, maps, pooled);
            if (!convolved[index] || strides[index] <= 0 || pooled[index]) {
                continue;
            }
            last.put(stride(index), index);
            if (narrow) {
                lastNarrow.put(stride(index), index);
            }
        }
        last.putAll(lastNarrow);
        return last;
    }

    private boolean isPooledAway(int index, int[][] maps, boolean[] pooled) {
        boolean one = maps[index][0] * maps[index][1] == 1;
        for (VertexIndices input : inputs(graph.getVertices()[index])) {
            int before = input.getVertexIndex();
            if (one
                    && (pooled[before]
                            || maps[before] != null
                                    && maps[before][0] * maps[before][1] > 1
                                    && Vertices.layer(graph.getVertices()[index]) instanceof SubsamplingLayer)) {
                return true;
            }
        }
        return false;
    }

    /** By vertex: the place of the last that reads it. */
    private int[] lastReaders() {
        int[] last = new int[graph.getVertices().length];
        for (int place = 0; place < order.length; place++) {
            for (VertexIndices input : inputs(graph.getVertices()[order[place]])) {
                last[input.getVertexIndex()] = place;
            }
        }
        return last;
    }

    private void follow(GraphVertex vertex) {
        int index = vertex.getVertexIndex();
        if (vertex.isInputVertex()) {
            strides[index] = 1;
            return;
        }
        for (VertexIndices input : inputs(vertex)) {
            strides[index] = Math.max(strides[index], strides[input.getVertexIndex()]);
            convolved[index] |= convolved[input.getVertexIndex()];
            if (formats[input.getVertexIndex()] != null) {
                formats[index] = formats[input.getVertexIndex()];
            }
        }
        Layer layer = Vertices.layer(vertex);
        if (layer instanceof Deconvolution2D) {
            strides[index] /= longer(((ConvolutionLayer) layer).getStride());
        } else if (layer instanceof ConvolutionLayer) {
            strides[index] *= longer(((ConvolutionLayer) layer).getStride());
        } else if (layer instanceof SubsamplingLayer) {
            strides[index] *= longer(((SubsamplingLayer) layer).getStride());
        } else if (layer instanceof Upsampling2D) {
            strides[index] /= longer(((Upsampling2D) layer).getSize());
        } else if (layer instanceof SpaceToDepthLayer) {
            strides[index] *= ((SpaceToDepthLayer) layer).getBlockSize();
        } else if (layer instanceof GlobalPoolingLayer) {
            strides[index] = 0;
        }
        if (layer instanceof ConvolutionLayer) {
            convolved[index] = true;
            formats[index] = ((ConvolutionLayer) layer).getCnn2dDataFormat();
        } else if (layer instanceof SelectiveKernel) {
            strides[index] *= ((SelectiveKernel) layer).stride();
            convolved[index] = true;
            formats[index] = ((SelectiveKernel) layer).getFormat();
        }
    }

    private static double longer(int[] sides) {
        return sides.length == 0 ? 1 : Math.max(sides[0], sides[sides.length - 1]);
    }

    private static VertexIndices[] inputs(GraphVertex vertex) {
        return vertex.getInputVertices() == null ? new VertexIndices[0] : vertex.getInputVertices();
    }

    /** The vertex of that name, or a complaint with the names there are. */
    int vertex(String name) {
        for (int index : order) {
            if (strides[index] > 0 && graph.getVertices()[index].getVertexName().equals(name)) {
                return index;
            }
        }
        String known = Arrays.stream(order)
                .filter(index -> strides[index] > 0 && convolved[index])
                .mapToObj(index -> graph.getVertices()[index].getVertexName())
                .collect(Collectors.joining(", "));
        throw new BadInputException(
                "layer (" + name + ") must be one with a map before the output; use one of " + known);
    }
}
