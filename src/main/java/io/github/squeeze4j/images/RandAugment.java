package io.github.squeeze4j.images;

/**
 * A number of changes of one strength, each drawn from fourteen (Cubuk et al., 1909.13719): torchvision's, whose strengths have
 * 31 steps. Moves take the nearest pixel and leave black behind; their direction, and that of changes of colour, is drawn.
 */
final class RandAugment implements Transform {
    private static final double STEPS = 30;
    private static final double LARGEST_SHIFT = 150.0 / 331;

    /** The changes, in torchvision's order. */
    enum Change {
        IDENTITY,
        SHEAR_X,
        SHEAR_Y,
        TRANSLATE_X,
        TRANSLATE_Y,
        ROTATE,
        BRIGHTNESS,
        COLOUR,
        CONTRAST,
        SHARPNESS,
        POSTERIZE,
        SOLARIZE,
        AUTO_CONTRAST,
        EQUALIZE;

        /** The change at a strength from 0 to 1, with a sign for those that have a direction. */
        Picture apply(Picture picture, double strength, int sign) {
            switch (this) {
                case SHEAR_X:
                    return new Affine(1, sign * strength * 0.3, 0, 0, 1, 0).apply(picture, false);
                case SHEAR_Y:
                    return new Affine(1, 0, 0, sign * strength * 0.3, 1, 0).apply(picture, false);
                case TRANSLATE_X:
                    int right = (int) (sign * strength * LARGEST_SHIFT * picture.width());
                    return CentreCrop.cut(picture, 0, -right, picture.height(), picture.width());
                case TRANSLATE_Y:
                    int down = (int) (sign * strength * LARGEST_SHIFT * picture.height());
                    return CentreCrop.cut(picture, -down, 0, picture.height(), picture.width());
                case ROTATE:
                    return Affine.rotation(sign * strength * 30, picture.height(), picture.width())
                            .apply(picture, false);
                case BRIGHTNESS:
                    return Colours.brightness(picture, 1 + sign * strength * 0.9);
                case COLOUR:
                    return Colours.saturation(picture, 1 + sign * strength * 0.9);
                case CONTRAST:
                    return Colours.contrast(picture, 1 + sign * strength * 0.9);
                case SHARPNESS:
                    return Colours.sharpness(picture, 1 + sign * strength * 0.9);
                case POSTERIZE:
                    return Colours.posterize(picture, 8 - (int) Math.rint(strength * 4));
                case SOLARIZE:
                    return Colours.solarize(picture, 255 - 255 * strength);
                case AUTO_CONTRAST:
                    return Colours.autoContrast(picture);
                case EQUALIZE:
                    return Colours.equalize(picture);
                default:
                    return picture;
            }
        }
    }

    private final int changes;
    private final int magnitude;

    RandAugment(int changes, int magnitude) {
        this.changes = Rules.within("changes", changes, 0, 100);
        this.magnitude = Rules.within("magnitude", magnitude, 0, (int) STEPS);
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        Picture changed = picture;
        for (int i = 0; i < changes; i++) {
            Change change = Change.values()[draws.below(Change.values().length)];
            changed = change.apply(changed, magnitude / STEPS, draws.chance(0.5) ? -1 : 1);
        }
        return changed;
    }

    @Override
    public String toString() {
        return "randAugment(" + changes + ", " + magnitude + ")";
    }
}
