package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.deeplearning4j.gradientcheck.GradientCheckUtil;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.buffer.util.DataTypeUtil;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;

/**
 * Analytic against numerical gradients in double precision: elements of the input and of every learned parameter,
 * drawn from a fixed seed. The heavy form takes all elements of the parameters.
 */
@Tag("tiny")
class GradientCheckTest {
    private static final double STEP = 1e-5;
    private static final double RELATIVE = 1e-5;
    /** Rounding of the loss (about 10) over twice the step; smaller gradients are zero as far as differences can tell. */
    private static final double NOISE = 2e-9;

    /** Elements of each array in the default tests. */
    private static final int ELEMENTS = 12;

    private static final long[][] SHAPES = {{3, 8, 6, 6}, {2, 8, 7, 9}, {4, 8, 6, 3}};

    private static DataType typeBefore;

    /** DL4J's check refuses to run unless the type of the process is double; networks of other tests may have set it. */
    @BeforeAll
    static void useDouble() {
        typeBefore = Nd4j.dataType(); // DataTypeUtil's own getter fails before ND4J is initialised
        DataTypeUtil.setDTypeForContext(DataType.DOUBLE);
    }

    @AfterAll
    static void restoreType() {
        DataTypeUtil.setDTypeForContext(typeBefore);
    }

    static List<Object[]> runs() {
        List<Object[]> runs = new ArrayList<>();
        for (Object[] run : Blocks.blocksAndComputations()) {
            for (long[] shape : SHAPES) {
                runs.add(new Object[] {run[0], run[1], shape});
            }
        }
        return runs;
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("runs")
    void gradientsAreTheNumericalOnes(String name, Computation computation, long[] shape) {
        check(name, computation, shape, ELEMENTS);
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("runs")
    @Tag("heavy")
    void everyGradientIsTheNumericalOne(String name, Computation computation, long[] shape) {
        check(name, computation, shape, Integer.MAX_VALUE);
    }

    /** Forms that give maps of another shape: other channels, a stride, half of the channels for each convolution. */
    @ParameterizedTest(name = "{0} {1} {2} {3}")
    @CsvSource({"6,1,false,1", "0,2,false,1", "0,1,true,2", "4,2,true,1", "12,3,true,4"})
    void selectiveKernelsOfOtherShapes(int outputs, int stride, boolean split, int groups) {
        List<INDArray> results = new ArrayList<>();
        for (Computation computation : Computation.values()) {
            SelectiveKernel.Builder builder = SelectiveKernel.builder()
                    .reduction(4)
                    .minimumHidden(3)
                    .groups(groups)
                    .stride(stride)
                    .splitInput(split)
                    .computation(computation);
            SelectiveKernel block = (outputs == 0 ? builder : builder.outputs(outputs)).build();
            results.add(check(block.toString(), block, new long[] {3, 8, 7, 6}, ELEMENTS));
        }
        Arrays4j.assertClose("fused", results.get(0), results.get(1), 1e-12);
    }

    private static void check(String name, Computation computation, long[] shape, int elements) {
        check(name, Blocks.block(name, computation), shape, elements);
    }

    /** The last output. */
    private static INDArray check(String name, AttentionBlock block, long[] shape, int elements) {
        Layers layers = Layers.of(block, InputType.convolutional(shape[2], shape[3], shape[1]), DataType.DOUBLE);
        Nd4j.getRandom().setSeed(4242);
        INDArray x = Nd4j.randn(DataType.DOUBLE, shape);
        INDArray gradOutput = Nd4j.randn(DataType.DOUBLE, layers.block.outputShape(shape));
        layers.layer.paramTable().forEach((key, value) -> {
            INDArray random = Nd4j.rand(DataType.DOUBLE, value.shape());
            value.assign(Blocks.isVariance(key) ? random.addi(0.5) : random.subi(0.5));
        });
        for (boolean training : new boolean[] {true, false}) {
            layers.forward(x, training);
            Map<String, INDArray> analytic = new LinkedHashMap<>();
            analytic.put("input", layers.backward(gradOutput).dup());
            layers.gradientTable().forEach((key, value) -> analytic.put(key, value.dup()));
            Map<String, INDArray> variables = new LinkedHashMap<>();
            variables.put("input", x);
            layers.block
                    .parameters()
                    .learned()
                    .forEach(parameter -> variables.put(parameter.name, layers.layer.getParam(parameter.name)));
            variables.forEach((key, variable) -> {
                for (long i : elements(variable, key.equals("input") ? Math.min(elements, 40) : elements)) {
                    double before = variable.getDouble(i);
                    variable.putScalar(i, before + STEP);
                    double above = loss(layers, x, gradOutput, training);
                    variable.putScalar(i, before - STEP);
                    double below = loss(layers, x, gradOutput, training);
                    variable.putScalar(i, before);
                    double numerical = (above - below) / (2 * STEP);
                    double computed = analytic.get(key).getDouble(i);
                    double bound = RELATIVE * Math.max(Math.abs(numerical), Math.abs(computed)) + NOISE;
                    assertThat(Math.abs(numerical - computed))
                            .as(
                                    "%s training=%s %s[%d] of %s: computed %.10g, numerical %.10g",
                                    name, training, key, i, Arrays.toString(variable.shape()), computed, numerical)
                            .isLessThanOrEqualTo(bound);
                }
            });
        }
        return layers.forward(x, false);
    }

    private static long[] elements(INDArray variable, int most) {
        return most < variable.length()
                ? new Random(17).longs(most, 0, variable.length()).toArray()
                : LongStream.range(0, variable.length()).toArray();
    }

    private static double loss(Layers layers, INDArray x, INDArray gradOutput, boolean training) {
        return layers.forward(x, training).mul(gradOutput).sumNumber().doubleValue();
    }

    static List<Object[]> blocks() {
        return Blocks.blocksAndComputations();
    }

    /** Through a whole network with L2, whose score and gradient must agree too; running statistics have no gradient. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void networksPassDl4jsOwnCheck(String name, Computation computation) {
        check(name, computation, ELEMENTS);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    @Tag("heavy")
    void networksPassDl4jsOwnCheckInEveryElement(String name, Computation computation) {
        check(name, computation, Integer.MAX_VALUE);
    }

    private static void check(String name, Computation computation, int elements) {
        ComputationGraph graph = new ComputationGraph(Blocks.conf(
                Blocks.global(DataType.DOUBLE).updater(new NoOp()).l2(0.01), Blocks.block(name, computation)));
        graph.init();
        Blocks.randomize(graph, "att");
        DataSet data = Blocks.data(4, DataType.DOUBLE);
        AttentionBlock block = (AttentionBlock) graph.getLayer("att").conf().getLayer();
        Set<String> statistics = new HashSet<>();
        block.parameters().statistics().forEach(statistic -> statistics.add("att_" + statistic.name));
        assertThat(GradientCheckUtil.checkGradients(new GradientCheckUtil.GraphConfig()
                        .net(graph)
                        .inputs(new INDArray[] {data.getFeatures()})
                        .labels(new INDArray[] {data.getLabels()})
                        .subset(elements < Integer.MAX_VALUE) // else it checks the first element alone
                        .maxPerParam(elements)
                        .epsilon(1e-6)
                        .maxRelError(RELATIVE)
                        .minAbsoluteError(1e-9)
                        .print(GradientCheckUtil.PrintMode.FAILURES_ONLY)
                        .excludeParams(statistics)))
                .isTrue();
    }
}
