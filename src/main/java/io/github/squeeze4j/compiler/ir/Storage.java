package io.github.squeeze4j.compiler.ir;

/** Where a value's numbers lie, once a pass has chosen. */
public enum Storage {
    /** Not chosen yet. */
    UNCHOSEN(""),
    /** Scratch memory, in the layout in which the network's map arrives: channels in blocks, first or last. */
    MAP("map"),
    /** Scratch memory, [N, C, H, W] in C order. */
    DENSE("dense"),
    /** A Java array in C order, in double precision, for loops over small values. */
    HEAP("heap");

    final String text;

    Storage(String text) {
        this.text = text;
    }
}
