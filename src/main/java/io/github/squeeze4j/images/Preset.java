package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import java.util.List;

/**
 * A named way to prepare pictures: an augmentation for training and a preprocessing for everything else.
 *
 * <table>
 * <caption>Presets</caption>
 * <tr><th>name</th><th>training</th><th>otherwise</th></tr>
 * <tr><td>senet</td><td>random resized crop, mirror, rotation of +-10 degrees, pixel jitter +-20 (hujie-frank/SENet)</td>
 * <td>224 of shorter side 256</td></tr>
 * <tr><td>rgsenet</td><td>random resized crop, mirror (megvii-research/RG-SENet_SP-SENet)</td>
 * <td>224 of shorter side 256</td></tr>
 * <tr><td>cifar</td><td>random part of the picture with 4 black pixels around, mirror (1512.03385, section 4.2)</td>
 * <td>resized to 32; mean (0.4914, 0.4822, 0.4465), deviation (0.247, 0.2435, 0.2616)</td></tr>
 * <tr><td>eval</td><td>none</td><td>224 of shorter side 256</td></tr>
 * <tr><td>caffe</td><td>random resized crop, mirror</td>
 * <td>224 of shorter side 256; BGR from 0 to 255, mean (104, 117, 123)</td></tr>
 * </table>
 *
 * <p>Where the table does not say, values are the defaults of {@link Preprocessing}.
 */
public final class Preset {
    private static final List<String> NAMES = List.of("senet", "rgsenet", "cifar", "eval", "caffe");
    private static final int CIFAR_SIZE = 32;
    private static final int SIZE = 224;

    private final String name;
    private final Transform augmentation;
    private final Preprocessing preprocessing;

    private Preset(String name, Transform augmentation, Preprocessing preprocessing) {
        this.name = name;
        this.augmentation = augmentation;
        this.preprocessing = preprocessing;
    }

    /**
     * The names.
     *
     * @return senet, rgsenet, cifar, eval, caffe
     */
    public static List<String> names() {
        return NAMES;
    }

    /**
     * A preset in its own size and colours: 224, or 32 for cifar; RGB, or BGR for caffe.
     *
     * @param name one of {@link #names}
     * @return the preset
     * @throws BadInputException if there is none of this name
     */
    public static Preset named(String name) {
        int size = name.equals("cifar") ? CIFAR_SIZE : SIZE;
        return named(name, size, size, name.equals("caffe") ? ColourOrder.BGR : ColourOrder.RGB);
    }

    /**
     * A preset for another size or other channels. The shorter side stays 8/7 of the crop's, and the black frame of cifar an
     * eighth of the shorter side.
     *
     * @param name one of {@link #names}
     * @param height that the network takes, in pixels
     * @param width that the network takes, in pixels
     * @param colours what the network takes; mean and deviation of grey are the averages of those of the colours
     * @return the preset
     * @throws BadInputException if there is none of this name
     */
    public static Preset named(String name, int height, int width, ColourOrder colours) {
        Preprocessing.Builder preprocessing =
                Preprocessing.builder().size(height, width).cropRatio(0.875).colours(colours);
        Transform crop = Transforms.randomResizedCrop(height, width).then(Transforms.mirror());
        switch (name) {
            case "senet":
                Transform senet = crop.then(Transforms.rotation(10)).then(Transforms.pixelJitter(20));
                return new Preset(name, senet, preprocessing.build());
            case "rgsenet":
                return new Preset(name, crop, preprocessing.build());
            case "cifar":
                preprocessing
                        .exact()
                        .mean(ordered(colours, 0.4914, 0.4822, 0.4465))
                        .deviation(ordered(colours, 0.247, 0.2435, 0.2616));
                Transform resized = Transforms.resize(height, width, Interpolation.BILINEAR);
                Transform padded = Transforms.padAndCrop(Math.min(height, width) / 8, height, width);
                return new Preset(name, resized.then(padded).then(Transforms.mirror()), preprocessing.build());
            case "eval":
                return new Preset(name, null, preprocessing.build());
            case "caffe":
                preprocessing.range(255).mean(ordered(colours, 123, 117, 104)).deviation(1);
                return new Preset(name, crop, preprocessing.build());
            default:
                throw new BadInputException(
                        "preset (" + name + ") must be one of " + String.join(", ", NAMES) + "; choose one of them");
        }
    }

    private static double[] ordered(ColourOrder colours, double red, double green, double blue) {
        switch (colours) {
            case RGB:
                return new double[] {red, green, blue};
            case BGR:
                return new double[] {blue, green, red};
            default:
                return new double[] {(red + green + blue) / 3};
        }
    }

    /**
     * The name.
     *
     * @return one of {@link #names}
     */
    public String name() {
        return name;
    }

    /**
     * What training does to a picture before {@link #preprocessing} only orders channels and shifts values.
     *
     * @return an augmentation whose pictures have the network's size; null for eval, which trains as it judges
     */
    public Transform augmentation() {
        return augmentation;
    }

    /**
     * What evaluation and prediction do to a picture.
     *
     * @return the preprocessing, to be saved with the network
     */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    @Override
    public String toString() {
        return name;
    }
}
