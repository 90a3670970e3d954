package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Numbers.Doubles;
import io.github.squeeze4j.onednn.Numbers.Floats;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Weighted sums of a few means per channel and their gradients, in double precision over arrays of FLOAT: loops over raw
 * memory on the CPU, where ND4J would convert and multiply in passes of their own.
 *
 * <p>Means are dense [N * C, J], of which a sum takes {@code count} from {@code first}; weights dense [C, count].
 */
final class ChannelSums {
    private ChannelSums() {}

    /** z[n, c] += sum over j of means[n, c, first + j] * weights[c, j]; z is [N, C] of DOUBLE. */
    static void add(INDArray means, int first, INDArray weights, INDArray z) {
        Floats mean = new Floats(means);
        Floats weight = new Floats(weights);
        Doubles sums = new Doubles(z);
        long channels = z.size(1);
        long count = weights.length() / channels;
        long stride = means.length() / z.length();
        for (long row = 0, c = 0; row < z.length(); row++) {
            double sum = sums.get(row);
            for (long j = 0; j < count; j++) {
                sum += (double) mean.get(row * stride + first + j) * weight.get(c * count + j);
            }
            sums.put(row, sum);
            c = c + 1 == channels ? 0 : c + 1;
        }
    }

    /** The gradients of means and weights from that of z, [N, C] of DOUBLE. */
    static void backward(
            INDArray means, int first, INDArray weights, INDArray gradZ, INDArray gradMeans, INDArray gradWeights) {
        Floats mean = new Floats(means);
        Floats weight = new Floats(weights);
        Floats gradMean = new Floats(gradMeans);
        Floats gradWeight = new Floats(gradWeights);
        Doubles gradSum = new Doubles(gradZ);
        long channels = gradZ.size(1);
        long count = weights.length() / channels;
        long stride = means.length() / gradZ.length();
        double[] sums = new double[Math.toIntExact(count)];
        for (long c = 0; c < channels; c++) {
            Arrays.fill(sums, 0);
            for (long row = c; row < gradZ.length(); row += channels) {
                double gradient = gradSum.get(row);
                long start = row * stride + first;
                for (int j = 0; j < sums.length; j++) {
                    sums[j] += gradient * mean.get(start + j);
                    gradMean.put(start + j, (float) (gradient * weight.get(c * count + j)));
                }
            }
            for (int j = 0; j < sums.length; j++) {
                gradWeight.put(c * count + j, (float) sums[j]);
            }
        }
    }
}
