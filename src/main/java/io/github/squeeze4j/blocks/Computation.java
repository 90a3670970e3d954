package io.github.squeeze4j.blocks;

/** How a block computes its output and its gradients; both give the same numbers. */
public enum Computation {
    /** Hand-written forward and backward passes in DL4J's workspaces: the default, and the fast one. */
    FUSED,
    /**
     * The block's SameDiff definition, executed and differentiated by SameDiff: the readable reference. Slow, allocates
     * outside workspaces, and SameDiff prints a line to standard output for each operation that it differentiates.
     */
    SAMEDIFF
}
