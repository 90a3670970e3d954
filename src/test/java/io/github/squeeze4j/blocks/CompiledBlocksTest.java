package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.compiler.codegen.ProgramCode;
import io.github.squeeze4j.compiler.passes.Pipeline;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.engine.InferenceNetwork;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Blocks as steps of a network's program give what their kernels give. */
class CompiledBlocksTest {
    /** The compiler has no steps for these yet: DL4J's loop runs their kernels. */
    private static final List<String> KERNELS = List.of("sk", "sk-whole", "ge", "ge-means");

    /** Forms of which other tests have no vectors. */
    static final Map<String, Supplier<AttentionBlock.Builder<?>>> OTHERS = Map.of(
            "ge-whole", () -> GatherExcite.builder().reduction(4),
            "ge-whole-means",
                    () -> GatherExcite.builder().extraParameters(false).reduction(4),
            "cbam-pools", () -> Cbam.builder().reduction(4).pools(Pool.LP, Pool.LSE),
            "sk-whole",
                    () -> SelectiveKernel.builder()
                            .reduction(4)
                            .minimumHidden(3)
                            .groups(1),
            "se-mish", () -> SqueezeExcitation.builder().reduction(4).activation(Activation.MISH));

    private static final String PASSES =
            "SharedValues,NestedPools,PoolsTogether,MapsInSingle,FoldNormalization,RoundedOnce,AdditionIntoScaling,FunctionsIntoOperations";

    private static final double TOLERANCE = 1e-5;

    static List<Object[]> blocksAndMaps() {
        List<Object[]> runs = new ArrayList<>();
        for (String name : blocks()) {
            runs.add(new Object[] {name, 4, 9, 7}); // less than a block of channels, one hidden channel
            runs.add(new Object[] {name, 24, 8, 12}); // a block and a part; pools that nest
            runs.add(new Object[] {name, 32, 9, 7}); // whole blocks
        }
        return runs;
    }

    static Set<String> vectors() {
        return Blocks.builders().keySet();
    }

    static Set<String> blocks() {
        Set<String> names = new LinkedHashSet<>(Blocks.builders().keySet());
        names.addAll(OTHERS.keySet());
        return names;
    }

    @AfterEach
    void switchOn() {
        System.clearProperty(Pipeline.WITHOUT);
    }

    /** Two convolutions and a block; residual, also the sum with the first convolution, and ReLU. */
    static ComputationGraph network(String name, int channels, int height, int width, boolean residual) {
        AttentionBlock block =
                OTHERS.getOrDefault(name, Blocks.builders().get(name)).get().build();
        ComputationGraphConfiguration.GraphBuilder builder = Blocks.global(DataType.FLOAT)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutional(height, width, 3, CNN2DFormat.NCHW))
                .addLayer("conv", convolution(channels), "in")
                .addLayer("expand", convolution(channels), "conv")
                .addLayer("att", block, "expand");
        if (residual) {
            builder.addVertex("add", new ElementWiseVertex(ElementWiseVertex.Op.Add), "att", "conv")
                    .addLayer("relu", new ActivationLayer(Activation.RELU), "add");
        }
        ComputationGraph graph = new ComputationGraph(
                builder.setOutputs(residual ? "relu" : "att").build());
        graph.init();
        Blocks.randomize(graph, "att");
        return graph;
    }

    private static ConvolutionLayer convolution(int channels) {
        return new ConvolutionLayer.Builder(3, 3)
                .padding(1, 1)
                .nOut(channels)
                .activation(Activation.IDENTITY)
                .build();
    }

    @ParameterizedTest
    @MethodSource("blocksAndMaps")
    void equalToTheKernels(String name, int channels, int height, int width) {
        Nd4j.getRandom().setSeed(11);
        INDArray x = Nd4j.randn(DataType.FLOAT, 2, 3, height, width);
        for (boolean residual : new boolean[] {true, false}) {
            ComputationGraph graph = network(name, channels, height, width, residual);
            INDArray expected = graph.output(x)[0].dup();
            for (String without : residual ? new String[] {"", PASSES} : new String[] {""}) {
                System.setProperty(Pipeline.WITHOUT, without);
                try (InferenceNetwork compiled = InferenceNetwork.optimize(graph)) {
                    String what = name + (residual ? " residual" : "") + " without " + without;
                    Arrays4j.assertClose(what, compiled.outputSingle(x), expected, TOLERANCE);
                    assertThat(compiled.refusal()).isNull();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void parametersAreReadAtEachCall(String name) {
        Nd4j.getRandom().setSeed(11);
        INDArray x = Nd4j.randn(DataType.FLOAT, 2, 3, 9, 7);
        ComputationGraph graph = network(name, 32, 9, 7, true);
        INDArray before = graph.output(x)[0].dup();
        try (Acceleration accelerated = Acceleration.apply(graph)) {
            Arrays4j.assertClose(name, graph.output(x)[0], before, TOLERANCE);
            graph.params().muli(0.5f);
            INDArray changed = graph.output(x)[0].dup();
            accelerated.undo();
            Arrays4j.assertClose(name + " changed", changed, graph.output(x)[0], TOLERANCE);
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void whatIsNotANumberIsDl4js(String name) {
        INDArray x = Blocks.data(2, DataType.FLOAT).getFeatures();
        for (String parameter : new String[] {"conv_b", "att_" + first(name)}) {
            ComputationGraph graph = Blocks.graph(name, Computation.FUSED, DataType.FLOAT);
            if (graph.getParam(parameter) == null) {
                continue; // a block without parameters
            }
            graph.getParam(parameter).putScalar(0, Float.NaN);
            INDArray expected = graph.output(x)[0].dup();
            try (Acceleration ignored = Acceleration.apply(graph)) {
                INDArray actual = graph.output(x)[0];
                assertThat(actual.isNaN()).as(name + " " + parameter).isEqualTo(expected.isNaN());
            }
        }
    }

    private static String first(String name) {
        AttentionBlock block = AttentionBlock.of(
                Blocks.graph(name, Computation.FUSED, DataType.FLOAT).getLayer("att"));
        List<ParameterSpec.Parameter> all = block.parameters().all();
        return all.isEmpty() ? "none" : all.get(0).name;
    }

    @ParameterizedTest
    @MethodSource("blocksAndMaps")
    void theseHaveSteps(String name, int channels, int height, int width) {
        ComputationGraph graph = network(name, channels, height, width, true);
        AttentionBlock block = AttentionBlock.of(graph.getLayer("att"));
        String refusal = ProgramCode.refusal(Pipeline.run(block.definition(), Pipeline.inference()));
        assertThat(refusal == null).as(name + refusal).isEqualTo(!KERNELS.contains(name));
    }
}
