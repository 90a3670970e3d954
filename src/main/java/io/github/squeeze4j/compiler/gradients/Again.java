package io.github.squeeze4j.compiler.gradients;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What gradients read of the forward pass. A whole map that is a function of others, number by number, is a value of its own with
 * attribute {@code again}: a pass over memory costs less than the memory of one more map from there to here.
 */
final class Again {
    private final TensorType map;
    private final Map<Value, Value> copies = new IdentityHashMap<>();

    Again(Graph graph) {
        map = graph.values().stream()
                .filter(value -> value.is(Op.INPUT))
                .map(Value::type)
                .findFirst()
                .orElse(null);
    }

    Value of(Value value) {
        boolean whole = map != null
                && value.type().sameShape(map)
                && (value.op().family() == Op.Family.UNARY || value.op().family() == Op.Family.BINARY);
        return whole ? copies.computeIfAbsent(value, this::copy) : value;
    }

    private Value copy(Value value) {
        List<Value> inputs = new ArrayList<>();
        value.inputs().forEach(input -> inputs.add(of(input)));
        Map<String, Object> attributes = new LinkedHashMap<>(value.attributes());
        attributes.put("again", true);
        return new Value(value.op(), value.type(), attributes, inputs);
    }
}
