package io.github.squeeze4j.training;

import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Mean and standard deviation of the training pixels (0 to 255). Networks see (pixel - mean) / standard deviation, in
 * training, evaluation and prediction alike. Saved models carry it as DL4J's {@link NormalizerStandardize}.
 */
final class Standardisation {
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

    static Standardisation of(NormalizerStandardize normalizer) {
        return new Standardisation(
                normalizer.getMean().getDouble(0), normalizer.getStd().getDouble(0));
    }

    NormalizerStandardize toNormalizer() {
        return new NormalizerStandardize(
                Nd4j.createFromArray(new float[][] {{(float) mean}}),
                Nd4j.createFromArray(new float[][] {{(float) deviation}}));
    }

    double mean() {
        return mean;
    }

    double deviation() {
        return deviation;
    }

    /** What the network sees of each of the 256 values of a pixel. */
    float[] table() {
        float[] table = new float[256];
        for (int value = 0; value < table.length; value++) {
            table[value] = (float) ((value - mean) / deviation);
        }
        return table;
    }
}
