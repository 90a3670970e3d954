package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.engine.InferenceNetwork;
import io.github.squeeze4j.engine.Precision;
import io.github.squeeze4j.onednn.OneDnn;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Blocks over bfloat16 maps, in which each number has an error of up to 1 / 512 of itself. */
class Bfloat16BlocksTest {
    /** Of the largest number of the result: eight roundings of the map on its way, none of them hidden by a sum. */
    private static final double BOUND = 8.0 / 512;

    static List<Object[]> blocksAndMaps() {
        List<Object[]> runs = new ArrayList<>();
        for (Object[] run : CompiledBlocksTest.blocksAndMaps()) {
            runs.add(run);
        }
        return runs;
    }

    @BeforeEach
    void onProcessorsThatHaveIt() {
        assumeTrue(OneDnn.available() && OneDnn.multipliesBfloat16(), "no instructions for bfloat16");
    }

    @AfterEach
    void free() {
        System.gc();
    }

    @ParameterizedTest
    @MethodSource("blocksAndMaps")
    void areCloseToFloat(String name, int channels, int height, int width) {
        for (boolean residual : new boolean[] {false, true}) {
            ComputationGraph graph = CompiledBlocksTest.network(name, channels, height, width, residual);
            Nd4j.getRandom().setSeed(29);
            INDArray images = Nd4j.randn(DataType.FLOAT, 3, 3, height, width);
            INDArray expected = graph.outputSingle(images).dup();
            try (InferenceNetwork narrow = InferenceNetwork.optimize(graph, Precision.BFLOAT16)) {
                assertClose("inference network", narrow.outputSingle(images), expected);
                assertThat(narrow.refusal()).isNull();
            }
            Acceleration acceleration = Acceleration.apply(graph, Precision.BFLOAT16);
            INDArray accelerated = graph.outputSingle(images);
            assertThat(acceleration.lastRefusal()).isNull();
            assertClose("accelerated", accelerated, expected);
            if (residual) {
                // exactly rectified, as DL4J has it
                assertThat(accelerated.minNumber().doubleValue()).isZero();
            }
        }
    }

    private static void assertClose(String what, INDArray actual, INDArray expected) {
        double deviation = actual.sub(expected).amaxNumber().doubleValue();
        double largest = expected.amaxNumber().doubleValue();
        assertThat(deviation / largest).as(what).isPositive().isLessThan(BOUND);
    }
}
