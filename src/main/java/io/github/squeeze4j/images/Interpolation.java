package io.github.squeeze4j.images;

/**
 * How a picture is resized: the filters of PIL, stretched when the picture gets smaller, so that every pixel counts
 * ({@link #NEAREST} excepted).
 */
public enum Interpolation {
    /** The pixel under the new one's centre. */
    NEAREST,
    /** The mean of the area under the new pixel. */
    BOX,
    /** A triangle of radius 1. */
    BILINEAR,
    /** Keys' cubic of radius 2 with a = -0.5. */
    BICUBIC,
    /** Lanczos' windowed sinc of radius 3. */
    LANCZOS
}
