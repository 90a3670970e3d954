package io.github.squeeze4j.blocks;

import java.util.EnumSet;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.ops.SDNN;
import org.nd4j.linalg.activations.Activation;

/** The activations that may stand between a block's two linear layers, as SameDiff spells them. */
final class InnerActivation {
    private static final Set<Activation> KNOWN = EnumSet.of(
            Activation.RELU,
            Activation.RELU6,
            Activation.LEAKYRELU,
            Activation.ELU,
            Activation.SELU,
            Activation.SWISH,
            Activation.MISH,
            Activation.TANH,
            Activation.SIGMOID,
            Activation.IDENTITY);

    private InnerActivation() {}

    static Activation check(Activation activation) {
        if (activation == null || !KNOWN.contains(activation)) {
            throw new IllegalArgumentException("activation (" + activation + ") must be one of " + KNOWN
                    + "; use Activation.RELU for the papers' form");
        }
        return activation;
    }

    static SDVariable define(Activation activation, SDVariable x) {
        SDNN nn = x.getSameDiff().nn();
        switch (activation) {
            case RELU:
                return nn.relu(x, 0);
            case RELU6:
                return nn.relu6(x, 0);
            case LEAKYRELU:
                return nn.leakyRelu(x, 0.01);
            case ELU:
                return nn.elu(x);
            case SELU:
                return nn.selu(x);
            case SWISH:
                return nn.swish(x);
            case MISH:
                return x.getSameDiff().nn().tanh(nn.softplus(x)).mul(x);
            case TANH:
                return nn.tanh(x);
            case SIGMOID:
                return nn.sigmoid(x);
            default:
                return x;
        }
    }
}
