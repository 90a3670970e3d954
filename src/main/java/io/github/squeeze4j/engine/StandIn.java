package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What stands in a graph's place of a vertex. DL4J calls all of them one after the other, as it would the vertices. */
interface StandIn {
    int getVertexIndex();

    String getVertexName();

    INDArray[] getInputs();

    INDArray getEpsilon();

    /** What it is part of. */
    GraphRegion region();

    /** The vertex itself. */
    GraphVertex original();

    /** With which an input was given: that of the vertex that made it. */
    LayerWorkspaceMgr giver(int input);

    /** The vertex's own computation for the inputs that were given. */
    default INDArray stockForward(boolean training, LayerWorkspaceMgr workspaces) {
        INDArray[] given = getInputs();
        for (int i = 0; i < given.length; i++) {
            original().setInput(i, given[i], giver(i) == null ? workspaces : giver(i));
        }
        return original().doForward(training, workspaces);
    }
}
