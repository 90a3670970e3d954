package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Numbers;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Mean, standard deviation, sum of magnitudes, smallest and largest number of an array, all in one pass: what statistics listeners ask of every layer's
 * result, for which ND4J goes over it once for each, on one thread.
 */
final class Moments {
    private static final int CHUNK = 1 << 16;

    final double mean;
    final double deviation;
    final double magnitudes;
    final double smallest;
    final double largest;

    private Moments(long count, double[] sums) {
        mean = sums[0] / count;
        // as ND4J's: of a sample
        deviation = Math.sqrt(Math.max(0, sums[1] - sums[0] * mean) / (count - 1));
        magnitudes = sums[2];
        smallest = sums[3];
        largest = sums[4];
    }

    /** Whether {@link #of} takes an array. */
    static boolean fits(INDArray array) {
        return array.dataType() == DataType.FLOAT
                && array.length() > 1
                && !array.isView()
                && array.elementWiseStride() == 1;
    }

    static Moments of(INDArray array) {
        long count = array.length();
        int chunks = Math.toIntExact((count + CHUNK - 1) / CHUNK);
        double[][] parts = IntStream.range(0, chunks)
                .parallel()
                .mapToObj(i -> sums(array, (long) i * CHUNK, Math.min(count, (i + 1L) * CHUNK)))
                .toArray(double[][]::new);
        double[] sums = parts[0];
        for (int i = 1; i < chunks; i++) { // in their order: the same numbers with any number of threads
            for (int j = 0; j < 3; j++) {
                sums[j] += parts[i][j];
            }
            sums[3] = Math.min(sums[3], parts[i][3]);
            sums[4] = Math.max(sums[4], parts[i][4]);
        }
        return new Moments(count, sums);
    }

    /** Sums of numbers, squares and magnitudes, two of each so that additions need not wait for each other; smallest and largest. */
    private static double[] sums(INDArray array, long from, long to) {
        Numbers.Floats numbers = new Numbers.Floats(array);
        double sum = 0;
        double otherSum = 0;
        double squares = 0;
        double otherSquares = 0;
        double magnitudes = 0;
        double otherMagnitudes = 0;
        float smallest = numbers.get(from);
        float largest = smallest;
        long i = from;
        for (; i + 1 < to; i += 2) {
            float value = numbers.get(i);
            float other = numbers.get(i + 1);
            sum += value;
            otherSum += other;
            squares += (double) value * value;
            otherSquares += (double) other * other;
            magnitudes += Math.abs(value);
            otherMagnitudes += Math.abs(other);
            float lower = value < other ? value : other;
            float upper = value < other ? other : value;
            smallest = lower < smallest ? lower : smallest;
            largest = upper > largest ? upper : largest;
        }
        if (i < to) {
            float value = numbers.get(i);
            sum += value;
            squares += (double) value * value;
            magnitudes += Math.abs(value);
            smallest = Math.min(smallest, value);
            largest = Math.max(largest, value);
        }
        // wrong with NaN for the last two, as the sums show
        return new double[] {sum + otherSum, squares + otherSquares, magnitudes + otherMagnitudes, smallest, largest};
    }
}
