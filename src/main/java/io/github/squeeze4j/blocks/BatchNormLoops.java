package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Numbers.Doubles;
import io.github.squeeze4j.onednn.Numbers.Floats;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@link BatchNorm} of networks in FLOAT on the CPU: one loop per direction over raw memory, where ND4J would run some
 * fifteen small operations. Tensors are [N, C, L] of DOUBLE, dense; parameters and their gradients FLOAT.
 */
final class BatchNormLoops {
    private BatchNormLoops() {}

    private static Doubles doubles(INDArray array) {
        return new Doubles(array);
    }

    private static Floats floats(INDArray array) {
        return new Floats(array);
    }

    /**
     * Replaces z by gamma * normalized + beta.
     *
     * @param mean of the batch, written if training
     * @param variance of the batch, unbiased, written if training
     */
    static void forwardi(
            INDArray z,
            INDArray normalized,
            INDArray inverseDeviation,
            INDArray mean,
            INDArray variance,
            INDArray scales,
            INDArray shifts,
            INDArray runningMeans,
            INDArray runningVariances,
            boolean training) {
        Doubles values = doubles(z);
        Doubles kept = doubles(normalized);
        Doubles inverses = doubles(inverseDeviation);
        Floats gamma = floats(scales);
        Floats beta = floats(shifts);
        Floats runningMean = floats(runningMeans);
        Floats runningVariance = floats(runningVariances);
        long inner = z.size(2);
        long block = z.size(1) * inner;
        long count = z.size(0) * inner;
        for (long c = 0; c < z.size(1); c++) {
            double center = runningMean.get(c);
            double spread = runningVariance.get(c);
            if (training) {
                double sum = 0;
                for (long start = c * inner; start < z.length(); start += block) {
                    for (long i = start; i < start + inner; i++) {
                        sum += values.get(i);
                    }
                }
                center = sum / count;
                double squares = 0;
                for (long start = c * inner; start < z.length(); start += block) {
                    for (long i = start; i < start + inner; i++) {
                        double distance = values.get(i) - center;
                        squares += distance * distance;
                    }
                }
                spread = squares / count;
                doubles(mean).put(c, center);
                doubles(variance).put(c, squares / Math.max(1, count - 1));
            }
            double inverse = 1 / Math.sqrt(spread + BatchNorm.EPSILON);
            inverses.put(c, inverse);
            double scale = gamma.get(c);
            double shift = beta.get(c);
            for (long start = c * inner; start < z.length(); start += block) {
                for (long i = start; i < start + inner; i++) {
                    double value = (values.get(i) - center) * inverse;
                    kept.put(i, value);
                    values.put(i, value * scale + shift);
                }
            }
        }
    }

    /** Replaces the gradient of the output by that of z, and writes those of gamma and beta. */
    static void backwardi(
            INDArray gradient,
            INDArray normalized,
            INDArray inverseDeviation,
            INDArray scales,
            INDArray gradScales,
            INDArray gradShifts,
            boolean training) {
        Doubles values = doubles(gradient);
        Doubles kept = doubles(normalized);
        Doubles inverses = doubles(inverseDeviation);
        Floats gamma = floats(scales);
        Floats gradGamma = floats(gradScales);
        Floats gradBeta = floats(gradShifts);
        long inner = gradient.size(2);
        long block = gradient.size(1) * inner;
        double count = gradient.size(0) * inner;
        for (long c = 0; c < gradient.size(1); c++) {
            double sum = 0;
            double projection = 0;
            for (long start = c * inner; start < gradient.length(); start += block) {
                for (long i = start; i < start + inner; i++) {
                    sum += values.get(i);
                    projection += values.get(i) * kept.get(i);
                }
            }
            gradBeta.put(c, (float) sum);
            gradGamma.put(c, (float) projection);
            double scale = gamma.get(c) * inverses.get(c);
            double mean = training ? sum / count : 0;
            double slope = training ? projection / count : 0;
            for (long start = c * inner; start < gradient.length(); start += block) {
                for (long i = start; i < start + inner; i++) {
                    values.put(i, (values.get(i) - mean - kept.get(i) * slope) * scale);
                }
            }
        }
    }

    /** What training subtracts from a running statistic to move it towards the batch's. */
    static void subtractable(INDArray gradient, INDArray running, INDArray batch, double momentum) {
        Floats target = floats(gradient);
        Floats from = floats(running);
        Doubles to = doubles(batch);
        for (long c = 0; c < batch.length(); c++) {
            target.put(c, (float) ((from.get(c) - to.get(c)) * momentum));
        }
    }
}
