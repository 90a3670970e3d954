package io.github.squeeze4j.blocks;

import org.deeplearning4j.nn.conf.inputs.InputType;

/** How passes over the map are counted. */
final class Passes {
    private Passes() {}

    /** C * H * W. */
    static long elements(InputType inputType) {
        return inputType.arrayElementsPerExample();
    }
}
