package io.github.squeeze4j.images;

/** Brightness, contrast, saturation and hue, each changed by a random factor, in a random order: torchvision's. */
final class ColourJitter implements Transform {
    private final double brightness;
    private final double contrast;
    private final double saturation;
    private final double hue;

    ColourJitter(double brightness, double contrast, double saturation, double hue) {
        this.brightness = Rules.within("brightness", brightness, 0, 10);
        this.contrast = Rules.within("contrast", contrast, 0, 10);
        this.saturation = Rules.within("saturation", saturation, 0, 10);
        this.hue = Rules.within("hue", hue, 0, 0.5);
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        int[] order = {0, 1, 2, 3};
        for (int i = 3; i > 0; i--) {
            int j = draws.below(i + 1);
            int kept = order[i];
            order[i] = order[j];
            order[j] = kept;
        }
        double[] amounts = {
            factor(brightness, draws), factor(contrast, draws), factor(saturation, draws), draws.between(-hue, hue)
        };
        Picture changed = picture;
        for (int what : order) {
            changed = change(changed, what, amounts[what]);
        }
        return changed;
    }

    private static double factor(double spread, Draws draws) {
        return draws.between(Math.max(0, 1 - spread), 1 + spread);
    }

    private Picture change(Picture picture, int what, double amount) {
        switch (what) {
            case 0:
                return Colours.brightness(picture, amount);
            case 1:
                return Colours.contrast(picture, amount);
            case 2:
                return Colours.saturation(picture, amount);
            default:
                // Even a turn by nothing goes through HSV, which rounds.
                return hue == 0 ? picture : Colours.hue(picture, amount);
        }
    }

    @Override
    public String toString() {
        return "colourJitter(" + brightness + ", " + contrast + ", " + saturation + ", " + hue + ")";
    }
}
