package io.github.squeeze4j.engine;

/** What a program is for. */
enum Mode {
    /** Forward and backward, with the batch's statistics. */
    TRAINING,
    /** Forward, with parameters as they are at each call. */
    INFERENCE,
    /** Forward, with parameters as they were when the program was made. */
    FROZEN
}
