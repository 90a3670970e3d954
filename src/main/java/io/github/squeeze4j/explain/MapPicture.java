package io.github.squeeze4j.explain;

import java.awt.image.BufferedImage;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A map of numbers from 0 to 1 for the eye, at any size.
 *
 * <p>Enlarging is bilinear between the centres of the map's positions, as OpenCV's {@code resize} and PyPI's {@code grad-cam} do it.
 */
public final class MapPicture {
    /** As grad-cam has it; a map of zeros stays one. */
    private static final double EPSILON = 1e-7;

    private final float[] values;
    private final int height;
    private final int width;

    private MapPicture(float[] values, int height, int width) {
        this.values = values;
        this.height = height;
        this.width = width;
    }

    /**
     * A map stretched so that its least number is 0 and its largest 1; one number everywhere is 0.
     *
     * @param map [h, w]
     * @return the picture
     */
    public static MapPicture scaled(INDArray map) {
        double least = map.minNumber().doubleValue();
        double most = map.maxNumber().doubleValue() - least;
        return new MapPicture(numbers(map.sub(least).divi(most + EPSILON)), (int) map.size(0), (int) map.size(1));
    }

    /**
     * A map between bounds: the same colour is the same number in every picture.
     *
     * @param map [h, w]
     * @param lowest becomes 0
     * @param highest becomes 1; what lies beyond is shown as the bound
     * @return the picture
     */
    public static MapPicture between(INDArray map, double lowest, double highest) {
        return new MapPicture(
                numbers(map.sub(lowest).divi(highest - lowest)), (int) map.size(0), (int) map.size(1));
    }

    private static float[] numbers(INDArray map) {
        float[] numbers = map.dup('c').data().asFloat();
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Math.max(0, Math.min(1, numbers[i]));
        }
        return numbers;
    }

    /**
     * The map at another size.
     *
     * @param rows height in pixels
     * @param columns width in pixels
     * @return numbers from 0 to 1, row by row
     */
    public float[] enlarged(int rows, int columns) {
        float[] enlarged = new float[rows * columns];
        for (int y = 0; y < rows; y++) {
            float v = place(y, rows, height);
            int top = (int) v;
            int bottom = Math.min(top + 1, height - 1);
            for (int x = 0; x < columns; x++) {
                float u = place(x, columns, width);
                int left = (int) u;
                int right = Math.min(left + 1, width - 1);
                float above = mix(values[top * width + left], values[top * width + right], u - left);
                float below = mix(values[bottom * width + left], values[bottom * width + right], u - left);
                enlarged[y * columns + x] = mix(above, below, v - top);
            }
        }
        return enlarged;
    }

    /** Where the centre of a pixel lies among the centres of the map's positions, at its edge where it lies beyond. */
    private static float place(int pixel, int pixels, int positions) {
        float place = (pixel + 0.5f) * positions / pixels - 0.5f;
        return Math.max(0, Math.min(positions - 1, place));
    }

    private static float mix(float a, float b, float share) {
        return a + (b - a) * share;
    }

    /**
     * The map in the colours of {@link ColourScale}.
     *
     * @param rows height in pixels
     * @param columns width in pixels
     * @return an opaque picture
     */
    public BufferedImage image(int rows, int columns) {
        BufferedImage image = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_RGB);
        float[] enlarged = enlarged(rows, columns);
        for (int i = 0; i < enlarged.length; i++) {
            image.setRGB(i % columns, i / columns, ColourScale.rgb(enlarged[i]));
        }
        return image;
    }

    /**
     * The map over a photograph, whose brightness shows through: half of each.
     *
     * @param photograph of any size
     * @return a picture of the photograph's size
     */
    public BufferedImage over(BufferedImage photograph) {
        int rows = photograph.getHeight();
        int columns = photograph.getWidth();
        BufferedImage image = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_RGB);
        float[] enlarged = enlarged(rows, columns);
        for (int i = 0; i < enlarged.length; i++) {
            int pixel = photograph.getRGB(i % columns, i / columns);
            int colour = ColourScale.rgb(enlarged[i]);
            int grey = (int) Math.round(
                    0.299 * (pixel >> 16 & 0xFF) + 0.587 * (pixel >> 8 & 0xFF) + 0.114 * (pixel & 0xFF));
            image.setRGB(
                    i % columns,
                    i / columns,
                    half(colour >> 16 & 0xFF, grey) << 16 | half(colour >> 8 & 0xFF, grey) << 8 | half(colour & 0xFF, grey));
        }
        return image;
    }

    private static int half(int colour, int grey) {
        return (colour + grey + 1) / 2;
    }
}
