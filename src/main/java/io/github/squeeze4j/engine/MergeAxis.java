package io.github.squeeze4j.engine;

import java.lang.reflect.Field;
import org.deeplearning4j.nn.graph.vertex.BaseWrapperVertex;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.graph.vertex.impl.FrozenVertex;
import org.deeplearning4j.nn.graph.vertex.impl.MergeVertex;

/**
 * The axis along which a vertex of DL4J's concatenates. Its configuration need not have it: a copy forgets it, and a question
 * about shapes gives it back; the vertex says it to nobody.
 */
final class MergeAxis {
    private MergeAxis() {}

    /** @throws Unsupported if it cannot be read */
    static int of(GraphVertex vertex) {
        try {
            Object merge = vertex instanceof StandIn ? ((StandIn) vertex).original() : vertex;
            if (merge instanceof FrozenVertex) {
                merge = field(BaseWrapperVertex.class, "underlying").get(merge);
            }
            return field(MergeVertex.class, "mergeAxis").getInt(merge);
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw new Unsupported("vertex " + vertex.getVertexName() + " concatenates along an unknown axis: " + e);
        }
    }

    private static Field field(Class<?> of, String name) throws NoSuchFieldException {
        Field field = of.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
