package io.github.squeeze4j.images;

/**
 * How a picture is resized: the filters of PIL, stretched when the picture gets smaller, so that every pixel counts
 * ({@link #NEAREST} excepted).
 */
public enum Interpolation {
    /** The pixel under the new one's centre. */
    NEAREST(0),
    /** The mean of the area under the new pixel. */
    BOX(0.5),
    /** A triangle of radius 1. */
    BILINEAR(1),
    /** Keys' cubic of radius 2 with a = -0.5. */
    BICUBIC(2),
    /** Lanczos' windowed sinc of radius 3. */
    LANCZOS(3);

    private final double support;

    Interpolation(double support) {
        this.support = support;
    }

    /** How far the filter reaches, in pixels of the new picture or of the old, whichever are larger. */
    double support() {
        return support;
    }

    /** The filter's value at a distance, not yet normalised. */
    double weight(double distance) {
        double x = Math.abs(distance);
        switch (this) {
            case BOX:
                return distance > -0.5 && distance <= 0.5 ? 1 : 0;
            case BILINEAR:
                return x < 1 ? 1 - x : 0;
            case BICUBIC:
                return cubic(x);
            case LANCZOS:
                return distance >= -support && distance < support ? sinc(distance) * sinc(distance / support) : 0;
            default:
                throw new AssertionError(this);
        }
    }

    private static double cubic(double x) {
        double a = -0.5;
        if (x < 1) {
            return ((a + 2) * x - (a + 3)) * x * x + 1;
        }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    }

    private static double sinc(double x) {
        return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
    }
}
