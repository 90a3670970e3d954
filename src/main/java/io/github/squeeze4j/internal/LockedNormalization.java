package io.github.squeeze4j.internal;

import org.deeplearning4j.nn.conf.layers.BatchNormalization;

/**
 * Scale and shift of a batch normalization with {@code lockGammaBeta}, as DL4J applies them: only where gamma is not 1 and beta is
 * not 0, so that one of them alone has no effect.
 */
public final class LockedNormalization {
    private LockedNormalization() {}

    /**
     * What DL4J multiplies by.
     *
     * @param layer with locked gamma and beta
     * @return gamma, or 1
     */
    public static double gamma(BatchNormalization layer) {
        return applies(layer) ? layer.getGamma() : 1;
    }

    /**
     * What DL4J adds.
     *
     * @param layer with locked gamma and beta
     * @return beta, or 0
     */
    public static double beta(BatchNormalization layer) {
        return applies(layer) ? layer.getBeta() : 0;
    }

    private static boolean applies(BatchNormalization layer) {
        return layer.getGamma() != 1 && layer.getBeta() != 0;
    }
}
