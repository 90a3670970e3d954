package io.github.squeeze4j.images;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.internal.BuilderText;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.DeserializationFeature;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

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
    private static final int LARGEST_INPUT = 4096;
    private static final int LARGEST_JSON = 1 << 14;
    private static final double LARGEST_RANGE = 65535;
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** How a picture gets its size before the crop. */
    public enum Resize {
        /** Its shorter side gets a given length, the other follows. */
        SHORTER_SIDE,
        /** It is resized to the network's size, whatever its shape. */
        EXACT,
        /** It stays as it is. */
        NONE
    }

    private final int height;
    private final int width;
    private final Resize resize;
    private final int shorterSide;
    private final Interpolation interpolation;
    private final ColourOrder colours;
    private final double range;
    private final double[] mean;
    private final double[] deviation;

    private Preprocessing(Builder builder) {
        height = builder.height;
        width = builder.width;
        resize = builder.resize;
        shorterSide = builder.resize == Resize.SHORTER_SIDE ? builder.length() : 0;
        interpolation = builder.interpolation;
        colours = builder.colours;
        range = builder.range;
        mean = builder.perChannel("mean", builder.mean);
        deviation = builder.perChannel("deviation", builder.deviation);
        for (double value : mean) {
            Rules.within("mean", value, -LARGEST_RANGE, LARGEST_RANGE);
        }
        for (double value : deviation) {
            Rules.within("deviation", value, 1e-6, LARGEST_RANGE);
        }
    }

    /** Sets the values; those that are not set keep their defaults. */
    public static final class Builder {
        private static final double[] MEAN = {0.485, 0.456, 0.406};
        private static final double[] DEVIATION = {0.229, 0.224, 0.225};

        private int height = 224;
        private int width = 224;
        private Resize resize = Resize.SHORTER_SIDE;
        private int shorterSide = 256;
        private double ratio;
        private Interpolation interpolation = Interpolation.BILINEAR;
        private ColourOrder colours = ColourOrder.RGB;
        private double range = 1;
        private double[] mean;
        private double[] deviation;

        private Builder() {}

        /**
         * What the network takes.
         *
         * @param height in pixels, from 1 to 4096
         * @param width in pixels, from 1 to 4096
         * @return this builder
         */
        public Builder size(int height, int width) {
            this.height = Rules.within("height", height, 1, LARGEST_INPUT);
            this.width = Rules.within("width", width, 1, LARGEST_INPUT);
            return this;
        }

        /**
         * Resizes so that the shorter side has a length; default 256.
         *
         * @param length in pixels, from 1 to 16384
         * @return this builder
         */
        public Builder shorterSide(int length) {
            resize = Resize.SHORTER_SIDE;
            shorterSide = Rules.side("shorter side", length);
            ratio = 0;
            return this;
        }

        /**
         * Resizes so that the crop is a part of the shorter side: that gets the crop's shorter side / ratio, rounded down, as
         * timm's {@code crop_pct}.
         *
         * @param ratio from 0.1 to 1; 0.875 for 224 of 256
         * @return this builder
         */
        public Builder cropRatio(double ratio) {
            resize = Resize.SHORTER_SIDE;
            this.ratio = Rules.within("crop ratio", ratio, 0.1, 1);
            return this;
        }

        /**
         * Resizes to the network's size, whatever the picture's shape.
         *
         * @return this builder
         */
        public Builder exact() {
            resize = Resize.EXACT;
            return this;
        }

        /**
         * Leaves pictures in their size.
         *
         * @return this builder
         */
        public Builder unresized() {
            resize = Resize.NONE;
            return this;
        }

        /**
         * How it is resized; default bilinear.
         *
         * @param interpolation the filter
         * @return this builder
         */
        public Builder interpolation(Interpolation interpolation) {
            this.interpolation = interpolation;
            return this;
        }

        /**
         * The channels; default RGB. The default mean and deviation follow it: those of blue first for BGR, their averages
         * for grey.
         *
         * @param colours their order
         * @return this builder
         */
        public Builder colours(ColourOrder colours) {
            this.colours = colours;
            return this;
        }

        /**
         * What white is before mean and deviation; default 1. The default mean and deviation follow it.
         *
         * @param range 1, 255 or another number from 0.001 to 65535
         * @return this builder
         */
        public Builder range(double range) {
            this.range = Rules.within("range", range, 1e-3, LARGEST_RANGE);
            return this;
        }

        /**
         * What is subtracted.
         *
         * @param mean one value per channel, in the order of {@link #colours}, or one for all; from -65535 to 65535
         * @return this builder
         */
        public Builder mean(double... mean) {
            this.mean = mean.clone();
            return this;
        }

        /**
         * What is divided by.
         *
         * @param deviation one value per channel, in the order of {@link #colours}, or one for all; from 0.000001 to 65535
         * @return this builder
         */
        public Builder deviation(double... deviation) {
            this.deviation = deviation.clone();
            return this;
        }

        /**
         * The value.
         *
         * @return what was set
         * @throws BadInputException if a value is out of its range, or there are not as many as channels
         */
        public Preprocessing build() {
            return new Preprocessing(this);
        }

        @Override
        public String toString() {
            return BuilderText.of(this, this::build);
        }

        private int length() {
            return ratio > 0 ? Rules.side("shorter side", (int) (Math.min(height, width) / ratio)) : shorterSide;
        }

        private double[] perChannel(String option, double[] given) {
            int channels = colours.channels();
            if (given == null) {
                double[] rgb = option.equals("mean") ? MEAN : DEVIATION;
                double[] values = new double[channels];
                for (int c = 0; c < channels; c++) {
                    double value = channels == 1
                            ? (rgb[0] + rgb[1] + rgb[2]) / 3
                            : rgb[colours == ColourOrder.BGR ? 2 - c : c];
                    values[c] = value * range;
                }
                return values;
            }
            if (given.length != 1 && given.length != channels) {
                throw new BadInputException(
                        option + " (" + Arrays.toString(given) + ") must have one value for each of " + channels
                                + " channels of " + colours + ", or one for all; give " + channels);
            }
            double[] values = new double[channels];
            Arrays.setAll(values, c -> given[given.length == 1 ? 0 : c]);
            return values;
        }
    }

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
        Builder builder = new Builder()
                .size(height, width)
                .interpolation(interpolation)
                .colours(colours)
                .range(range)
                .mean(mean)
                .deviation(deviation);
        builder.resize = resize;
        builder.shorterSide = shorterSide;
        return builder;
    }

    /**
     * Height that the network takes.
     *
     * @return pixels
     */
    public int height() {
        return height;
    }

    /**
     * Width that the network takes.
     *
     * @return pixels
     */
    public int width() {
        return width;
    }

    /**
     * Channels that the network takes.
     *
     * @return their order
     */
    public ColourOrder colours() {
        return colours;
    }

    /**
     * Values that the network takes of a picture.
     *
     * @return channels * height * width
     */
    public int length() {
        return colours.channels() * height * width;
    }

    /**
     * Resizes and crops a picture, and gives it the network's channels (RGB for BGR).
     *
     * @param picture of any size
     * @return a picture of the network's size
     */
    public Picture prepare(Picture picture) {
        Picture cropped = new CentreCrop(height, width).apply(resized(picture), null);
        return colours.channels() == 1 ? cropped.toGrey() : cropped.toRgb();
    }

    private Picture resized(Picture picture) {
        switch (resize) {
            case SHORTER_SIDE:
                return centreOfResized(picture);
            case EXACT:
                return Resampling.resize(picture, height, width, interpolation);
            default:
                return picture;
        }
    }

    /** Only what the crop leaves is computed. */
    private Picture centreOfResized(Picture picture) {
        int fullHeight = Resizing.side(picture, shorterSide, picture.height());
        int fullWidth = Resizing.side(picture, shorterSide, picture.width());
        Resampling.Area window = new Resampling.Area(
                Math.max(0, CentreCrop.start(fullHeight, height)),
                Math.max(0, CentreCrop.start(fullWidth, width)),
                Math.min(height, fullHeight),
                Math.min(width, fullWidth));
        Resampling.Area whole = new Resampling.Area(0, 0, picture.height(), picture.width());
        return Resampling.resize(picture, whole, fullHeight, fullWidth, interpolation, window);
    }

    /**
     * The part of a picture that {@link #prepare} leaves.
     *
     * @param picture of any size
     * @return top, left, height and width in the picture's own pixels; beyond its edges where it gets a frame
     */
    public double[] window(Picture picture) {
        if (resize == Resize.EXACT) {
            return new double[] {0, 0, picture.height(), picture.width()};
        }
        boolean resized = resize == Resize.SHORTER_SIDE;
        int fullHeight = resized ? Resizing.side(picture, shorterSide, picture.height()) : picture.height();
        int fullWidth = resized ? Resizing.side(picture, shorterSide, picture.width()) : picture.width();
        double down = (double) picture.height() / fullHeight;
        double across = (double) picture.width() / fullWidth;
        return new double[] {
            CentreCrop.start(fullHeight, height) * down,
            CentreCrop.start(fullWidth, width) * across,
            height * down,
            width * across
        };
    }

    /**
     * What the network sees of a picture.
     *
     * @param picture of any size
     * @return [C, H, W]
     */
    public float[] toArray(Picture picture) {
        float[] values = new float[length()];
        write(prepare(picture), values, 0);
        return values;
    }

    /**
     * Orders the channels and shifts the values of a picture that has the network's size already, such as one of ten crops.
     *
     * @param picture of the network's size
     * @param out where its values go, [C, H, W]
     * @param offset the first of them
     * @throws BadInputException if it has another size
     */
    public void write(Picture picture, float[] out, int offset) {
        if (picture.height() != height || picture.width() != width) {
            throw new BadInputException("picture (" + picture.width() + "x" + picture.height()
                    + ") must have the network's size, " + width + "x" + height + "; resize or crop it so");
        }
        Picture converted = colours.channels() == 1 ? picture.toGrey() : picture;
        int step = converted.channels();
        byte[] pixels = converted.raw();
        int area = height * width;
        for (int c = 0; c < colours.channels(); c++) {
            float[] table = table(c);
            int from = step == 1 ? 0 : colours == ColourOrder.BGR ? 2 - c : c;
            int to = offset + c * area;
            for (int i = 0; i < area; i++) {
                out[to + i] = table[pixels[from] & 0xff];
                from += step;
            }
        }
    }

    /** What the network sees of each value of a channel. */
    private float[] table(int channel) {
        float[] table = new float[256];
        float subtracted = (float) mean[channel];
        float divisor = (float) deviation[channel];
        for (int value = 0; value < table.length; value++) {
            float scaled = range == 255 ? value : (float) (value / 255f * range);
            table[value] = (scaled - subtracted) / divisor;
        }
        return table;
    }

    /**
     * What a user may want to know of what {@link #prepare} does to a picture: that it is made grey, stretched, enlarged, or
     * gets a black frame.
     *
     * @param picture of any size
     * @return short phrases such as "made grey"; none for a picture that fits
     */
    public List<String> changes(Picture picture) {
        List<String> changes = new ArrayList<>();
        if (colours.channels() == 1 && picture.channels() == 3) {
            changes.add("made grey");
        }
        double ratio = (double) picture.width() / picture.height();
        double shown = (double) width / height;
        if (resize == Resize.EXACT && Math.abs(ratio / shown - 1) > 0.02) {
            changes.add("stretched from " + picture.width() + "x" + picture.height() + " to " + width + "x" + height);
        }
        int shorter = Math.min(picture.height(), picture.width());
        boolean enlarged = resize == Resize.SHORTER_SIDE
                ? shorter < shorterSide
                : resize == Resize.EXACT && (picture.height() < height || picture.width() < width);
        if (enlarged) {
            changes.add("enlarged from " + picture.width() + "x" + picture.height());
        }
        double scale = resize == Resize.SHORTER_SIDE ? (double) shorterSide / shorter : 1;
        if (resize != Resize.EXACT
                && ((int) (picture.height() * scale) < height || (int) (picture.width() * scale) < width)) {
            changes.add("framed in black to " + width + "x" + height);
        }
        return changes;
    }

    /**
     * The values as a JSON object, a few hundred bytes.
     *
     * @return UTF-8 text that {@link #ofJson} reads
     */
    public byte[] toJson() {
        ObjectNode node = JSON.createObjectNode();
        node.put("height", height);
        node.put("width", width);
        node.put("resize", lower(resize));
        if (resize == Resize.SHORTER_SIDE) {
            node.put("shorterSide", shorterSide);
        }
        node.put("interpolation", lower(interpolation));
        node.put("colours", lower(colours));
        node.put("range", range);
        Arrays.stream(mean).forEach(node.putArray("mean")::add);
        Arrays.stream(deviation).forEach(node.putArray("deviation")::add);
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(node);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
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
        try {
            if (json.length > LARGEST_JSON) {
                throw new BadInputException("length (" + json.length + " bytes) must be at most " + LARGEST_JSON);
            }
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(json))
                    .toString();
            return of(JSON.readTree(text));
        } catch (BadInputException e) {
            throw new BadInputException(name + ": " + e.getMessage(), e);
        } catch (CharacterCodingException | JsonProcessingException e) {
            // Without the parser's own message, which quotes what it was given.
            throw new BadInputException(name + ": must be one JSON object; write it again with toJson()", e);
        }
    }

    private static Preprocessing of(JsonNode node) {
        Resize resize = constant(node, "resize", Resize.values());
        Set<String> unknown = new TreeSet<>();
        node.fieldNames().forEachRemaining(unknown::add);
        unknown.removeAll(Set.of(
                "height", "width", "resize", "interpolation", "colours", "range", "mean", "deviation", "shorterSide"));
        if (!unknown.isEmpty()) {
            throw new BadInputException("fields (" + String.join(", ", unknown)
                    + ") must be known ones; read it with the Squeeze4j that wrote it");
        }
        Builder builder = builder()
                .size(whole(node, "height"), whole(node, "width"))
                .interpolation(constant(node, "interpolation", Interpolation.values()))
                .colours(constant(node, "colours", ColourOrder.values()))
                .range(number(node.get("range"), "range"))
                .mean(numbers(node, "mean"))
                .deviation(numbers(node, "deviation"));
        if (resize == Resize.SHORTER_SIDE) {
            builder.shorterSide(whole(node, "shorterSide"));
        }
        builder.resize = resize;
        return builder.build();
    }

    private static int whole(JsonNode node, String field) {
        JsonNode value = node.get(field);
        if (value == null || !value.isInt()) {
            throw new BadInputException(field + " (" + value + ") must be a whole number; write one");
        }
        return value.asInt();
    }

    private static double number(JsonNode value, String field) {
        if (value == null || !value.isNumber()) {
            throw new BadInputException(field + " (" + value + ") must be a number; write one");
        }
        return value.asDouble();
    }

    private static double[] numbers(JsonNode node, String field) {
        JsonNode values = node.get(field);
        if (values == null || !values.isArray()) {
            throw new BadInputException(field + " (" + values + ") must be an array of numbers; write one");
        }
        double[] numbers = new double[values.size()];
        Arrays.setAll(numbers, i -> number(values.get(i), field));
        return numbers;
    }

    private static <T extends Enum<T>> T constant(JsonNode node, String field, T[] values) {
        JsonNode value = node.get(field);
        for (T known : values) {
            if (value != null && value.isTextual() && value.asText().equals(lower(known))) {
                return known;
            }
        }
        throw new BadInputException(field + " (" + value + ") must be one of "
                + Arrays.toString(values).toLowerCase(Locale.ROOT) + "; write one of them");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Preprocessing && toString().equals(other.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    /** One line for people: what {@link #toJson} holds. */
    @Override
    public String toString() {
        String size = height + "x" + width;
        String how = resize == Resize.SHORTER_SIDE
                ? "shorter side " + shorterSide + " " + lower(interpolation) + ", centre " + size
                : resize == Resize.EXACT ? "resized to " + size + " " + lower(interpolation) : "centre " + size;
        return how + ", " + colours + " from 0 to " + range + ", mean " + Arrays.toString(mean) + ", deviation "
                + Arrays.toString(deviation);
    }
}
