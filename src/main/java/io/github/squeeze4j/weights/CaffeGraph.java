package io.github.squeeze4j.weights;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.layers.Layer;

/**
 * A network of DL4J's in the making: which vertex gives which blob. Vectors are [N, C] here where Caffe may have [N, C, 1, 1].
 */
final class CaffeGraph {
    private final ComputationGraphConfiguration.GraphBuilder builder;
    private final Map<CaffeBlob, String> vertices = new HashMap<>();
    private final Set<CaffeBlob> vectors = new HashSet<>();
    private final Map<CaffeBlob, String> maps = new HashMap<>();
    private final Set<String> names;
    /** Vertices that give several blobs. */
    private final Set<String> shared = new HashSet<>();

    /** @param names of all layers, which no vertex in between may have */
    CaffeGraph(ComputationGraphConfiguration.GraphBuilder builder, Set<String> names) {
        this.builder = builder;
        this.names = new HashSet<>(names);
    }

    void define(CaffeBlob blob, String vertex, boolean isVector) {
        vertices.put(blob, vertex);
        if (isVector) {
            vectors.add(blob);
        }
    }

    /** A layer that changes nothing. */
    void defineAs(CaffeBlob blob, CaffeBlob same) {
        define(blob, vertex(same), isVector(same));
        shared.add(vertex(same));
    }

    boolean isVector(CaffeBlob blob) {
        return vectors.contains(blob);
    }

    /** As it is, map or vector. */
    String vertex(CaffeBlob blob) {
        return vertices.get(blob);
    }

    /** As [N, C, H, W]. */
    String map(CaffeBlob blob) {
        return isVector(blob)
                ? maps.computeIfAbsent(blob, b -> reshaped(fresh(vertex(b) + "/map"), vertex(b), b.shape))
                : vertex(blob);
    }

    /** As [N, values]. */
    String vector(CaffeBlob blob) {
        return isVector(blob)
                ? vertex(blob)
                : reshaped(fresh(vertex(blob) + "/vector"), vertex(blob), blob.shape[0], blob.length());
    }

    /** For a layer of DL4J's that may write over its input: a copy where others read it, too, and of the network's input. */
    String vertexToWriteOver(CaffeBlob blob) {
        String vertex = vertex(blob);
        boolean own = blob.readers.size() == 1 && blob.maker != null && !shared.contains(vertex);
        return own ? vertex : vertex(fresh(vertex + "/copy"), new ScaleVertex(1), vertex);
    }

    String vectorToWriteOver(CaffeBlob blob) {
        return isVector(blob) ? vertexToWriteOver(blob) : vector(blob);
    }

    String reshaped(String name, String from, long... shape) {
        int[] sizes = new int[shape.length];
        sizes[0] = -1;
        for (int i = 1; i < sizes.length; i++) {
            sizes[i] = Math.toIntExact(shape[i]);
        }
        return vertex(name, new ReshapeVertex(sizes), from);
    }

    String layer(String name, Layer layer, String from) {
        builder.addLayer(name, layer, from);
        return name;
    }

    String vertex(String name, GraphVertex vertex, String... from) {
        builder.addVertex(name, vertex, from);
        return name;
    }

    /** A name like this one that nothing has. */
    String fresh(String wanted) {
        String name = wanted;
        for (int i = 2; !names.add(name); i++) {
            name = wanted + i;
        }
        return name;
    }
}
