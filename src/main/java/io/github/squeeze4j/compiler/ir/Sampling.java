package io.github.squeeze4j.compiler.ir;

/**
 * What one side of a pooling or resizing reads: a matrix with a row per result, so that a map's result is down * x * across'.
 */
public final class Sampling {
    private Sampling() {}

    /**
     * The position that each number of a resized side takes, as PyTorch's nearest interpolation chooses it, in single precision.
     *
     * @param size of the result
     * @param from of the map
     * @return positions of the map
     */
    public static int[] nearest(long size, long from) {
        int[] nearest = new int[Math.toIntExact(size)];
        float scale = (float) from / size;
        for (int i = 0; i < size; i++) {
            nearest[i] = (int) Math.min(Math.floor(i * scale), from - 1);
        }
        return nearest;
    }

    /**
     * The positions that a result is the mean of.
     *
     * @param value of {@link Op#AVERAGE_POOL} or {@link Op#ADAPTIVE_POOL}
     * @param axis 2 or 3
     * @param cell which result
     * @return the first position and the one behind the last
     */
    public static long[] window(Value value, int axis, long cell) {
        long size = value.input(0).type().size(axis);
        if (value.is(Op.ADAPTIVE_POOL)) {
            long bins = value.integer("bins", 1);
            return new long[] {cell * size / bins, ((cell + 1) * size + bins - 1) / bins};
        }
        long first = cell * value.integer("stride", 1) - value.integer("padding", 0);
        return new long[] {Math.max(0, first), Math.min(size, first + value.integer("kernel", 1))};
    }

    /**
     * The matrix of one side.
     *
     * @param value of {@link Op#AVERAGE_POOL}, {@link Op#ADAPTIVE_POOL} or {@link Op#RESIZE}
     * @param axis 2 or 3
     * @return [size of the result][size of the map]
     */
    public static double[][] matrix(Value value, int axis) {
        int to = Math.toIntExact(value.type().size(axis));
        int from = Math.toIntExact(value.input(0).type().size(axis));
        double[][] matrix = new double[to][from];
        int[] nearest = value.is(Op.RESIZE) ? nearest(to, from) : null;
        for (int cell = 0; cell < to; cell++) {
            if (nearest != null) {
                matrix[cell][nearest[cell]] = 1;
                continue;
            }
            long[] window = window(value, axis, cell);
            for (long i = window[0]; i < window[1]; i++) {
                matrix[cell][Math.toIntExact(i)] = 1.0 / (window[1] - window[0]);
            }
        }
        return matrix;
    }
}
