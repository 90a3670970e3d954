package io.github.squeeze4j.compiler.gradients;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A graph for training: its output, and behind that its backward pass, which reads the gradient of the output as input {@value
 * #GRADIENT}.
 *
 * <p>Outputs: the graph's own; the gradient of its input; what {@link #parameters} names, for parameters that are learned their
 * gradients, for running statistics what training subtracts from them.
 */
public final class Backward {
    /** The input that is the gradient of the output. */
    public static final String GRADIENT = "gradient";

    private static final Ops OPS = new Ops();

    /** Forward and backward. */
    public final Graph graph;
    /** The parameters that the outputs from the third on belong to. */
    public final List<String> parameters;

    private Backward(Graph graph, List<String> parameters) {
        this.graph = graph;
        this.parameters = parameters;
    }

    /**
     * The graph for training.
     *
     * @param given of one input and one output
     * @param learns whether to have gradients of parameters; else of the input alone
     * @return forward and backward
     */
    public static Backward of(Graph given, boolean learns) {
        Map<String, Value> statistics = new LinkedHashMap<>();
        Graph graph = withBatchStatistics(withLeavesOnce(given), statistics);
        Map<String, Value> wanted = new LinkedHashMap<>();
        for (Value value : graph.values()) {
            if (value.is(Op.INPUT) || learns && value.is(Op.PARAMETER)) {
                wanted.put(value.text("name"), value);
            }
        }
        for (Value value : given.values()) {
            if (value.is(Op.BATCH_NORMALIZATION)) {
                wanted.keySet().removeAll(List.of(name(value.input(3)), name(value.input(4))));
            }
        }
        Value output = graph.outputs().get(0);
        Value gradient = OPS.input(GRADIENT, output.type());
        Map<Value, Value> gradients = Gradients.of(graph, output, gradient, wanted.values());
        List<Value> outputs = new ArrayList<>(List.of(output));
        List<String> parameters = new ArrayList<>();
        wanted.forEach((name, value) -> {
            outputs.add(value.is(Op.INPUT) ? 1 : outputs.size(), gradients.get(value));
            if (value.is(Op.PARAMETER)) {
                parameters.add(name);
            }
        });
        if (learns) {
            outputs.addAll(statistics.values());
            parameters.addAll(statistics.keySet());
        }
        return new Backward(new Graph(graph.name() + ".training", outputs), parameters);
    }

    private static Graph withLeavesOnce(Graph graph) {
        Map<String, Value> leaves = new HashMap<>();
        return graph.rewrite((value, original) -> value.op().family() == Op.Family.LEAF
                ? leaves.computeIfAbsent(value.text("name"), name -> value)
                : value);
    }

    /** Normalizations by the batch's statistics read them as values; {@code statistics} gets what running ones lose. */
    private static Graph withBatchStatistics(Graph graph, Map<String, Value> statistics) {
        Map<Value, Value> made = new IdentityHashMap<>();
        return graph.rewrite((value, original) -> {
            if (!value.is(Op.BATCH_NORMALIZATION) || !value.flag("batch")) {
                return value;
            }
            return made.computeIfAbsent(value, v -> {
                Value x = v.input(0);
                Value mean = mean(x);
                Value centered = OPS.subtract(x, mean);
                Value variance = mean(OPS.multiply(centered, centered));
                Value unbiased = new Value(Op.UNBIASED, variance.type(), Map.of(), List.of(variance, x));
                double momentum = v.number("momentum");
                statistics.put(name(v.input(3)), moved(v.input(3), mean, momentum));
                statistics.put(name(v.input(4)), moved(v.input(4), unbiased, momentum));
                List<Value> inputs = new ArrayList<>(v.inputs().subList(0, 3));
                inputs.add(OPS.reshape(mean, v.input(3).type().shape()));
                inputs.add(OPS.reshape(variance, v.input(4).type().shape()));
                return v.of(inputs);
            });
        });
    }

    private static Value mean(Value x) {
        TensorType type = x.type().withShape(1, x.type().size(1), 1, 1);
        return new Value(Op.MEAN, type, Map.of("axes", List.of(0, 2, 3)), List.of(x));
    }

    private static Value moved(Value running, Value batch, double momentum) {
        Value difference =
                OPS.subtract(running, OPS.reshape(batch, running.type().shape()));
        Value leaf = leaf(running);
        DataType type = leaf.type().dataType();
        return OPS.cast(OPS.affine(difference, momentum, 0), type);
    }

    private static Value leaf(Value parameter) {
        return parameter.is(Op.CAST) ? parameter.input(0) : parameter;
    }

    private static String name(Value parameter) {
        return leaf(parameter).text("name");
    }
}
