package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Blocks in 16 bits against themselves in 64, as close as 11 bits of mantissa allow. */
@Tag("tiny")
class HalfPrecisionTest {
    /** Half rounds by 2^-11 = 5e-4; a dozen operations and sums of up to 168 terms follow each other. */
    private static final double HALF = 1e-2;

    private static final double ONE_PERCENT = 1e-2;
    private static final int LARGE = 112;

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

    /** What the kernel keeps until the backward pass outlives the workspaces of the forward pass. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void trainsInHalfWithWorkspacesAsWithout(String name, Computation computation) {
        INDArray[] parameters = new INDArray[2];
        for (WorkspaceMode mode : new WorkspaceMode[] {WorkspaceMode.ENABLED, WorkspaceMode.NONE}) {
            ComputationGraph graph = Blocks.graph(name, computation, DataType.FLOAT16);
            graph.getConfiguration().setTrainingWorkspaceMode(mode);
            graph.fit(Blocks.data(4, DataType.FLOAT16));
            graph.fit(Blocks.data(4, DataType.FLOAT16));
            parameters[mode == WorkspaceMode.NONE ? 1 : 0] = graph.params();
        }
        assertThat(parameters[0].toDoubleVector()).doesNotContain(Double.NaN).isEqualTo(parameters[1].toDoubleVector());
    }

    /** Every block, and what of each sums or pools over whole maps, with and without values whose sums overflow in HALF. */
    static List<Object[]> largeMaps() {
        Map<String, Supplier<AttentionBlock.Builder<?>>> builders = new LinkedHashMap<>(Blocks.builders());
        builders.put("rgse-pooled-7", () -> Rgse.builder().reduction(4));
        builders.put("rgse-whole", () -> Rgse.builder().reduction(4).window(LARGE));
        builders.put("spse-uneven", () -> Spse.builder().reduction(4).levels(1, 3));
        builders.put("cbam-pools", () -> Cbam.builder().reduction(4).pools(Pool.values()));
        builders.put("gc-average", () -> GlobalContext.builder().reduction(2).pooling(GlobalContext.Pooling.AVERAGE));
        builders.put("ge-whole", () -> GatherExcite.builder().reduction(4));
        builders.put(
                "ge-mean",
                () -> GatherExcite.builder().extraParameters(false).mlp(false).reduction(4));
        List<Object[]> runs = new ArrayList<>();
        builders.forEach((name, builder) -> {
            for (Computation computation : Computation.values()) {
                runs.add(new Object[] {name, builder, computation, 1});
                runs.add(new Object[] {name, builder, computation, 100});
            }
        });
        return runs;
    }

    @ParameterizedTest(name = "{0} {2} {3}")
    @MethodSource("largeMaps")
    void sumsLargeMapsInFloat(
            String name, Supplier<AttentionBlock.Builder<?>> builder, Computation computation, int magnitude) {
        InputType type = InputType.convolutional(LARGE, LARGE, 8);
        Layers half = Layers.of(builder.get().computation(computation).build(), type, DataType.FLOAT16);
        Layers exact = Layers.of(builder.get().build(), type, DataType.DOUBLE);
        Nd4j.getRandom().setSeed(4);
        exact.layer.paramTable().forEach((key, value) -> {
            // smaller for larger maps, so that no gate saturates
            double scale = Blocks.isVariance(key) ? 1 : 1.0 / magnitude;
            value.assign(Nd4j.rand(DataType.DOUBLE, value.shape())
                    .subi(Blocks.isVariance(key) ? -0.5 : 0.4)
                    .muli(scale));
            value.assign(value.castTo(DataType.FLOAT16));
            half.layer.setParam(key, value.castTo(DataType.FLOAT16));
        });
        INDArray x = magnitude == 1
                ? Nd4j.ones(DataType.FLOAT16, 2, 8, LARGE, LARGE)
                : Nd4j.rand(DataType.DOUBLE, 2, 8, LARGE, LARGE)
                        .addi(0.5)
                        .muli(magnitude)
                        .castTo(DataType.FLOAT16);
        INDArray g = Nd4j.rand(DataType.DOUBLE, x.shape()).muli(1e-2).castTo(DataType.FLOAT16);
        // constant maps have no batch statistics to speak of, large ones saturate gates that stand on others
        boolean training = magnitude != 1;
        Arrays4j.assertClose(
                "output", half.forward(x, training), exact.forward(x.castTo(DataType.DOUBLE), training), ONE_PERCENT);
        INDArray gradient = half.backward(g);
        INDArray expected = exact.backward(g.castTo(DataType.DOUBLE));
        if (name.equals("scse-max")) {
            return; // as above
        }
        assertCloseInHalf("gradient", gradient, expected);
        Map<String, INDArray> gradients = half.gradientTable();
        exact.gradientTable().forEach((key, value) -> assertCloseInHalf(key, gradients.get(key), value));
    }

    /** Beyond 65504 HALF is infinite, below 6e-5 its steps are wider than 1 %: there is nothing to compare. */
    private static void assertCloseInHalf(String name, INDArray actual, INDArray expected) {
        double largest = expected.amaxNumber().doubleValue();
        if (largest < 6.2e-5 || largest > 65504) {
            return;
        }
        Arrays4j.assertClose(name, actual, expected, ONE_PERCENT);
    }
}
