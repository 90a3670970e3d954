package io.github.squeeze4j.weights;

import java.util.Arrays;

/**
 * How a source prepares images for its networks, as far as names of tensors tell: what most of its checkpoints were trained
 * with. A checkpoint's own page may say otherwise. Images are read as numbers from 0 to 1, resized so that the shorter side is
 * {@code size / cropRatio}, cropped to {@code size} at the centre, and normalised as (x - mean) / std. Immutable.
 */
public final class InputSettings {
    private static final double[] IMAGENET_MEAN = {0.485, 0.456, 0.406};
    private static final double[] IMAGENET_STD = {0.229, 0.224, 0.225};
    private static final double IMAGENET_RATIO = 0.875;
    private static final int IMAGENET_SIZE = 224;
    private static final int BORDER = 32;
    private static final double BYTE = 255;

    private final int size;
    private final double cropRatio;
    private final String interpolation;
    private final String colourOrder;
    private final double[] mean;
    private final double[] std;
    /** Whether the crop leaves as many pixels around it at every size. */
    private final boolean bordered;

    InputSettings(int size, double cropRatio, String interpolation, double[] mean, double[] std) {
        this(size, cropRatio, interpolation, "RGB", mean, std, false);
    }

    private InputSettings(
            int size,
            double cropRatio,
            String interpolation,
            String colourOrder,
            double[] mean,
            double[] std,
            boolean bordered) {
        this.size = size;
        this.cropRatio = cropRatio;
        this.interpolation = interpolation;
        this.colourOrder = colourOrder;
        this.mean = mean;
        this.std = std;
        this.bordered = bordered;
    }

    static InputSettings imagenet(String interpolation) {
        return new InputSettings(IMAGENET_SIZE, IMAGENET_RATIO, interpolation, IMAGENET_MEAN, IMAGENET_STD);
    }

    /** Means of bytes and no scaling, here in the order red, green, blue. */
    static InputSettings caffe() {
        return new InputSettings(
                IMAGENET_SIZE,
                IMAGENET_RATIO,
                "bilinear",
                new double[] {123 / BYTE, 117 / BYTE, 104 / BYTE},
                new double[] {1 / BYTE, 1 / BYTE, 1 / BYTE});
    }

    /** The same for networks that stay as Caffe has them. */
    static InputSettings blueFirst(int size) {
        return new InputSettings(
                size,
                IMAGENET_RATIO,
                "bilinear",
                "BGR",
                new double[] {104 / BYTE, 117 / BYTE, 123 / BYTE},
                new double[] {1 / BYTE, 1 / BYTE, 1 / BYTE},
                false);
    }

    /** EfficientNet-Lite's, the same for all colours: the crop leaves 16 pixels on each side. */
    static InputSettings lite(double mean, double std) {
        return new InputSettings(
                IMAGENET_SIZE,
                ratioInBorder(IMAGENET_SIZE),
                "bicubic",
                "RGB",
                new double[] {mean, mean, mean},
                new double[] {std, std, std},
                true);
    }

    private static double ratioInBorder(int size) {
        return size / (double) (size + BORDER);
    }

    /** torchvision's network with weights makes these of ImageNet's mean and deviation in its first step, which ours has not. */
    static InputSettings inception() {
        double[] half = {0.5, 0.5, 0.5};
        return new InputSettings(299, IMAGENET_RATIO, "bilinear", half, half);
    }

    /**
     * The same settings for a network of another size: EfficientNet-Lite leaves as many pixels around the crop, others crop the same
     * part.
     *
     * @param size of the network's input, pixels
     * @return the settings
     */
    public InputSettings at(int size) {
        if (size <= 0) {
            throw new WeightsException("size (" + size + ") must be positive; use that of the network's input");
        }
        return new InputSettings(
                size, bordered ? ratioInBorder(size) : cropRatio, interpolation, colourOrder, mean, std, bordered);
    }

    /**
     * Height and width of the network's input.
     *
     * @return pixels
     */
    public int size() {
        return size;
    }

    /**
     * What part of the shorter side the crop at the centre takes.
     *
     * @return above 0, at most 1
     */
    public double cropRatio() {
        return cropRatio;
    }

    /**
     * How images are resized.
     *
     * @return {@code bilinear} or {@code bicubic}
     */
    public String interpolation() {
        return interpolation;
    }

    /**
     * What is subtracted, by channel.
     *
     * @return a copy, in the order of {@link #colourOrder()}, for values from 0 to 1
     */
    public double[] mean() {
        return mean.clone();
    }

    /**
     * What the differences are divided by, by channel.
     *
     * @return a copy
     */
    public double[] std() {
        return std.clone();
    }

    /**
     * Order of the channels that the loaded network takes. Where a source takes blue first, loading into a network of {@code
     * models} turns its first convolution around; a {@link CaffeNetwork} stays as it is.
     *
     * @return {@code RGB}; {@code BGR} for a {@link CaffeNetwork}
     */
    public String colourOrder() {
        return colourOrder;
    }

    /**
     * All settings.
     *
     * @return one line
     */
    @Override
    public String toString() {
        return size + " pixels, crop " + cropRatio + ", " + interpolation + ", " + colourOrder() + ", mean "
                + Arrays.toString(mean) + ", std " + Arrays.toString(std);
    }
}
