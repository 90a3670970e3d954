package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;

/** One rewrite. What it gives computes the same. */
public interface Pass {
    /**
     * Rewrites a graph.
     *
     * @param graph what to rewrite
     * @return the same graph where there is nothing to do
     */
    Graph run(Graph graph);

    /**
     * Its name in files and switches.
     *
     * @return the class's name
     */
    default String name() {
        return getClass().getSimpleName();
    }
}
