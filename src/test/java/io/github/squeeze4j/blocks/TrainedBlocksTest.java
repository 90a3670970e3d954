package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.compiler.codegen.ProgramCode;
import io.github.squeeze4j.compiler.gradients.Backward;
import io.github.squeeze4j.compiler.gradients.Differentiable;
import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.passes.Pipeline;
import io.github.squeeze4j.engine.Acceleration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Blocks that train inside a network's program: the gradients of everything below, and the statistics, are those of the kernels. */
class TrainedBlocksTest {
    /** DL4J's loop runs the kernels of these. */
    private static final Set<String> KERNELS =
            Set.of("sk", "sk-whole", "ge", "ge-means", "ge-whole", "gct-l1", "scse-max");

    private static final double TOLERANCE = 2e-5;

    static List<Object[]> blocksAndMaps() {
        return CompiledBlocksTest.blocksAndMaps();
    }

    private static ComputationGraph network(String name, int channels, int height, int width, boolean residual) {
        AttentionBlock block = CompiledBlocksTest.OTHERS
                .getOrDefault(name, Blocks.builders().get(name))
                .get()
                .build();
        GraphBuilder builder = Blocks.global(DataType.FLOAT)
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
        ComputationGraph graph =
                new ComputationGraph(builder.addLayer("after", convolution(4), residual ? "relu" : "att")
                        .addLayer("pool", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "after")
                        .addLayer(
                                "out",
                                new OutputLayer.Builder(LossFunction.MCXENT)
                                        .activation(Activation.SOFTMAX)
                                        .nOut(3)
                                        .build(),
                                "pool")
                        .setOutputs("out")
                        .build());
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

    static List<Object[]> trained() {
        List<Object[]> runs = new ArrayList<>(blocksAndMaps());
        runs.removeIf(run -> KERNELS.contains(run[0]));
        return runs;
    }

    @ParameterizedTest
    @MethodSource("trained")
    void equalToTheKernels(String name, int channels, int height, int width) {
        for (boolean residual : new boolean[] {true, false}) {
            Nd4j.getRandom().setSeed(11);
            INDArray x = Nd4j.randn(DataType.FLOAT, 4, 3, height, width);
            ComputationGraph graph = network(name, channels, height, width, residual);
            Map<String, INDArray> expected = gradients(graph, x);
            double score = graph.score();
            try (Acceleration ignored = Acceleration.apply(graph)) {
                Map<String, INDArray> actual = gradients(graph, x);
                String what = name + (residual ? " residual " : " ");
                assertThat(graph.score()).as(what).isCloseTo(score, within(1e-5));
                double largest = expected.values().stream()
                        .mapToDouble(gradient -> gradient.amaxNumber().doubleValue())
                        .max()
                        .orElseThrow();
                expected.forEach((key, gradient) -> {
                    // what a normalization or a softmax takes away has rounding for its gradient
                    if (gradient.amaxNumber().doubleValue() < 1e-6 * largest) {
                        assertThat(actual.get(key).amaxNumber().doubleValue())
                                .as(what + key)
                                .isLessThan(1e-5 * largest);
                    } else {
                        Arrays4j.assertClose(what + key, actual.get(key), gradient, TOLERANCE);
                    }
                });
            }
        }
    }

    /** Views of the network's gradients behind a pass in training, running statistics included. */
    private static Map<String, INDArray> gradients(ComputationGraph graph, INDArray x) {
        INDArray labels = Nd4j.zeros(DataType.FLOAT, x.size(0), 3);
        for (int i = 0; i < x.size(0); i++) {
            labels.putScalar(i, i % 3, 1);
        }
        graph.setInputs(x);
        graph.setLabels(labels);
        graph.computeGradientAndScore();
        Map<String, INDArray> all = new TreeMap<>();
        graph.gradient().gradientForVariable().forEach((key, value) -> all.put(key, value.dup()));
        Map<String, INDArray> views = ((Differentiable) graph.getLayer("att")).gradientViews();
        if (views != null) { // a block without parameters has none
            views.forEach((key, value) -> all.put("att_" + key, value.dup()));
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("blocksAndMaps")
    void theseTrain(String name, int channels, int height, int width) {
        ComputationGraph graph = network(name, channels, height, width, true);
        Graph forward = ((Differentiable) graph.getLayer("att")).graph(height, width, true);
        Backward backward = Backward.of(Pipeline.run(forward, Pipeline.beforeGradients()), true);
        String refusal = ProgramCode.refusal(Pipeline.run(backward.graph, Pipeline.behindGradients()));
        assertThat(refusal == null).as(name + refusal).isEqualTo(!KERNELS.contains(name));
    }
}
