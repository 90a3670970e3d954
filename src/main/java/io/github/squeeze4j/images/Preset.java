package io.github.squeeze4j.images;

import io.github.squeeze4j.training.BadInputException;
import java.util.List;

/**
 * A named way to prepare pictures: an augmentation for training and a preprocessing for everything else.
 *
 * <table>
 * <caption>Presets</caption>
 * <tr><th>name</th><th>training</th><th>otherwise</th></tr>
 * <tr><td>senet</td><td>random resized crop, mirror, rotation of +-10 degrees, pixel jitter +-20</td>
 * <td>224 of shorter side 256</td></tr>
 * <tr><td>rgsenet</td><td>random resized crop, mirror</td><td>224 of shorter side 256</td></tr>
 * <tr><td>cifar</td><td>random crop of the picture with 4 black pixels around, mirror</td><td>as it is, 32</td></tr>
 * <tr><td>eval</td><td>none</td><td>224 of shorter side 256</td></tr>
 * <tr><td>caffe</td><td>random resized crop, mirror</td><td>224 of shorter side 256, BGR, mean (104, 117, 123) subtracted</td></tr>
 * </table>
 */
public final class Preset {
    private Preset() {}

    /**
     * The names.
     *
     * @return senet, rgsenet, cifar, eval, caffe
     */
    public static List<String> names() {
        throw new UnsupportedOperationException();
    }

    /**
     * A preset in its own size: 224, or 32 for cifar.
     *
     * @param name one of {@link #names}
     * @return the preset
     * @throws BadInputException if there is none of this name
     */
    public static Preset named(String name) {
        throw new UnsupportedOperationException();
    }

    /**
     * A preset for another size or other channels. The shorter side stays 8/7 of the crop's, padding an eighth.
     *
     * @param name one of {@link #names}
     * @param height that the network takes, in pixels
     * @param width that the network takes, in pixels
     * @param colours what the network takes; for caffe only BGR
     * @return the preset
     * @throws BadInputException if there is none of this name, or none for these colours
     */
    public static Preset named(String name, int height, int width, ColourOrder colours) {
        throw new UnsupportedOperationException();
    }

    /**
     * The name.
     *
     * @return one of {@link #names}
     */
    public String name() {
        throw new UnsupportedOperationException();
    }

    /**
     * What training does to a picture before {@link #preprocessing} only orders channels and shifts values.
     *
     * @return an augmentation whose pictures have the network's size; null for eval, which trains as it judges
     */
    public Transform augmentation() {
        throw new UnsupportedOperationException();
    }

    /**
     * What evaluation and prediction do to a picture.
     *
     * @return the preprocessing, to be saved with the network
     */
    public Preprocessing preprocessing() {
        throw new UnsupportedOperationException();
    }
}
