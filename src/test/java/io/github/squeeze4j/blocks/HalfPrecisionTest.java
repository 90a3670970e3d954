package io.github.squeeze4j.blocks;

import io.github.squeeze4j.Arrays4j;
import java.util.List;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Blocks in 16 bits against themselves in 64, as close as 11 bits of mantissa allow. */
class HalfPrecisionTest {
    /** Half rounds by 2^-11 = 5e-4; a dozen operations and sums of up to 168 terms follow each other. */
    private static final double HALF = 1e-2;

    static List<Object[]> blocks() {
        return Blocks.blocksAndComputations();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void computesInHalf(String name, Computation computation) {
        InputType type = InputType.convolutional(6, 7, 8);
        Layers half = Layers.of(Blocks.block(name, computation), type, DataType.FLOAT16);
        Layers exact = Layers.of(Blocks.block(name, computation), type, DataType.DOUBLE);
        Nd4j.getRandom().setSeed(3);
        exact.layer.paramTable().forEach((key, value) -> {
            value.assign(Nd4j.rand(DataType.DOUBLE, value.shape()).subi(Blocks.isVariance(key) ? -0.5 : 0.5));
            value.assign(value.castTo(DataType.FLOAT16));
            half.layer.setParam(key, value.castTo(DataType.FLOAT16));
        });
        INDArray x = Nd4j.randn(DataType.DOUBLE, 4, 8, 6, 7).castTo(DataType.FLOAT16);
        INDArray g = Nd4j.randn(DataType.DOUBLE, 4, 8, 6, 7).castTo(DataType.FLOAT16);
        for (boolean training : new boolean[] {false, true}) {
            Arrays4j.assertClose(
                    "output", half.forward(x, training), exact.forward(x.castTo(DataType.DOUBLE), training), HALF);
            if (name.equals("scse-max")) {
                continue; // which of two is larger may differ after rounding, and the gradient with it
            }
            Arrays4j.assertClose("gradient", half.backward(g), exact.backward(g.castTo(DataType.DOUBLE)), HALF);
            Arrays4j.assertClose("parameter gradients", half.gradients, exact.gradients, HALF);
        }
    }
}
