package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.graph.vertex.GraphVertex;

/** What {@link VertexStandIn#of} gives another name. */
final class NamedVertexStandIn extends VertexStandIn {
    NamedVertexStandIn(GraphVertex original, GraphRegion region) {
        super(original, region);
    }
}
