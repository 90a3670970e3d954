package io.github.squeeze4j.blocks;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Something by which a block weighs a map: gates per channel, gates per position, or learned weights of a grid. Immutable but for
 * the array.
 *
 * @see BlockGates
 */
public final class BlockGate {
    /** What the numbers stand for. */
    public enum Kind {
        /** A factor for each channel of each example, [N, C]. */
        CHANNELS,
        /**
         * A factor for each position of each example, [N, K, h, w]: K is 1 where all channels share it, the number of groups or
         * C; h and w are the map's, those of a coarser grid, or 1 along a side that shares it.
         */
        POSITIONS,
        /** As {@link #POSITIONS}, but a weight or a score from which a gate is made, and no factor of the map. */
        SCORES,
        /** Learned weights, the same for every picture, [C, h, w]. */
        WEIGHTS
    }

    private final String name;
    private final Kind kind;
    private final double lowest;
    private final double highest;
    private final INDArray values;

    BlockGate(String name, Kind kind, double lowest, double highest, INDArray values) {
        this.name = name;
        this.kind = kind;
        this.lowest = lowest;
        this.highest = highest;
        this.values = values;
    }

    /**
     * What it is called.
     *
     * @return such as {@code channel}, {@code spatial}, {@code rows}; see {@link BlockGates}
     */
    public String name() {
        return name;
    }

    /**
     * What the numbers stand for.
     *
     * @return the kind, which decides the shape
     */
    public Kind kind() {
        return kind;
    }

    /**
     * Whether these are factors of the map.
     *
     * @return true for {@link Kind#CHANNELS} and {@link Kind#POSITIONS}
     */
    public boolean isGate() {
        return kind == Kind.CHANNELS || kind == Kind.POSITIONS;
    }

    /**
     * The value of a gate that is shut.
     *
     * @return 0 for a sigmoid; NaN where there is no bound
     */
    public double lowest() {
        return lowest;
    }

    /**
     * The value of a gate that is open.
     *
     * @return 1 for a sigmoid; NaN where there is no bound
     */
    public double highest() {
        return highest;
    }

    /**
     * The numbers.
     *
     * @return an array outside of workspaces of the shape that {@link #kind} says, of the network's type, FLOAT where that is HALF
     */
    public INDArray values() {
        return values;
    }
}
