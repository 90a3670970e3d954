package io.github.squeeze4j.compiler.gradients;

import io.github.squeeze4j.compiler.ir.Graph;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A layer's runtime whose passes are those of a graph. */
public interface Differentiable {
    /**
     * Its forward pass.
     *
     * @param height of its map
     * @param width of its map
     * @param training whether normalizations take the batch's statistics
     * @return a graph of the runtime's parameters, with one input and one output
     */
    Graph graph(long height, long width, boolean training);

    /**
     * What backward passes write to: gradients of learned parameters, and what training subtracts from running statistics.
     *
     * @return views by parameter of the vector that the network gave last
     */
    Map<String, INDArray> gradientViews();
}
