package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.nd4j.linalg.api.buffer.DataType;

/** What a block's definition is written with: its parameters, its map's size, and the pieces that blocks share. */
final class BlockOps extends Ops {
    final MapSize size;
    final DataType type;
    private final ParameterSpec parameters;
    private final ToDoubleFunction<String> momentum;
    private final List<Shown> shown = new ArrayList<>();

    /** @param momentum of normalizations by name, which are by the batch's statistics then; null for the running ones */
    BlockOps(ParameterSpec parameters, MapSize size, DataType type, ToDoubleFunction<String> momentum) {
        this.parameters = parameters;
        this.size = size;
        this.type = type;
        this.momentum = momentum;
    }

    /** The map that goes into the block. */
    Value input(String name) {
        return input(name, TensorType.of(type, TensorType.BATCH, size.channels, size.height, size.width));
    }

    Value parameter(String name) {
        return parameter(name, type, parameters.get(name).shape);
    }

    /** In double precision. */
    Value exact(Value x) {
        return cast(x, DataType.DOUBLE);
    }

    Value exact(String name) {
        return exact(parameter(name));
    }

    /** In the network's type. */
    Value rounded(Value x) {
        return cast(x, type);
    }

    // ---- what users may look at ------------------------------------------------------------------------------------

    /** Names a gate between 0 and 1, of one of {@link BlockGate}'s shapes, for {@link BlockGates}. */
    Value gate(String name, BlockGate.Kind kind, Value values) {
        return show(name, kind, 0, 1, values);
    }

    /** Names the gate of each channel. */
    Value channelGate(Value values) {
        return gate("channel", BlockGate.Kind.CHANNELS, values);
    }

    /** As {@link #gate}, of other bounds; NaN for none. */
    Value show(String name, BlockGate.Kind kind, double lowest, double highest, Value values) {
        shown.add(new Shown(name, kind, lowest, highest, values));
        return values;
    }

    /** Names what is no factor of the map. */
    Value show(String name, BlockGate.Kind kind, Value values) {
        return show(name, kind, Double.NaN, Double.NaN, values);
    }

    List<Shown> shown() {
        return shown;
    }

    // ---- pieces ----------------------------------------------------------------------------------------------------

    /** One number per channel of all positions' mean: [N, C, 1, 1]. */
    Value squeeze(Value x) {
        return mean(x, 2, 3);
    }

    /**
     * BatchNorm of z [N, C, H, W] per C, in double precision (see {@link BatchNorm} for why), in the network's type again behind
     * it.
     */
    Value batchNorm(Value z) {
        return rounded(exactNorm(BatchNorm.ONLY, z));
    }

    /** As {@link #batchNorm(Value)}, with the parameters of the named BatchNorm. */
    Value batchNorm(String norm, Value z) {
        return rounded(exactNorm(norm, z));
    }

    /** As {@link #batchNorm(String, Value)}, with ReLU. */
    Value normalizedRelu(String norm, Value z) {
        return rounded(relu(exactNorm(norm, z)));
    }

    private Value exactNorm(String norm, Value z) {
        List<Value> numbers = Arrays.asList(
                exact(BatchNorm.name(norm, BatchNorm.GAMMA)),
                exact(BatchNorm.name(norm, BatchNorm.BETA)),
                exact(BatchNorm.name(norm, BatchNorm.MEAN)),
                exact(BatchNorm.name(norm, BatchNorm.VARIANCE)));
        return momentum == null
                ? batchNormalization(norm, exact(z), numbers, BatchNorm.EPSILON)
                : batchNormalization(norm, exact(z), numbers, BatchNorm.EPSILON, momentum.applyAsDouble(norm));
    }
}
