package io.github.squeeze4j.compiler.codegen;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.IdentityHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Computes graphs by the compiler's loops in Java alone, whatever the size of their values. */
public final class Evaluator {
    private final long batch;
    private final Map<String, INDArray> leaves;
    private final Map<Value, double[]> arrays = new IdentityHashMap<>();

    private Evaluator(long batch, Map<String, INDArray> leaves) {
        this.batch = batch;
        this.leaves = leaves;
    }

    /**
     * The outputs of a graph, in DOUBLE.
     *
     * @param leaves inputs and parameters by name
     */
    public static INDArray[] outputs(Graph graph, long batch, Map<String, INDArray> leaves) {
        Evaluator evaluator = new Evaluator(batch, leaves);
        return graph.outputs().stream()
                .map(output -> Nd4j.create(evaluator.of(output), output.type().shape(batch), 'c'))
                .toArray(INDArray[]::new);
    }

    private double[] of(Value value) {
        double[] known = arrays.get(value);
        if (known == null) {
            known = computed(value);
            arrays.put(value, known);
        }
        return known;
    }

    private double[] computed(Value value) {
        if (value.op().family() == Op.Family.LEAF) {
            INDArray given = leaves.get(value.text("name"));
            return given.castTo(DataType.DOUBLE).dup('c').data().asDouble();
        }
        if (value.is(Op.RESHAPE)) {
            return of(value.input(0));
        }
        HeapCode code = new HeapCode(batch);
        double[] y = code.array(value.type());
        code.loop(value, this::of, y).run();
        return y;
    }
}
