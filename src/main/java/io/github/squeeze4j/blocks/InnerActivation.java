package io.github.squeeze4j.blocks;

import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Value;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The activations that may stand between a block's two linear layers, as definitions spell them. */
final class InnerActivation {
    private static final Map<Activation, Op> OPS = new EnumMap<>(Activation.class);

    static {
        OPS.put(Activation.RELU, Op.RELU);
        OPS.put(Activation.RELU6, Op.RELU6);
        OPS.put(Activation.LEAKYRELU, Op.LEAKY_RELU);
        OPS.put(Activation.ELU, Op.ELU);
        OPS.put(Activation.SELU, Op.SELU);
        OPS.put(Activation.SWISH, Op.SWISH);
        OPS.put(Activation.MISH, Op.MISH);
        OPS.put(Activation.TANH, Op.TANH);
        OPS.put(Activation.SIGMOID, Op.SIGMOID);
    }

    private static final Set<Activation> KNOWN = known();

    private static Set<Activation> known() {
        Set<Activation> known = EnumSet.copyOf(OPS.keySet());
        known.add(Activation.IDENTITY);
        return known;
    }

    private InnerActivation() {}

    static Activation check(Activation activation) {
        if (activation == null || !KNOWN.contains(activation)) {
            throw new IllegalArgumentException("activation (" + activation + ") must be one of " + KNOWN
                    + "; use Activation.RELU for the papers' form");
        }
        return activation;
    }

    /**
     * The gradient of z from that of the activation of z; both arrays may be written over. ND4J's derivatives of swish and mish are
     * quotients of exponentials, which overflow: NaN from 44 on in FLOAT.
     */
    static INDArray gradient(Activation activation, INDArray z, INDArray gradient) {
        if (activation != Activation.SWISH && activation != Activation.MISH) {
            return activation.getActivationFunction().backprop(z, gradient).getFirst();
        }
        INDArray sigmoid = Transforms.sigmoid(z, true);
        // z * f(z), with f' = f * (1 - f) for the sigmoid, and (1 - f * f) * sigmoid for tanh(softplus(z))
        INDArray factor =
                activation == Activation.SWISH ? sigmoid : Transforms.tanh(Transforms.softPlus(z, true), false);
        INDArray slope = activation == Activation.SWISH
                ? sigmoid.mul(sigmoid.rsub(1))
                : factor.mul(factor).rsubi(1).muli(sigmoid);
        return gradient.muli(slope.muli(z).addi(factor));
    }

    static Value define(BlockOps o, Activation activation, Value x) {
        return activation == Activation.IDENTITY ? x : o.unary(OPS.get(activation), x);
    }
}
