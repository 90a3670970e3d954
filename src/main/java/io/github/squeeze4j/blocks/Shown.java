package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Value;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A value of a block's definition that users may look at. */
final class Shown {
    final String name;
    final BlockGate.Kind kind;
    final Value value;
    private final double lowest;
    private final double highest;

    Shown(String name, BlockGate.Kind kind, double lowest, double highest, Value value) {
        this.name = name;
        this.kind = kind;
        this.lowest = lowest;
        this.highest = highest;
        this.value = value;
    }

    /** The numbers in the shape that the kind says. */
    BlockGate of(INDArray numbers) {
        INDArray copy = numbers.dup('c');
        return new BlockGate(
                name,
                kind,
                lowest,
                highest,
                kind == BlockGate.Kind.CHANNELS ? copy.reshape('c', copy.size(0), copy.size(1)) : copy);
    }
}
