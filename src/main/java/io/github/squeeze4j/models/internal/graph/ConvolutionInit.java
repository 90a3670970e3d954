package io.github.squeeze4j.models.internal.graph;

import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitDistribution;

/**
 * How convolutions start: normal with variance 2 / fan (He et al., 1502.01852). The fan is counted here because DL4J's
 * divides it by the stride.
 */
public enum ConvolutionInit {
    /** fan = in * kernel area, in being the inputs of one group. */
    HE_FAN_IN,
    /** fan = out * kernel area, out being those of all groups, as PyTorch counts. */
    HE_FAN_OUT,
    /** fan = out * kernel area, out being those of one group, as EfficientNet's and RegNet's authors count. */
    HE_FAN_OUT_OF_GROUP;

    IWeightInit of(int in, int out, int area, int groups) {
        double outputs = this == HE_FAN_OUT_OF_GROUP ? (double) out / groups : out;
        double fan = (this == HE_FAN_IN ? in : outputs) * area;
        return new WeightInitDistribution(new NormalDistribution(0, Math.sqrt(2 / fan)));
    }
}
