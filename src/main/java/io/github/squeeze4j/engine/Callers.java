package io.github.squeeze4j.engine;

import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** What DL4J does not pass on to its layers, but its call stack shows. */
final class Callers {
    private static final String NETWORK = MultiLayerNetwork.class.getName();

    private Callers() {}

    /** Whether a network is in a step of training, after which nobody reads the gradient of its input. */
    static boolean discardTheInputGradient() {
        return StackWalker.getInstance()
                .walk(frames -> frames.anyMatch(frame -> frame.getMethodName().equals("computeGradientAndScore")
                        && frame.getClassName().equals(NETWORK)));
    }
}
