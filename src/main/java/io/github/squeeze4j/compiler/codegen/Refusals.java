package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Storage;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.Locale;
import org.nd4j.linalg.api.buffer.DataType;

/** What {@link ProgramCode} has no steps for. */
final class Refusals {
    /** Numbers of one example in a Java array beyond which loops would take longer than what they save. */
    private static final long LARGE = 1 << 16;

    private Refusals() {}

    /** The reason, or null. */
    static String of(Graph graph) {
        TensorType map = null;
        for (Value value : graph.values()) {
            map = map == null && value.is(Op.INPUT) ? value.type() : map;
        }
        for (Value value : graph.values()) {
            String reason = value.type().storage() == Storage.MAP ? ofMap(value, map) : ofSmall(value, map);
            if (reason != null) {
                return " with " + value.op() + " " + reason;
            }
        }
        return null;
    }

    private static String ofMap(Value value, TensorType map) {
        if (isSource(value)) {
            return ofSource(value, map);
        }
        boolean known = value.op().family() == Op.Family.BINARY && !value.is(Op.DIVIDE)
                || value.is(Op.DIVIDE) && value.input(1).type().storage() != Storage.MAP
                || value.is(Op.INPUT)
                || value.is(Op.AFFINE)
                || ProgramCode.function(value.op()) != null;
        boolean first = value.inputs().isEmpty()
                || value.input(0).type().storage() == Storage.MAP
                || value.is(Op.MULTIPLY)
                || value.is(Op.ADD) && value.input(1).type().storage() == Storage.MAP;
        if (!known || !first) {
            return "over a whole map";
        }
        return value.type().sameShape(map) && value.type().dataType() == DataType.FLOAT
                ? null
                : "over maps of another size or type";
    }

    private static boolean isSource(Value value) {
        return value.is(Op.SCALED)
                || value.is(Op.FUNCTION_SOURCE)
                || value.is(Op.MAX_SOURCE)
                || value.is(Op.SAMPLE_SOURCE)
                || value.is(Op.CONVOLUTION_SOURCE);
    }

    private static String ofSource(Value value, TensorType map) {
        boolean known = value.type().sameShape(map) && value.type().dataType() == DataType.FLOAT;
        if (value.is(Op.FUNCTION_SOURCE)) {
            known &= value.input(1).type().storage() == Storage.MAP
                    && ProgramCode.function(Op.valueOf(value.text("of").toUpperCase(Locale.ROOT))) != null;
        } else if (value.is(Op.MAX_SOURCE)) {
            known &= value.inputs().size() > 2 && value.input(2).type().storage() == Storage.MAP;
        }
        return known ? null : "over a whole map";
    }

    private static String ofSmall(Value value, TensorType map) {
        boolean ofMap = !value.inputs().isEmpty() && value.input(0).type().storage() == Storage.MAP;
        switch (value.op()) {
            case DENSE:
                boolean pixel =
                        value.input(0).type().size(2) * value.input(0).type().size(3) == 1;
                return pixel || value.type().size(1) == 1 ? null : "at each position";
            case CONVOLUTION:
                boolean small =
                        value.integer("groups", 1) == 1 && 2 * value.type().elements() <= map.elements();
                return small ? large(value) : "to a whole map";
            case RESIZE:
            case BATCH_NORMALIZATION:
            case SOFTMAX:
            case SLICE:
            case CONCAT:
                return ofMap || value.is(Op.RESIZE) ? "over a whole map" : large(value);
            case REPEAT:
            case PARAMETER:
            case TRANSPOSE:
                return null;
            case DENSE_WEIGHTS:
                TensorType in = value.input(0).type();
                return in.size(2) * in.size(3) == 1 ? null : "at each position";
            case MEAN:
            case SUM:
                return ofMap && value.integers("axes")[0] == 0 ? "over a batch of maps" : large(value);
            default:
                return large(value);
        }
    }

    private static String large(Value value) {
        return value.type().isBatched() && value.type().elements() > LARGE ? "of many numbers" : null;
    }
}
