package io.github.squeeze4j.blocks;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Adaptive average pooling as a matrix: row b of [bins, H * W] holds 1 / area inside bin b and 0 outside. Bin i of k
 * covers floor(i * H / k) to ceil((i + 1) * H / k) - 1, as PyTorch's AdaptiveAvgPool2d has it, so bins overlap where k
 * does not divide the size.
 */
final class PyramidBins {
    private PyramidBins() {}

    /** k * k rows, row-major over the level's grid. */
    static INDArray matrix(int k, long height, long width, DataType dataType) {
        double[][] bins = new double[k * k][Math.toIntExact(height * width)];
        for (int i = 0; i < k; i++) {
            long top = i * height / k;
            long bottom = ceilDiv((i + 1) * height, k);
            for (int j = 0; j < k; j++) {
                long left = j * width / k;
                long right = ceilDiv((j + 1) * width, k);
                double weight = 1.0 / ((bottom - top) * (right - left));
                for (long h = top; h < bottom; h++) {
                    for (long w = left; w < right; w++) {
                        bins[i * k + j][Math.toIntExact(h * width + w)] = weight;
                    }
                }
            }
        }
        return Nd4j.createFromArray(bins).castTo(dataType);
    }

    private static long ceilDiv(long numerator, long divisor) {
        return (numerator + divisor - 1) / divisor;
    }
}
