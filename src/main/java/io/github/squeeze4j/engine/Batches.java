package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.SpaceToBatchLayer;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;

/** How many examples a vertex gives; DL4J's {@code getOutputType} does not say. */
final class Batches {
    private Batches() {}

    /**
     * @param from shapes of the vertex's inputs
     * @throws Unsupported if its inputs are of different numbers
     */
    static long behind(GraphVertex vertex, org.deeplearning4j.nn.conf.graph.GraphVertex described, long[][] from) {
        if (described instanceof StackVertex) {
            long sum = 0;
            for (long[] shape : from) {
                sum += shape[0];
            }
            return sum;
        }
        for (long[] shape : from) {
            if (shape[0] != from[0][0]) {
                throw new Unsupported("vertex " + vertex.getVertexName() + " takes inputs of " + from[0][0] + " and "
                        + shape[0] + " examples");
            }
        }
        if (described instanceof UnstackVertex) {
            return from[0][0] / ((UnstackVertex) described).getStackSize();
        }
        Layer layer = vertex.hasLayer() ? vertex.getLayer().conf().getLayer() : null;
        if (layer instanceof SpaceToBatchLayer) {
            int[] blocks = ((SpaceToBatchLayer) layer).getBlocks();
            return from[0][0] * blocks[0] * blocks[1];
        }
        return from[0][0];
    }
}
