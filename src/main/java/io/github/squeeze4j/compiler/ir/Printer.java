package io.github.squeeze4j.compiler.ir;

import java.util.IdentityHashMap;
import java.util.Map;
import java.util.StringJoiner;

/** Graphs as text, one operation a line, and as pictures for Graphviz. */
public final class Printer {
    private Printer() {}

    /**
     * The text: {@code %3 = dense(%2, %reduceW) : f32[N, 16, 1, 1]}.
     *
     * @param graph a graph
     * @return lines, each with its line end
     */
    public static String text(Graph graph) {
        Map<Value, String> names = names(graph);
        StringBuilder text = new StringBuilder(graph.name()).append(":\n");
        for (Value value : graph.values()) {
            text.append("  ").append(names.get(value)).append(" = ").append(expression(value, names));
            text.append(" : ").append(value.type()).append('\n');
        }
        StringJoiner wanted = new StringJoiner(", ", "  return ", "\n");
        graph.outputs().forEach(output -> wanted.add(names.get(output)));
        return text.append(wanted).toString();
    }

    private static Map<Value, String> names(Graph graph) {
        Map<Value, String> names = new IdentityHashMap<>();
        int count = 0;
        for (Value value : graph.values()) {
            boolean leaf = value.op().family() == Op.Family.LEAF;
            names.put(value, "%" + (leaf ? value.text("name") : Integer.toString(count++)));
        }
        return names;
    }

    private static String expression(Value value, Map<Value, String> names) {
        StringJoiner inside = new StringJoiner(", ", value.op() + "(", ")");
        value.inputs().forEach(input -> inside.add(names.get(input)));
        if (value.op().family() != Op.Family.LEAF) {
            value.attributes().forEach((name, attribute) -> inside.add(name + "=" + attribute));
        }
        return inside.toString();
    }

    /**
     * The picture in Graphviz's language, for {@code dot -Tsvg}.
     *
     * @param graph a graph
     * @return the file's text
     */
    public static String dot(Graph graph) {
        Map<Value, String> names = names(graph);
        StringBuilder dot = new StringBuilder("digraph \"" + graph.name() + "\" {\n  node [shape=box];\n");
        for (Value value : graph.values()) {
            boolean leaf = value.op().family() == Op.Family.LEAF;
            String label = (leaf ? names.get(value) : expression(value, names)) + "\\n" + value.type();
            dot.append("  \"").append(names.get(value)).append("\" [label=\"").append(label.replace("\"", "'"));
            dot.append(leaf ? "\", style=rounded];\n" : "\"];\n");
            for (Value input : value.inputs()) {
                dot.append("  \"").append(names.get(input)).append("\" -> \"").append(names.get(value));
                dot.append("\";\n");
            }
        }
        return dot.append("}\n").toString();
    }
}
