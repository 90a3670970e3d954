package io.github.squeeze4j.blocks;

import org.deeplearning4j.nn.conf.inputs.InputType;

/** What blocks share when they are set to multiply by a given number, and when their passes over the map are counted. */
final class Start {
    /** Farther out a sigmoid hardly learns. */
    private static final double MARGIN = 1e-3;

    private Start() {}

    /** The nearest factor that a sigmoid reaches and still learns at. */
    static double sigmoidFactor(double gate) {
        return Math.max(MARGIN, Math.min(1 - MARGIN, gate));
    }

    /** The score whose sigmoid is {@code factor}. */
    static double logit(double factor) {
        return Math.log(factor / (1 - factor));
    }

    /** C * H * W. */
    static long elements(InputType inputType) {
        return inputType.arrayElementsPerExample();
    }
}
