package io.github.squeeze4j.images;

import java.util.ArrayList;
import java.util.List;

/**
 * Makes transforms. Their defaults are those of the papers' authors; pictures in, pictures out, both of bytes, so that
 * values are rounded and cut to 0 to 255 after each.
 */
public final class Transforms {
    private static final double LEAST_AREA = 0.08;
    private static final double LEAST_RATIO = 3.0 / 4;
    private static final double MOST_RATIO = 4.0 / 3;

    private Transforms() {}

    /**
     * A random part of the picture, resized: area from 8 to 100 % of the picture's, aspect ratio (width / height) from 3/4
     * to 4/3, both as torchvision draws them; bilinear (Szegedy et al., 1409.4842, section 6).
     *
     * @param height of the result, in pixels
     * @param width of the result, in pixels
     * @return the transform
     */
    public static Transform randomResizedCrop(int height, int width) {
        return randomResizedCrop(height, width, LEAST_AREA, 1, Interpolation.BILINEAR);
    }

    /**
     * A random part of the picture, resized, with an aspect ratio from 3/4 to 4/3.
     *
     * @param height of the result, in pixels
     * @param width of the result, in pixels
     * @param leastArea share of the picture's area, from 0.0001 to 1
     * @param mostArea share of the picture's area, from {@code leastArea} to 1
     * @param interpolation how it is resized
     * @return the transform
     */
    public static Transform randomResizedCrop(
            int height, int width, double leastArea, double mostArea, Interpolation interpolation) {
        return new RandomResizedCrop(height, width, leastArea, mostArea, LEAST_RATIO, MOST_RATIO, interpolation);
    }

    /**
     * Left and right swapped in every second picture.
     *
     * @return the transform
     */
    public static Transform mirror() {
        return new Mirror(0.5);
    }

    /**
     * Turned about the middle by an evenly spread angle, bilinear; the corners become black.
     *
     * @param degrees the largest angle to either side, from 0 to 180; 10 in hujie-frank/SENet
     * @return the transform
     */
    public static Transform rotation(double degrees) {
        return new RandomRotation(degrees);
    }

    /**
     * An evenly spread whole number added to each value of each pixel, independently. hujie-frank/SENet names this "pixel
     * jitter, -20 to 20" and says no more.
     *
     * @param most the largest number to either side, from 0 to 255
     * @return the transform
     */
    public static Transform pixelJitter(int most) {
        return new PixelJitter(most);
    }

    /**
     * A black frame around the picture, then a random part (He et al., 1512.03385, section 4.2).
     *
     * @param padding width of the frame in pixels, not negative; 4 for CIFAR
     * @param height of the result, in pixels
     * @param width of the result, in pixels
     * @return the transform
     */
    public static Transform padAndCrop(int padding, int height, int width) {
        return new PadAndCrop(padding, height, width);
    }

    /**
     * Brightness, contrast and saturation each multiplied by an evenly spread factor from 1 - x (at least 0) to 1 + x, hue
     * turned by up to a part of the circle, in a random order: torchvision's ColorJitter.
     *
     * @param brightness from 0 (unchanged) to 10
     * @param contrast from 0 (unchanged) to 10
     * @param saturation from 0 (unchanged) to 10
     * @param hue from 0 (unchanged) to 0.5
     * @return the transform
     */
    public static Transform colourJitter(double brightness, double contrast, double saturation, double hue) {
        return new ColourJitter(brightness, contrast, saturation, hue);
    }

    /**
     * A rectangle of 2 to 33 % of the area and an aspect ratio (height / width) from 0.3 to 3.3 in the mean colour of
     * ImageNet (124, 116, 104), which is 0 after the usual preprocessing (Zhong et al., 1708.04896).
     *
     * @param probability that there is one, from 0 to 1; 0.5 in the paper
     * @return the transform
     */
    public static Transform randomErasing(double probability) {
        return new RandomErasing(probability, 0.02, 0.33, 124, 116, 104);
    }

    /**
     * RandAugment (Cubuk et al., 1909.13719) as torchvision has it: 14 changes, strengths in 31 steps, nearest pixel, black
     * behind.
     *
     * @param changes how many one after the other, not negative; 2 in torchvision
     * @param magnitude their strength, from 0 to 30; 9 in torchvision
     * @return the transform
     */
    public static Transform randAugment(int changes, int magnitude) {
        return new RandAugment(changes, magnitude);
    }

    /**
     * Resized to a size, whatever the picture's shape.
     *
     * @param height in pixels, from 1 to 16384
     * @param width in pixels, from 1 to 16384
     * @param interpolation the filter
     * @return the transform
     */
    public static Transform resize(int height, int width, Interpolation interpolation) {
        return new Resizing(Rules.side("height", height), width, interpolation);
    }

    /**
     * Resized so that the shorter side has a length; the longer one is rounded down, as in torchvision.
     *
     * @param length in pixels, from 1 to 16384
     * @param interpolation the filter
     * @return the transform
     */
    public static Transform shorterSide(int length, Interpolation interpolation) {
        return new Resizing(0, length, interpolation);
    }

    /**
     * The middle of the picture; where it is too small, with black around.
     *
     * @param height in pixels, from 1 to 16384
     * @param width in pixels, from 1 to 16384
     * @return the transform
     */
    public static Transform centreCrop(int height, int width) {
        return new CentreCrop(height, width);
    }

    /**
     * Ten parts of a picture whose outputs are averaged (Krizhevsky et al., 2012, section 4.1): top left, top right, bottom
     * left, bottom right, middle, and these of the mirrored picture. torchvision's order.
     *
     * @param picture at least as large as its parts; black is added where it is not
     * @param height of a part, in pixels
     * @param width of a part, in pixels
     * @return ten pictures
     */
    public static List<Picture> tenCrop(Picture picture, int height, int width) {
        List<Picture> parts = new ArrayList<>();
        CentreCrop middle = new CentreCrop(height, width);
        for (Picture side : List.of(picture, Mirror.swapped(picture))) {
            for (int top : new int[] {0, picture.height() - height}) {
                for (int left : new int[] {0, picture.width() - width}) {
                    parts.add(CentreCrop.cut(side, top, left, height, width));
                }
            }
            parts.add(middle.apply(side, null));
        }
        return parts;
    }

    /**
     * Each batch's pictures and labels mixed with those of the same batch moved on by one: lambda of their own, the rest of
     * the one before; lambda from Beta(alpha, alpha), one per batch (Zhang et al., 1710.09412; torchvision's MixUp).
     *
     * @param alpha from 0.001 to 1000; 0.2 in the paper for ImageNet
     * @return the transform
     */
    public static BatchTransform mixup(double alpha) {
        return new Mixing(false, alpha);
    }

    /**
     * A rectangle of each picture replaced by that of the one before it in the batch; labels mixed by area (Yun et al.,
     * 1905.04899; torchvision's CutMix).
     *
     * @param alpha from 0.001 to 1000; 1 in the paper
     * @return the transform
     */
    public static BatchTransform cutMix(double alpha) {
        return new Mixing(true, alpha);
    }

    /**
     * Labels times 1 - epsilon, plus epsilon / classes (Szegedy et al., 1512.00567, section 7).
     *
     * @param epsilon from 0 to 0.999; usually 0.1
     * @return the transform
     */
    public static BatchTransform labelSmoothing(double epsilon) {
        return new LabelSmoothing(epsilon);
    }
}
