package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Numbers;
import java.lang.ref.Reference;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Numbers of ordinary size. oneDNN's functions lose what is not a number where DL4J's keep it, and what is very large may
 * become so on the way; passes in which either turns up are DL4J's.
 */
final class Ordinary {
    /** Squares are far from float's largest number, 3.4e38. */
    private static final double LIMIT = 1e15;

    private Ordinary() {}

    static boolean is(double value) {
        return Math.abs(value) < LIMIT; // false for what is not a number
    }

    /** Whether all numbers of an array are. */
    static boolean is(INDArray array) {
        if (!Run.isDense(array) || array.length() > Integer.MAX_VALUE) {
            return is(array.norm2Number().doubleValue());
        }
        try {
            // a sixth of the time of ND4J's own norm, which is 2 % of a small network's pass
            return is(Nd4j.getBlasWrapper().level1().nrm2(array));
        } finally {
            Reference.reachabilityFence(array); // BLAS has its address only
        }
    }

    /** @throws NotOrdinary if one of count numbers, from the given one on and each stride behind the one before, is not */
    static void require(Numbers.Floats numbers, long from, long count, long stride) {
        for (long i = 0; i < count; i++) {
            if (!is(numbers.get(from + i * stride))) {
                throw new NotOrdinary("between its layers");
            }
        }
    }
}
