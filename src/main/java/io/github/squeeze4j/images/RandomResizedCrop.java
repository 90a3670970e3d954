package io.github.squeeze4j.images;

import java.util.Locale;

/**
 * A random part of a picture, resized (Szegedy et al., 1409.4842, section 6). Drawn as torchvision does: ten attempts at an
 * area and an aspect ratio whose logarithm is evenly spread; if none fits, the largest middle part of a ratio that does.
 */
final class RandomResizedCrop implements Transform {
    private static final int ATTEMPTS = 10;

    private final int height;
    private final int width;
    private final double leastArea;
    private final double mostArea;
    private final double leastRatio;
    private final double mostRatio;
    private final Interpolation interpolation;

    RandomResizedCrop(
            int height,
            int width,
            double leastArea,
            double mostArea,
            double leastRatio,
            double mostRatio,
            Interpolation interpolation) {
        this.height = Rules.side("height", height);
        this.width = Rules.side("width", width);
        Rules.range("area", leastArea, mostArea, 1e-4, 1);
        Rules.range("ratio", leastRatio, mostRatio, 1e-2, 1e2);
        this.leastArea = leastArea;
        this.mostArea = mostArea;
        this.leastRatio = leastRatio;
        this.mostRatio = mostRatio;
        this.interpolation = interpolation;
    }

    @Override
    public Picture apply(Picture picture, Draws draws) {
        return Resampling.resize(picture, area(picture, draws), height, width, interpolation);
    }

    private Resampling.Area area(Picture picture, Draws draws) {
        double pixels = (double) picture.height() * picture.width();
        for (int i = 0; i < ATTEMPTS; i++) {
            double area = pixels * draws.between(leastArea, mostArea);
            double ratio = Math.exp(draws.between(Math.log(leastRatio), Math.log(mostRatio)));
            int w = (int) Math.rint(Math.sqrt(area * ratio));
            int h = (int) Math.rint(Math.sqrt(area / ratio));
            if (w > 0 && w <= picture.width() && h > 0 && h <= picture.height()) {
                int top = draws.below(picture.height() - h + 1);
                return new Resampling.Area(top, draws.below(picture.width() - w + 1), h, w);
            }
        }
        double ratio = (double) picture.width() / picture.height();
        int w = picture.width();
        int h = picture.height();
        if (ratio < leastRatio) {
            h = Math.max(1, (int) Math.rint(w / leastRatio));
        } else if (ratio > mostRatio) {
            w = Math.max(1, (int) Math.rint(h * mostRatio));
        }
        return new Resampling.Area((picture.height() - h) / 2, (picture.width() - w) / 2, h, w);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "randomResizedCrop(%dx%d, area %s to %s, ratio %.4f to %.4f, %s)",
                height,
                width,
                leastArea,
                mostArea,
                leastRatio,
                mostRatio,
                interpolation);
    }
}
