package io.github.squeeze4j.layers;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.BaseActivationFunction;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The hard swish of MobileNetV3, which ND4J has not.
 *
 * <pre>
 * y = x * min(max(x + 3, 0), 6) / 6
 * </pre>
 *
 * <p>Any shape, FLOAT or DOUBLE; works in place, as ND4J's own activations do.
 *
 * <p>Howard et al., Searching for MobileNetV3, 1905.02244, section 5.2; PyTorch's {@code Hardswish}.
 *
 * <pre>{@code
 * .addLayer("act", new ActivationLayer(new HardSwish()), "bn")
 * }</pre>
 */
public final class HardSwish extends BaseActivationFunction {
    private static final double SHIFT = 3;
    private static final double RANGE = 6;

    @Override
    public INDArray getActivation(INDArray in, boolean training) {
        return in.muli(gate(in));
    }

    @Override
    public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
        assertShape(in, epsilon);
        INDArray slope = gate(in);
        // between the kinks the gate itself has the slope 1 / 6
        INDArray between = in.gt(-SHIFT).castTo(in.dataType());
        between.muli(in.lt(SHIFT).castTo(in.dataType()));
        slope.addi(between.muli(in).divi(RANGE));
        return new Pair<>(slope.muli(epsilon), null);
    }

    private static INDArray gate(INDArray in) {
        INDArray gate = in.add(SHIFT);
        Transforms.max(gate, 0, false);
        Transforms.min(gate, RANGE, false);
        return gate.divi(RANGE);
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
