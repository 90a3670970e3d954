package io.github.squeeze4j.engine;

/** What a program is for. */
enum Mode {
    /** Forward and backward, with the batch's statistics. */
    TRAINING,
    /** As {@link #TRAINING}, with the gradient of the network's inputs. */
    TRAINING_TO_INPUT,
    /** Forward, with parameters as they are at each call. */
    INFERENCE,
    /** Forward, with parameters as they were when the program was made. */
    FROZEN;

    boolean trains() {
        return this == TRAINING || this == TRAINING_TO_INPUT;
    }
}
