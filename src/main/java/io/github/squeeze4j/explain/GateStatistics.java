package io.github.squeeze4j.explain;

import io.github.squeeze4j.blocks.BlockGate;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What the gates of one kind in one block did over many examples. A gate per channel is one gate; of gates per position each channel
 * is one, its value the mean over the positions, its least and largest those of any position.
 */
final class GateStatistics {
    /** A gate within this part of its range from a bound is open or shut. */
    static final double NEAR = 0.05;

    /** A gate whose values span less than this part of its range does not move. */
    static final double STILL = 0.01;

    final String layer;
    final String block;
    final String gate;
    final int stride;
    private final double lowest;
    private final double range;
    private final long[] counts;
    private final double[][] sums;
    private final double[][] squares;
    private double[] least;
    private double[] largest;

    GateStatistics(BlockMaps block, BlockGate gate, int classes) {
        layer = block.layer();
        this.block = block.block();
        this.gate = gate.name();
        stride = block.stride();
        lowest = gate.lowest();
        range = gate.highest() - gate.lowest();
        counts = new long[classes];
        sums = new double[classes][];
        squares = new double[classes][];
    }

    /** The gates of some examples, and the class of each. */
    void add(INDArray values, int[] labels) {
        boolean positions = values.rank() == 4;
        double[][] means = matrix(positions ? values.mean(2, 3) : values);
        double[][] lows = positions ? matrix(values.min(2, 3)) : means;
        double[][] highs = positions ? matrix(values.max(2, 3)) : means;
        int gates = means[0].length;
        if (least == null) {
            least = new double[gates];
            largest = new double[gates];
            Arrays.fill(least, Double.POSITIVE_INFINITY);
            Arrays.fill(largest, Double.NEGATIVE_INFINITY);
        }
        for (int n = 0; n < means.length; n++) {
            int label = labels[n];
            if (sums[label] == null) {
                sums[label] = new double[gates];
                squares[label] = new double[gates];
            }
            counts[label]++;
            for (int g = 0; g < gates; g++) {
                sums[label][g] += means[n][g];
                squares[label][g] += means[n][g] * means[n][g];
                least[g] = Math.min(least[g], lows[n][g]);
                largest[g] = Math.max(largest[g], highs[n][g]);
            }
        }
    }

    private static double[][] matrix(INDArray values) {
        return values.castTo(DataType.DOUBLE).toDoubleMatrix();
    }

    double lowest() {
        return lowest;
    }

    double highest() {
        return lowest + range;
    }

    int gates() {
        return least.length;
    }

    boolean hasClass(int label) {
        return counts[label] > 0;
    }

    double least(int gate) {
        return least[gate];
    }

    double largest(int gate) {
        return largest[gate];
    }

    /** The mean of a gate over the examples of a class. */
    double mean(int label, int gate) {
        return sums[label][gate] / counts[label];
    }

    /** The standard deviation of a gate over the examples of a class. */
    double deviation(int label, int gate) {
        double mean = mean(label, gate);
        return Math.sqrt(Math.max(0, squares[label][gate] / counts[label] - mean * mean));
    }

    /** The mean of a gate over the classes, each of which counts alike. */
    double mean(int gate) {
        double sum = 0;
        int classes = 0;
        for (int label = 0; label < counts.length; label++) {
            if (hasClass(label)) {
                sum += mean(label, gate);
                classes++;
            }
        }
        return sum / classes;
    }

    /** By class: how far it is from the mean of all, the root of the mean square over the gates; NaN without examples. */
    double[] distances() {
        double[] means = IntStream.range(0, gates()).mapToDouble(this::mean).toArray();
        double[] distances = new double[counts.length];
        for (int label = 0; label < counts.length; label++) {
            double sum = hasClass(label) ? 0 : Double.NaN;
            for (int g = 0; hasClass(label) && g < means.length; g++) {
                double difference = mean(label, g) - means[g];
                sum += difference * difference;
            }
            distances[label] = Math.sqrt(sum / means.length);
        }
        return distances;
    }

    /** The share of gates that were open, near their upper bound, in every example. */
    double alwaysOpen() {
        return share(g -> least[g] >= lowest + (1 - NEAR) * range);
    }

    /** The share of gates that were shut, near their lower bound, in every example. */
    double alwaysShut() {
        return share(g -> largest[g] <= lowest + NEAR * range);
    }

    /** The share of gates that gave nearly the same in every example. */
    double neverMoving() {
        return share(g -> largest[g] - least[g] < STILL * range);
    }

    private double share(IntPredicate is) {
        return (double) IntStream.range(0, gates()).filter(is).count() / gates();
    }
}
