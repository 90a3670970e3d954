package io.github.squeeze4j.spark;

import io.github.squeeze4j.BadInputException;
import io.github.squeeze4j.images.Picture;
import org.apache.spark.sql.Row;

/** Pictures as Spark's data sources {@code binaryFile} and {@code image} give them. */
final class ImageRows {
    private static final String PATH = "path";

    private ImageRows() {}

    /** What messages call a row's picture. */
    static String name(Row row, Object value) {
        for (String field : row.schema().fieldNames()) {
            if (field.equals(PATH)) {
                return String.valueOf(row.<Object>getAs(PATH));
            }
        }
        return value instanceof Row ? String.valueOf(((Row) value).<Object>getAs("origin")) : "of a row";
    }

    /**
     * Decodes a row's picture.
     *
     * @param value the bytes of a file, or a row (origin, height, width, nChannels, mode, data) of Spark's image schema
     */
    static Picture picture(Object value, String name) {
        if (value instanceof byte[]) {
            return Picture.decode((byte[]) value, name);
        }
        if (value instanceof Row) {
            return decoded((Row) value, name);
        }
        throw new BadInputException("picture (" + name + ") must not be null; leave such rows out");
    }

    private static Picture decoded(Row image, String name) {
        int height = image.<Integer>getAs("height");
        int width = image.<Integer>getAs("width");
        int channels = image.<Integer>getAs("nChannels");
        byte[] data = image.getAs("data");
        if (height < 1 || width < 1 || data.length == 0) {
            throw new BadInputException("picture (" + name
                    + ") must be whole, but Spark could not decode it; get it again, or read it as binaryFile");
        }
        if (channels == 1) {
            return Picture.of(height, width, 1, data);
        }
        if (channels != 3 && channels != 4) {
            throw new BadInputException(
                    "picture (" + name + "): channels (" + channels + ") must be 1, 3 or 4; read it as binaryFile");
        }
        byte[] rgb = new byte[height * width * 3];
        for (int i = 0; i < height * width; i++) {
            int from = i * channels;
            // What is transparent lies on white, as in files.
            int alpha = channels == 4 ? data[from + 3] & 0xff : 255;
            for (int c = 0; c < 3; c++) {
                int value = data[from + 2 - c] & 0xff;
                rgb[3 * i + c] = (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
            }
        }
        return Picture.of(height, width, 3, rgb);
    }
}
