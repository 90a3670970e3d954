package io.github.squeeze4j.compiler.gradients;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reverse mode: the gradients of a graph's values for that of one of them. What several values give to one is added, what repeats
 * along axes behind what does not, so that a number per channel or position becomes a whole map at most once. Gradients that nobody asked for
 * are not made. Whole maps in between are computed again ({@link Again}).
 */
public final class Gradients {
    private static final Ops OPS = new Ops();

    private final Map<Value, Boolean> reached = new IdentityHashMap<>();
    private final Map<Value, List<Value>> parts = new IdentityHashMap<>();
    private final Map<Value, Value> gradients = new IdentityHashMap<>();
    private final Again again;

    private Gradients(Graph graph, Collection<Value> wanted) {
        again = new Again(graph);
        for (Value value : graph.values()) {
            boolean reaches = wanted.contains(value);
            for (Value input : value.inputs()) {
                reaches |= reached.get(input);
            }
            reached.put(value, reaches);
        }
    }

    /**
     * Gradients.
     *
     * @param graph has no operations that passes make
     * @param output one of the graph's values
     * @param gradient of {@code output}
     * @param wanted of which values to have gradients
     * @return gradients of those that {@code output} depends on, each of its value's type
     */
    public static Map<Value, Value> of(Graph graph, Value output, Value gradient, Collection<Value> wanted) {
        Gradients gradients = new Gradients(graph, wanted);
        gradients.add(output, gradient);
        List<Value> order = graph.values();
        for (int i = order.size() - 1; i >= 0; i--) {
            Value value = order.get(i);
            if (gradients.parts.containsKey(value)) {
                Value sum = gradients.sum(value);
                gradients.gradients.put(value, sum);
                Rules.apply(value, sum, gradients);
            }
        }
        gradients.gradients.keySet().removeIf(value -> !wanted.contains(value));
        return gradients.gradients;
    }

    /** Whether anything that is wanted depends on the gradient of a value. */
    boolean needs(Value value) {
        return reached.get(value);
    }

    /** Adds to a value's gradient; axes of size 1 repeat. */
    void add(Value value, Value part) {
        if (needs(value)) {
            parts.computeIfAbsent(value, v -> new ArrayList<>()).add(part);
        }
    }

    /** A value of the graph for reading behind it. */
    Value known(Value value) {
        return again.of(value);
    }

    /** Small parts of one shape first, and what goes to few numbers of a map last, which is then no pass over it. */
    private Value sum(Value value) {
        List<Value> terms = new ArrayList<>();
        for (Value part : parts.get(value)) {
            int same = part.is(Op.MAX_SOURCE) || part.type().sameShape(value.type()) ? -1 : sameShape(terms, part);
            if (same < 0) {
                terms.add(part);
            } else {
                terms.set(same, OPS.add(terms.get(same), part));
            }
        }
        terms.sort(Comparator.comparing((Value term) -> term.is(Op.MAX_SOURCE))
                .thenComparing(term -> -term.type().elements()));
        return terms.stream().reduce(OPS::add).orElseThrow();
    }

    private static int sameShape(List<Value> terms, Value part) {
        for (int i = 0; i < terms.size(); i++) {
            if (terms.get(i).type().sameShape(part.type())) {
                return i;
            }
        }
        return -1;
    }
}
