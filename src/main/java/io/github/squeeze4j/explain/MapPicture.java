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
        return new MapPicture(numbers(map.sub(lowest).divi(highest - lowest)), (int) map.size(0), (int) map.size(1));
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
            float v = place(y + 0.5, rows, height);
            for (int x = 0; x < columns; x++) {
                enlarged[y * columns + x] = at(v, place(x + 0.5, columns, width));
            }
        }
        return enlarged;
    }

    /** Between the positions. */
    private float at(float v, float u) {
        int top = (int) v;
        int bottom = Math.min(top + 1, height - 1);
        int left = (int) u;
        int right = Math.min(left + 1, width - 1);
        float above = mix(values[top * width + left], values[top * width + right], u - left);
        float below = mix(values[bottom * width + left], values[bottom * width + right], u - left);
        return mix(above, below, v - top);
    }

    /** Where something lies among the centres of the map's positions, at its edge where it lies beyond. */
    private static float place(double pixel, double pixels, int positions) {
        float place = (float) (pixel * positions / pixels) - 0.5f;
        return Math.max(0, Math.min(positions - 1, place));
    }

    private static float mix(float a, float b, float share) {
        return a + (b - a) * share;
    }

    /**
     * The map over the part of a photograph that the network saw; the rest stays grey.
     *
     * @param photograph of any size
     * @param window that part: top, left, height and width in pixels
     * @return a picture of the photograph's size, half colour and half the photograph's brightness
     * @see io.github.squeeze4j.images.Preprocessing#window
     */
    public BufferedImage over(BufferedImage photograph, double[] window) {
        int rows = photograph.getHeight();
        int columns = photograph.getWidth();
        int[] pixels = photograph.getRGB(0, 0, columns, rows, null, 0, columns);
        for (int y = 0; y < rows; y++) {
            double v = y + 0.5 - window[0];
            for (int x = 0; x < columns; x++) {
                double u = x + 0.5 - window[1];
                int pixel = pixels[y * columns + x];
                int grey = (299 * (pixel >> 16 & 0xFF) + 587 * (pixel >> 8 & 0xFF) + 114 * (pixel & 0xFF)) / 1000;
                boolean seen = v >= 0 && v < window[2] && u >= 0 && u < window[3];
                int colour = seen
                        ? ColourScale.rgb(at(place(v, window[2], height), place(u, window[3], width)))
                        : grey << 16 | grey << 8 | grey;
                pixels[y * columns + x] = (colour >> 16 & 0xFF) + grey >> 1 << 16
                        | (colour >> 8 & 0xFF) + grey >> 1 << 8
                        | (colour & 0xFF) + grey >> 1;
            }
        }
        return image(pixels, rows, columns);
    }

    /** The map alone, each position a square of so many pixels. */
    BufferedImage squares(int side) {
        int rows = height * side;
        int columns = width * side;
        int[] pixels = new int[rows * columns];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = ColourScale.rgb(values[i / columns / side * width + i % columns / side]);
        }
        return image(pixels, rows, columns);
    }

    private static BufferedImage image(int[] pixels, int rows, int columns) {
        BufferedImage image = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, columns, rows, pixels, 0, columns);
        return image;
    }
}
