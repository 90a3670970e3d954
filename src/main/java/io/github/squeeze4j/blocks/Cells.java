package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Numbers.Floats;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The coarse grid of {@link GatherExcite}: cells of some extent, and the positions that each stands for. */
final class Cells {
    private Cells() {}

    /** How many cells a side has. */
    static long count(long size, int extent) {
        return (size - 1) / extent + 1;
    }

    /** The cell of each position: PyTorch's nearest interpolation, which scales in single precision. */
    static int[] nearest(long size, long cells) {
        int[] nearest = new int[Math.toIntExact(size)];
        float scale = (float) cells / size;
        for (int i = 0; i < size; i++) {
            nearest[i] = (int) Math.min(Math.floor(i * scale), cells - 1);
        }
        return nearest;
    }

    /** {@link #nearest(long, long)} as a matrix [size, cells] of ones and zeros. */
    static INDArray nearest(long size, long cells, DataType type) {
        INDArray matrix = Nd4j.zeros(type, size, cells);
        int[] nearest = nearest(size, cells);
        for (int i = 0; i < size; i++) {
            matrix.putScalar(i, nearest[i], 1);
        }
        return matrix;
    }

    /** Means over windows of 2 extent - 1 around the cells, of what lies inside, as a matrix [cells, size]. */
    static INDArray means(long size, int extent, DataType type) {
        long cells = count(size, extent);
        INDArray matrix = Nd4j.zeros(type, cells, size);
        for (long cell = 0; cell < cells; cell++) {
            long first = Math.max(0, cell * extent - extent + 1);
            long end = Math.min(size, cell * extent + extent);
            for (long i = first; i < end; i++) {
                matrix.putScalar(cell, i, 1.0 / (end - first));
            }
        }
        return matrix;
    }

    /** out = x * the gate of the position's cell; FLOAT on the CPU. One pass over raw memory. */
    static void multiply(INDArray x, INDArray gates, INDArray out) {
        Floats from = floats(x);
        Floats gate = floats(gates);
        Floats to = floats(out);
        int[] down = nearest(x.size(2), gates.size(2));
        int[] across = nearest(x.size(3), gates.size(3));
        long maps = x.size(0) * x.size(1);
        long at = 0;
        for (long map = 0; map < maps; map++) {
            for (int row : down) {
                long start = (map * gates.size(2) + row) * gates.size(3);
                for (int column : across) {
                    to.put(at, from.get(at) * gate.get(start + column));
                    at++;
                }
            }
        }
    }

    /** sums[cell] = sum of x * y over the positions of the cell, in double precision; FLOAT on the CPU, one pass. */
    static void dot(INDArray x, INDArray y, INDArray sums) {
        Floats a = floats(x);
        Floats b = floats(y);
        Floats to = floats(sums);
        int[] down = nearest(x.size(2), sums.size(2));
        int[] across = nearest(x.size(3), sums.size(3));
        int columns = Math.toIntExact(sums.size(3));
        double[] cells = new double[Math.toIntExact(sums.size(2)) * columns];
        long maps = x.size(0) * x.size(1);
        long at = 0;
        for (long map = 0; map < maps; map++) {
            Arrays.fill(cells, 0);
            for (int row : down) {
                int start = row * columns;
                for (int column : across) {
                    cells[start + column] += (double) a.get(at) * b.get(at);
                    at++;
                }
            }
            for (int cell = 0; cell < cells.length; cell++) {
                to.put(map * cells.length + cell, (float) cells[cell]);
            }
        }
    }

    private static Floats floats(INDArray array) {
        return new Floats(array);
    }
}
