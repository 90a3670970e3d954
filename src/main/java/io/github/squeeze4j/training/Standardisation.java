package io.github.squeeze4j.training;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Mean and standard deviation of the training pixels (0 to 255). Networks see (pixel - mean) / standard deviation, in
 * training, evaluation and prediction alike. Saved models carry it as DL4J's {@link NormalizerStandardize}.
 */
final class Standardisation {
    private static final double LARGEST = 255;
    /** DL4J's: "NORMALIZER", version 1, "STANDARDIZE", no statistics of labels. */
    private static final byte[] HEADER =
            "\0\12NORMALIZER\0\0\0\1\0\13STANDARDIZE\0".getBytes(StandardCharsets.US_ASCII);

    private final double mean;
    private final double deviation;

    Standardisation(double mean, double deviation) {
        this.mean = mean;
        this.deviation = deviation;
    }

    static Standardisation of(ImageSet images) {
        long sum = 0;
        long squares = 0;
        byte[] pixels = images.pixels();
        for (byte pixel : pixels) {
            int value = pixel & 0xff;
            sum += value;
            squares += (long) value * value;
        }
        double mean = (double) sum / pixels.length;
        double variance = (double) squares / pixels.length - mean * mean;
        // Images of one single grey have no spread: any divisor gives zeros.
        return new Standardisation(mean, variance > 0 ? Math.sqrt(variance) : 1);
    }

    /** Writes it as DL4J's {@link NormalizerStandardize}. */
    void write(OutputStream out) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        NormalizerStandardize normalizer = new NormalizerStandardize(
                Nd4j.createFromArray(new float[][] {{(float) mean}}),
                Nd4j.createFromArray(new float[][] {{(float) deviation}}));
        // Into memory first: DL4J closes what it is given.
        NormalizerSerializer.getDefault().write(normalizer, bytes);
        bytes.writeTo(out);
    }

    /** Reads what {@link #write} wrote and nothing else: DL4J's reader makes objects of classes that a file names. */
    static Standardisation read(InputStream in) throws IOException {
        String name = ModelSerializer.NORMALIZER_BIN;
        byte[] expected = new byte[HEADER.length];
        DataInputStream data = new DataInputStream(in);
        try {
            data.readFully(expected);
            if (!Arrays.equals(expected, HEADER)) {
                throw new DamagedFileException(name + " is not a standardisation of inputs alone, version 1");
            }
            double mean = StoredArray.readOne(name, data);
            double deviation = StoredArray.readOne(name, data);
            if (!(Math.abs(mean) <= LARGEST && deviation > 0 && deviation <= LARGEST)) {
                throw new DamagedFileException(name + ": mean (" + mean + ") and standard deviation (" + deviation
                        + ") are not those of pixels from 0 to 255");
            }
            return new Standardisation(mean, deviation);
        } catch (EOFException e) {
            throw new DamagedFileException(name + " is cut off");
        }
    }

    double mean() {
        return mean;
    }

    double deviation() {
        return deviation;
    }
}
