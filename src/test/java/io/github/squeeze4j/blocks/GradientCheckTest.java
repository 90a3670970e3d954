package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
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
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * Analytic against numerical gradients in double precision: derivatives of the input and of each learned parameter along
 * directions drawn from a fixed seed, in which every element takes part. The heavy form goes element by element.
 */
@Tag("tiny")
class GradientCheckTest {
    private static final double STEP = 1e-5;
    private static final double RELATIVE = 1e-5;
    /** Rounding of the loss (about 10) over twice the step; smaller gradients are zero as far as differences can tell. */
    private static final double NOISE = 2e-9;
    /** The same of a network's score, about 1. */
    private static final double SCORE_NOISE = 2e-10;

    /** Directions for each array in the default tests. */
    private static final int DIRECTIONS = 2;
    /** Elements of the input in the heavy tests, which take all elements of parameters. */
    private static final int INPUT_ELEMENTS = 40;

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
        check(name, computation, shape, variable -> directions(variable.shape()));
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("runs")
    @Tag("heavy")
    void everyGradientIsTheNumericalOne(String name, Computation computation, long[] shape) {
        check(name, computation, shape, variable -> elements(variable, Arrays.equals(variable.shape(), shape)));
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
            results.add(
                    check(block.toString(), block, new long[] {3, 8, 7, 6}, variable -> directions(variable.shape())));
        }
        Arrays4j.assertClose("fused", results.get(0), results.get(1), 1e-12);
    }

    private static void check(
            String name, Computation computation, long[] shape, Function<INDArray, Iterable<INDArray>> directions) {
        check(name, Blocks.block(name, computation), shape, directions);
    }

    /** The last output. */
    private static INDArray check(
            String name, AttentionBlock block, long[] shape, Function<INDArray, Iterable<INDArray>> directions) {
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
            DoubleSupplier loss = () -> loss(layers, x, gradOutput, training);
            variables.forEach((key, variable) -> assertDerivatives(
                    name + " training=" + training + " " + key,
                    variable,
                    analytic.get(key),
                    directions.apply(variable),
                    loss,
                    NOISE));
        }
        return layers.forward(x, false);
    }

    /** Derivatives of the loss along directions of unit length. */
    private static void assertDerivatives(
            String what,
            INDArray variable,
            INDArray gradient,
            Iterable<INDArray> directions,
            DoubleSupplier loss,
            double noise) {
        INDArray before = variable.dup();
        int number = 0;
        for (INDArray direction : directions) {
            variable.addi(direction.mul(STEP));
            double above = loss.getAsDouble();
            variable.assign(before).subi(direction.mul(STEP));
            double below = loss.getAsDouble();
            variable.assign(before);
            double numerical = (above - below) / (2 * STEP);
            double computed = gradient.mul(direction).sumNumber().doubleValue();
            double bound = RELATIVE * Math.max(Math.abs(numerical), Math.abs(computed)) + noise;
            assertThat(Math.abs(numerical - computed))
                    .as(
                            "%s, direction %d of %s: computed %.10g, numerical %.10g",
                            what, number++, Arrays.toString(variable.shape()), computed, numerical)
                    .isLessThanOrEqualTo(bound);
        }
        assertThat(number).isPositive();
    }

    private static List<INDArray> directions(long... shape) {
        Random random = new Random(17);
        List<INDArray> directions = new ArrayList<>();
        for (int i = 0; i < DIRECTIONS; i++) {
            int length = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
            double[] values = random.doubles(length, -1, 1).toArray();
            INDArray direction = Nd4j.createFromArray(values).reshape('c', shape);
            directions.add(direction.divi(direction.norm2Number()));
        }
        return directions;
    }

    /** One direction for each element, made when it is asked for. */
    private static Iterable<INDArray> elements(INDArray variable, boolean some) {
        LongStream elements = some
                ? new Random(17).longs(INPUT_ELEMENTS, 0, variable.length())
                : LongStream.range(0, variable.length());
        return () -> elements.mapToObj(
                        i -> Nd4j.zeros(DataType.DOUBLE, variable.shape()).putScalar(i, 1))
                .iterator();
    }

    private static double loss(Layers layers, INDArray x, INDArray gradOutput, boolean training) {
        return layers.forward(x, training).mul(gradOutput).sumNumber().doubleValue();
    }

    static List<Object[]> blocks() {
        return Blocks.blocksAndComputations();
    }

    /**
     * A step of training with rate 1 is the gradient of the score, through a whole network with L2; running statistics have no
     * gradient.
     */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    void networksStepByTheNumericalGradient(String name, Computation computation) {
        ComputationGraph graph = network(name, computation, new Sgd(1));
        DataSet data = Blocks.data(4, DataType.DOUBLE);
        Map<String, INDArray> before = new LinkedHashMap<>();
        graph.paramTable().forEach((key, value) -> before.put(key, value.dup()));
        graph.fit(data);
        Map<String, INDArray> steps = new LinkedHashMap<>();
        graph.paramTable()
                .forEach((key, value) -> steps.put(key, before.get(key).sub(value)));
        before.forEach((key, value) -> graph.getParam(key).assign(value));
        Set<String> statistics = statistics(graph);
        steps.forEach((key, step) -> {
            if (!statistics.contains(key)) {
                INDArray variable = graph.getParam(key);
                assertDerivatives(
                        name + " " + key,
                        variable,
                        step,
                        directions(variable.shape()),
                        () -> graph.score(data, true),
                        SCORE_NOISE);
            }
        });
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("blocks")
    @Tag("heavy")
    void networksPassDl4jsOwnCheck(String name, Computation computation) {
        ComputationGraph graph = network(name, computation, new NoOp());
        DataSet data = Blocks.data(4, DataType.DOUBLE);
        assertThat(GradientCheckUtil.checkGradients(new GradientCheckUtil.GraphConfig()
                        .net(graph)
                        .inputs(new INDArray[] {data.getFeatures()})
                        .labels(new INDArray[] {data.getLabels()})
                        .epsilon(1e-6)
                        .maxRelError(RELATIVE)
                        .minAbsoluteError(1e-9)
                        .print(GradientCheckUtil.PrintMode.FAILURES_ONLY)
                        .excludeParams(statistics(graph))))
                .isTrue();
    }

    private static ComputationGraph network(String name, Computation computation, IUpdater updater) {
        ComputationGraph graph = new ComputationGraph(
                Blocks.conf(Blocks.global(DataType.DOUBLE).updater(updater).l2(0.01), Blocks.block(name, computation)));
        graph.init();
        Blocks.randomize(graph, "att");
        return graph;
    }

    private static Set<String> statistics(ComputationGraph graph) {
        AttentionBlock block = (AttentionBlock) graph.getLayer("att").conf().getLayer();
        return block.parameters().statistics().stream()
                .map(statistic -> "att_" + statistic.name)
                .collect(Collectors.toSet());
    }
}
