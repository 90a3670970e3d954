package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A map that is multiplied by another, and summed over positions, is scaled by channels in the same pass: both gradients of a scaling.
 *
 * <pre>
 * before   %0 = dot(%x, %g, axes=[2, 3]), multiply(%g, %s)
 * after    %0 = dot(%x, %g, %s, axes=[2, 3]), scaled(%0)
 * </pre>
 */
public final class ScalingBesideDots implements Pass {
    /** The pass. */
    public ScalingBesideDots() {}

    @Override
    public Graph run(Graph graph) {
        Graph current = graph;
        for (Graph next = once(current); next != current; next = once(current)) {
            current = next;
        }
        return current;
    }

    /** The first pair alone, since what a second one depends on changes with it. */
    private static Graph once(Graph graph) {
        // what training gives first does not wait for what it gives last
        List<Value> forward = new Graph("", graph.outputs().get(0)).values();
        for (Value dot : graph.values()) {
            boolean ofMaps = dot.is(Op.DOT)
                    && dot.inputs().size() == 2
                    && dot.integers("axes").length == 2
                    && !dot.input(1).is(Op.REPEAT)
                    && dot.input(1).type().sameShape(dot.input(0).type());
            for (Value scaling : ofMaps ? graph.values() : List.<Value>of()) {
                boolean pair = scaling.is(Op.MULTIPLY)
                        && scaling.inputs().size() == 2
                        && (scaling.input(0) == dot.input(0) || scaling.input(0) == dot.input(1))
                        && scaling.input(1).type().equals(dot.type())
                        && forward.contains(scaling) == forward.contains(dot)
                        && !dependsOn(scaling, dot)
                        && !dependsOn(dot, scaling);
                if (pair) {
                    Map<Value, Value> made = new IdentityHashMap<>();
                    Value other = dot.input(scaling.input(0) == dot.input(0) ? 1 : 0);
                    Value both = dot.of(List.of(other, scaling.input(0), scaling.input(1)));
                    List<Value> outputs = new ArrayList<>();
                    made.put(scaling, new Value(Op.SCALED, scaling.type(), Map.of(), List.of(both)));
                    made.put(dot, both);
                    graph.outputs().forEach(output -> outputs.add(rewritten(output, made)));
                    return new Graph(graph.name(), outputs);
                }
            }
        }
        return graph;
    }

    private static boolean dependsOn(Value value, Value other) {
        return new Graph("", value).values().contains(other);
    }

    /** With what is made for some values; these read nothing of what is made. */
    private static Value rewritten(Value value, Map<Value, Value> made) {
        Value known = made.get(value);
        if (known == null) {
            List<Value> inputs = new ArrayList<>();
            value.inputs().forEach(input -> inputs.add(rewritten(input, made)));
            known = value.of(inputs);
            made.put(value, known);
        }
        return known;
    }
}
