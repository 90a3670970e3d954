package io.github.squeeze4j.compiler.ir;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one operation gives. Immutable, and of its own identity: two with the same inputs are two. */
public final class Value {
    private final Op op;
    private final List<Value> inputs;
    private final TensorType type;
    private final Map<String, Object> attributes;

    /**
     * A value; {@link Ops} checks what is given here.
     *
     * @param op what gives it
     * @param type what comes out
     * @param attributes numbers, texts and lists of integers
     * @param inputs what goes in
     */
    public Value(Op op, TensorType type, Map<String, Object> attributes, List<Value> inputs) {
        this.op = op;
        this.type = type;
        this.attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
        this.inputs = Collections.unmodifiableList(new ArrayList<>(inputs));
    }

    /**
     * What gives it.
     *
     * @return the operation
     */
    public Op op() {
        return op;
    }

    /**
     * What goes in.
     *
     * @return an unmodifiable list
     */
    public List<Value> inputs() {
        return inputs;
    }

    /**
     * One of what goes in.
     *
     * @param index from 0
     * @return the input
     */
    public Value input(int index) {
        return inputs.get(index);
    }

    /**
     * Shape, data type and layout.
     *
     * @return the type
     */
    public TensorType type() {
        return type;
    }

    /**
     * The operation's attributes.
     *
     * @return an unmodifiable map
     */
    public Map<String, Object> attributes() {
        return attributes;
    }

    /**
     * Whether it is of an operation.
     *
     * @param wanted an operation
     * @return true if that gives it
     */
    public boolean is(Op wanted) {
        return op == wanted;
    }

    /**
     * A text.
     *
     * @param attribute a name
     * @return its value, null without
     */
    public String text(String attribute) {
        return (String) attributes.get(attribute);
    }

    /**
     * A whole number.
     *
     * @param attribute a name
     * @param otherwise what an absent one is
     * @return its value
     */
    public int integer(String attribute, int otherwise) {
        Object value = attributes.get(attribute);
        return value == null ? otherwise : (Integer) value;
    }

    /**
     * A number.
     *
     * @param attribute a name
     * @return its value
     */
    public double number(String attribute) {
        return (Double) attributes.get(attribute);
    }

    /**
     * Whether a switch is on.
     *
     * @param attribute a name
     * @return false without
     */
    public boolean flag(String attribute) {
        return Boolean.TRUE.equals(attributes.get(attribute));
    }

    /**
     * Whole numbers.
     *
     * @param attribute a name
     * @return a new array
     */
    public int[] integers(String attribute) {
        List<?> values = (List<?>) attributes.get(attribute);
        int[] integers = new int[values.size()];
        for (int i = 0; i < integers.length; i++) {
            integers[i] = (Integer) values.get(i);
        }
        return integers;
    }

    /**
     * The same operation of other inputs.
     *
     * @param others as many
     * @return a new value, or this where the inputs are the same
     */
    public Value of(List<Value> others) {
        return others.equals(inputs) ? this : new Value(op, type, attributes, others);
    }

    /**
     * The same operation with another type.
     *
     * @param other the type
     * @return a new value
     */
    public Value as(TensorType other) {
        return new Value(op, other, attributes, inputs);
    }

    @Override
    public String toString() {
        return op + " : " + type;
    }
}
