package io.github.squeeze4j.compiler.ir;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Values in the order in which they can be computed, and those that are wanted. Immutable. */
public final class Graph {
    private final String name;
    private final List<Value> outputs;
    private final List<Value> values;
    private final Map<Value, Integer> uses = new IdentityHashMap<>();

    /**
     * All that the outputs need.
     *
     * @param name of what is computed, for people
     * @param outputs what is wanted
     */
    public Graph(String name, List<Value> outputs) {
        this.name = name;
        this.outputs = Collections.unmodifiableList(new ArrayList<>(outputs));
        Map<Value, Boolean> seen = new IdentityHashMap<>();
        List<Value> order = new ArrayList<>();
        for (Value output : outputs) {
            visit(output, seen, order);
        }
        values = Collections.unmodifiableList(order);
        for (Value value : order) {
            value.inputs().forEach(input -> uses.merge(input, 1, Integer::sum));
        }
        outputs.forEach(output -> uses.merge(output, 1, Integer::sum));
    }

    /**
     * All that the outputs need.
     *
     * @param name of what is computed, for people
     * @param outputs what is wanted
     */
    public Graph(String name, Value... outputs) {
        this(name, Arrays.asList(outputs));
    }

    private static void visit(Value value, Map<Value, Boolean> seen, List<Value> order) {
        if (seen.put(value, true) == null) {
            for (Value input : value.inputs()) {
                visit(input, seen, order);
            }
            order.add(value);
        }
    }

    /**
     * What it is called.
     *
     * @return a name for people
     */
    public String name() {
        return name;
    }

    /**
     * What is wanted.
     *
     * @return an unmodifiable list
     */
    public List<Value> outputs() {
        return outputs;
    }

    /**
     * All values, each behind its inputs.
     *
     * @return an unmodifiable list
     */
    public List<Value> values() {
        return values;
    }

    /**
     * How often a value is read.
     *
     * @param value one of the graph's
     * @return by how many inputs of values, and outputs
     */
    public int uses(Value value) {
        return uses.getOrDefault(value, 0);
    }

    /**
     * The graph in which some values stand for others.
     *
     * @param rule gives for a value, whose inputs are the new graph's already, and the value that it was here, the new one: the first
     *     where nothing is to change
     * @return this where nothing changed
     */
    public Graph rewrite(BiFunction<Value, Value, Value> rule) {
        Map<Value, Value> made = new IdentityHashMap<>();
        for (Value value : values) {
            List<Value> inputs = new ArrayList<>();
            value.inputs().forEach(input -> inputs.add(made.get(input)));
            made.put(value, rule.apply(value.of(inputs), value));
        }
        List<Value> wanted = new ArrayList<>();
        outputs.forEach(output -> wanted.add(made.get(output)));
        boolean same = wanted.equals(outputs);
        return same ? this : new Graph(name, wanted);
    }

    /**
     * Multiply-accumulates of one example: those of convolutions, dense layers and weighted sums.
     *
     * @return not doubled
     */
    public long macs() {
        long macs = 0;
        for (Value value : values) {
            if (value.is(Op.DENSE)) {
                macs += value.type().elements() * value.input(0).type().size(1);
            } else if (value.is(Op.CONVOLUTION)) {
                TensorType weights = value.input(1).type();
                macs += value.type().elements() * (weights.elements() / weights.size(0));
            } else if (value.is(Op.WEIGHTED_SUM)) {
                macs += value.input(0).type().elements();
            }
        }
        return macs;
    }

    /**
     * Values by their parameters' names.
     *
     * @return an ordered map
     */
    public Map<String, Value> parameters() {
        Map<String, Value> parameters = new LinkedHashMap<>();
        for (Value value : values) {
            if (value.is(Op.PARAMETER)) {
                parameters.put(value.text("name"), value);
            }
        }
        return parameters;
    }

    @Override
    public String toString() {
        return Printer.text(this);
    }
}
