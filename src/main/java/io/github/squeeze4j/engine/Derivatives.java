package io.github.squeeze4j.engine;

import io.github.squeeze4j.blocks.AttentionBlock;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationTanH;

/** Which layers that DL4J computes make gradients of numbers from gradients of numbers; a norm of zeros, for one, does not. */
final class Derivatives {
    private static final Set<Class<? extends IActivation>> BOUNDED = Set.of(
            ActivationIdentity.class,
            ActivationLReLU.class,
            ActivationReLU.class,
            ActivationReLU6.class,
            ActivationSigmoid.class,
            ActivationSoftmax.class,
            ActivationTanH.class);

    private Derivatives() {}

    static boolean areNumbers(Layer layer) {
        org.deeplearning4j.nn.conf.layers.Layer conf = layer.conf().getLayer();
        if (conf instanceof AttentionBlock) {
            return true;
        }
        if (conf.getIDropout() != null && conf.getIDropout().getClass() != Dropout.class) {
            return false;
        }
        if (conf.getClass() == DenseLayer.class) {
            DenseLayer dense = (DenseLayer) conf;
            return !dense.hasLayerNorm()
                    && BOUNDED.contains(dense.getActivationFn().getClass());
        }
        return conf.getClass() == DropoutLayer.class;
    }
}
