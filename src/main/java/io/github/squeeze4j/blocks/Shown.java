package io.github.squeeze4j.blocks;

import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A variable of a block's definition that users may look at. */
final class Shown {
    final String name;
    final BlockGate.Kind kind;
    final SDVariable variable;
    private final double lowest;
    private final double highest;

    Shown(String name, BlockGate.Kind kind, double lowest, double highest, SDVariable variable) {
        this.name = name;
        this.kind = kind;
        this.lowest = lowest;
        this.highest = highest;
        this.variable = variable;
    }

    /** The variable's value in the shape that its kind says; definitions have positions flat, or gates with sides of 1. */
    BlockGate of(INDArray value, MapSize size) {
        long[] shape = value.shape();
        if (kind == BlockGate.Kind.CHANNELS) {
            shape = new long[] {value.size(0), value.length() / value.size(0)};
        } else if (kind != BlockGate.Kind.WEIGHTS && value.rank() == 3) {
            shape = new long[] {value.size(0), value.size(1), size.height, size.width};
        }
        return new BlockGate(name, kind, lowest, highest, value.dup('c').reshape('c', shape));
    }
}
