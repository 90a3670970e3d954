package io.github.squeeze4j.layers;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.BaseActivationFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Hard-swish, the activation of MobileNetV3 (1905.02244, section 5.2), as in PyTorch.
 *
 * <pre>
 * y = x * min(max(x + 3, 0), 6) / 6
 * </pre>
 *
 * <p>Its derivative is 0 up to -3, 1 from 3 on, and (2x + 3) / 6 between. Any type; like DL4J's own activations it works in
 * the array that it is given.
 *
 * <pre>{@code
 * .addLayer("swish", new ActivationLayer(new HardSwish()), "bn")
 * }</pre>
 */
public final class HardSwish extends BaseActivationFunction {
    private static final long serialVersionUID = 1L;

    /** The function; it has no options. */
    public HardSwish() {}

    @Override
    public INDArray getActivation(INDArray in, boolean training) {
        INDArray gate = in.add(3);
        Transforms.relu6(gate, false);
        // scaled before the product, which would overflow sooner in HALF
        return in.muli(gate.divi(6));
    }

    @Override
    public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
        assertShape(in, epsilon);
        // The middle piece everywhere, (2x + 3) / 6; beyond -3 and 3 it is beyond -0.5 and 1.5.
        in.divi(3).addi(0.5);
        BooleanIndexing.replaceWhere(in, 0, Conditions.lessThanOrEqual(-0.5));
        BooleanIndexing.replaceWhere(in, 1, Conditions.greaterThanOrEqual(1.5));
        return new Pair<>(in.muli(epsilon), null);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HardSwish;
    }

    @Override
    public int hashCode() {
        return HardSwish.class.hashCode();
    }

    @Override
    public String toString() {
        return "hardswish";
    }
}
