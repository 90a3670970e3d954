package io.github.squeeze4j.explain;

import io.github.squeeze4j.blocks.BlockGate;
import java.util.List;

/** The gates of one attention block. */
public final class BlockMaps {
    private final String layer;
    private final String block;
    private final int stride;
    private final List<BlockGate> gates;

    BlockMaps(String layer, String block, int stride, List<BlockGate> gates) {
        this.layer = layer;
        this.block = block;
        this.stride = stride;
        this.gates = List.copyOf(gates);
    }

    /**
     * The vertex of the graph.
     *
     * @return its name, such as {@code stage1.block1.attention}
     */
    public String layer() {
        return layer;
    }

    /**
     * What kind of block it is.
     *
     * @return its name in tables, such as {@code cbam}
     */
    public String block() {
        return block;
    }

    /**
     * How many pixels of the picture one position of the block's map stands for, along each side.
     *
     * @return the stride; 0 where that is not known
     */
    public int stride() {
        return stride;
    }

    /**
     * What it multiplies the map by.
     *
     * @return the gates, as {@link io.github.squeeze4j.blocks.BlockGates} lists them
     */
    public List<BlockGate> gates() {
        return gates;
    }
}
