package io.github.squeeze4j.images;

import io.github.squeeze4j.training.BadInputException;
import java.util.List;

/**
 * What happens to a picture before a network sees it: resized, cropped in the middle, its channels ordered, and each
 * value v from 0 to 255 made (v * range / 255 - mean) / deviation in float arithmetic, as torchvision does it. One
 * unchanging value that is saved with the network.
 *
 * <p>Defaults: RGB, shorter side 256, bilinear, centre 224x224, range 1, mean (0.485, 0.456, 0.406), deviation (0.229,
 * 0.224, 0.225): torchvision's for ImageNet.
 *
 * <pre>{@code
 * Preprocessing small = Preprocessing.builder().size(160, 160).shorterSide(182).build();
 * float[] input = small.toArray(Picture.read(file)); // [3, 160, 160]
 * }</pre>
 */
public final class Preprocessing {
    /** How a picture gets its size before the crop. */
    public enum Resize {
        /** Its shorter side gets a given length, the other follows. */
        SHORTER_SIDE,
        /** It is resized to the network's size, whatever its shape. */
        EXACT,
        /** It stays as it is. */
        NONE
    }

    /** Sets the values; those that are not set keep their defaults. */
    public static final class Builder {
        private Builder() {}

        /**
         * What the network takes.
         *
         * @param height in pixels, 1 to 4096
         * @param width in pixels, 1 to 4096
         * @return this builder
         */
        public Builder size(int height, int width) {
            throw new UnsupportedOperationException();
        }

        /**
         * Resizes so that the shorter side has a length; default 256.
         *
         * @param length in pixels, 1 to 16384
         * @return this builder
         */
        public Builder shorterSide(int length) {
            throw new UnsupportedOperationException();
        }

        /**
         * Resizes so that the crop is a part of the shorter side: its length is the crop's / ratio, rounded down, as timm's
         * {@code crop_pct}.
         *
         * @param ratio above 0, at most 1: 0.875 for 224 of 256
         * @return this builder
         */
        public Builder cropRatio(double ratio) {
            throw new UnsupportedOperationException();
        }

        /**
         * Resizes to the network's size, whatever the picture's shape.
         *
         * @return this builder
         */
        public Builder exact() {
            throw new UnsupportedOperationException();
        }

        /**
         * Leaves pictures in their size.
         *
         * @return this builder
         */
        public Builder unresized() {
            throw new UnsupportedOperationException();
        }

        /**
         * How it is resized; default bilinear.
         *
         * @param interpolation the filter
         * @return this builder
         */
        public Builder interpolation(Interpolation interpolation) {
            throw new UnsupportedOperationException();
        }

        /**
         * The channels; default RGB. Changes mean and deviation to those of as many channels.
         *
         * @param colours their order
         * @return this builder
         */
        public Builder colours(ColourOrder colours) {
            throw new UnsupportedOperationException();
        }

        /**
         * What white is before mean and deviation; default 1.
         *
         * @param range 1, 255 or another positive number
         * @return this builder
         */
        public Builder range(double range) {
            throw new UnsupportedOperationException();
        }

        /**
         * What is subtracted.
         *
         * @param mean one value per channel, in the order of {@link #colours}, or one for all
         * @return this builder
         */
        public Builder mean(double... mean) {
            throw new UnsupportedOperationException();
        }

        /**
         * What is divided by.
         *
         * @param deviation one positive value per channel, in the order of {@link #colours}, or one for all
         * @return this builder
         */
        public Builder deviation(double... deviation) {
            throw new UnsupportedOperationException();
        }

        /**
         * The value.
         *
         * @return what was set
         * @throws BadInputException if a value is out of its range
         */
        public Preprocessing build() {
            throw new UnsupportedOperationException();
        }
    }

    private Preprocessing() {}

    /**
     * Starts from the defaults.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Starts from these values.
     *
     * @return a builder
     */
    public Builder toBuilder() {
        throw new UnsupportedOperationException();
    }

    /**
     * Height that the network takes.
     *
     * @return pixels
     */
    public int height() {
        throw new UnsupportedOperationException();
    }

    /**
     * Width that the network takes.
     *
     * @return pixels
     */
    public int width() {
        throw new UnsupportedOperationException();
    }

    /**
     * Channels that the network takes.
     *
     * @return their order
     */
    public ColourOrder colours() {
        throw new UnsupportedOperationException();
    }

    /**
     * Resizes and crops a picture, and gives it the network's channels (RGB for BGR).
     *
     * @param picture of any size
     * @return a picture of the network's size
     */
    public Picture prepare(Picture picture) {
        throw new UnsupportedOperationException();
    }

    /**
     * What the network sees of a picture.
     *
     * @param picture of any size
     * @return [C, H, W]
     */
    public float[] toArray(Picture picture) {
        throw new UnsupportedOperationException();
    }

    /**
     * What a user may want to know of what {@link #prepare} does to a picture: that it is made grey, that its shape is
     * changed, that parts of it are cut off or added, that it is made larger.
     *
     * @param picture of any size
     * @return short phrases such as "made grey"; none for a picture that fits
     */
    public List<String> changes(Picture picture) {
        throw new UnsupportedOperationException();
    }

    /**
     * The values as a JSON object, a few hundred bytes.
     *
     * @return UTF-8 text that {@link #ofJson} reads
     */
    public byte[] toJson() {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @param json UTF-8 text
     * @param name what messages call it
     * @return the values
     * @throws BadInputException if it is no such text, or a value is out of its range, missing or unknown
     */
    public static Preprocessing ofJson(byte[] json, String name) {
        throw new UnsupportedOperationException();
    }
}
