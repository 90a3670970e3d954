package io.github.squeeze4j.models;

import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitDistribution;

/**
 * How convolutions start: normal with variance 2 / fan (He et al., 1502.01852). The fan is counted here because DL4J's
 * divides it by the stride.
 */
enum ConvolutionInit {
    /** fan = in * kernel * kernel, in being the inputs of one group. */
    HE_FAN_IN,
    /** fan = out * kernel * kernel, out being those of all groups, as PyTorch counts. */
    HE_FAN_OUT;

    IWeightInit of(int in, int out, int kernel) {
        double fan = (double) (this == HE_FAN_IN ? in : out) * kernel * kernel;
        return new WeightInitDistribution(new NormalDistribution(0, Math.sqrt(2 / fan)));
    }
}
