package io.github.squeeze4j.blocks;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.Arrays4j;
import io.github.squeeze4j.Npz;
import io.github.squeeze4j.compiler.codegen.Evaluator;
import io.github.squeeze4j.compiler.gradients.Backward;
import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.passes.AdditionIntoScaling;
import io.github.squeeze4j.compiler.passes.Pass;
import io.github.squeeze4j.compiler.passes.Pipeline;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** The gradients of every block's definition, computed by the compiler's rules and loops in Java. */
@Tag("tiny")
class GradientRulesTest {
    private static final double TOLERANCE = 1e-9;

    /** What a graph for training gives. */
    private static final class Computed {
        final INDArray y;
        final INDArray gx;
        final Map<String, INDArray> gradients = new LinkedHashMap<>();

        Computed(Layers layers, INDArray x, INDArray gy, boolean training, boolean passes) {
            DataType type = x.dataType();
            MapSize size = new MapSize(x.size(1), x.size(2), x.size(3));
            BlockDefinition definition = BlockDefinition.of(layers.block, type, size, training);
            Backward backward = passes
                    ? Backward.of(Pipeline.run(definition.computed(), Pipeline.beforeGradients()), true)
                    : Backward.of(definition.computed(), true);
            Map<String, INDArray> leaves = new HashMap<>(layers.layer.paramTable());
            leaves.put(BlockDefinition.INPUT, x);
            leaves.put(Backward.GRADIENT, gy);
            List<Pass> rewrites = new ArrayList<>(Pipeline.behindGradients());
            rewrites.removeIf(pass -> pass instanceof AdditionIntoScaling); // of whole maps, which loops are not
            Graph graph = passes ? Pipeline.run(backward.graph, rewrites) : backward.graph;
            INDArray[] outputs = Evaluator.outputs(graph, x.size(0), leaves);
            y = outputs[0];
            gx = outputs[1];
            for (int i = 0; i < backward.parameters.size(); i++) {
                gradients.put(backward.parameters.get(i), outputs[i + 2]);
            }
            if (!training) { // running statistics stay
                layers.block
                        .parameters()
                        .statistics()
                        .forEach(statistic ->
                                gradients.put(statistic.name, Nd4j.zeros(DataType.DOUBLE, statistic.shape)));
            }
        }
    }

    static List<Object[]> golden() throws IOException {
        List<Object[]> runs = new ArrayList<>();
        for (String name : GoldenVectorsTest.cases()) {
            runs.add(new Object[] {name, DataType.DOUBLE});
            runs.add(new Object[] {name, DataType.FLOAT});
        }
        return runs;
    }

    static Set<String> blocks() {
        return CompiledBlocksTest.blocks();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("golden")
    void matchTheReference(String name, DataType type) throws IOException {
        Map<String, INDArray> golden = Npz.read(GoldenVectorsTest.folder().resolve(name + ".npz"));
        AttentionBlock block = GoldenVectorsTest.block(
                new ObjectMapper()
                        .readTree(GoldenVectorsTest.folder()
                                .resolve(name + ".json")
                                .toFile()),
                golden,
                Computation.FUSED);
        Layers layers = GoldenVectorsTest.layers(block, golden, type, CNN2DFormat.NCHW);
        INDArray x = golden.get("x").castTo(type);
        INDArray gy = golden.get("gy").castTo(type);
        for (boolean training : new boolean[] {true, false}) {
            Computed computed = new Computed(layers, x, gy, training, false);
            GoldenVectorsTest.compare(layers, golden, type, training, computed.y, computed.gx, computed.gradients);
        }
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void areThoseOfSameDiff(String name) {
        AttentionBlock block = CompiledBlocksTest.OTHERS
                .getOrDefault(name, Blocks.builders().get(name))
                .get()
                .computation(Computation.SAMEDIFF)
                .build();
        InputType input = InputType.convolutional(Blocks.HEIGHT, Blocks.WIDTH, Blocks.CHANNELS);
        Layers layers = Layers.of(block, input, DataType.DOUBLE);
        Nd4j.getRandom().setSeed(5);
        layers.layer.paramTable().forEach((key, value) -> {
            INDArray random = Nd4j.rand(DataType.DOUBLE, value.shape());
            value.assign(Blocks.isVariance(key) ? random.addi(0.5) : random.subi(0.4));
        });
        INDArray x = Nd4j.randn(DataType.DOUBLE, 3, Blocks.CHANNELS, Blocks.HEIGHT, Blocks.WIDTH);
        for (boolean training : new boolean[] {true, false}) {
            INDArray y = layers.forward(x, training);
            INDArray gy = Nd4j.randn(DataType.DOUBLE, y.shape());
            INDArray gx = layers.backward(gy);
            Map<String, INDArray> gradients = layers.gradientTable();
            for (boolean passes : new boolean[] {false, true}) {
                String what = name + (training ? " training" : "") + (passes ? " with passes" : "");
                Computed computed = new Computed(layers, x, gy, training, passes);
                Arrays4j.assertClose(what + " y", computed.y, y, TOLERANCE);
                Arrays4j.assertClose(what + " gx", computed.gx, gx, TOLERANCE);
                assertThat(computed.gradients.keySet()).containsExactlyInAnyOrderElementsOf(gradients.keySet());
                computed.gradients.forEach((key, value) -> {
                    if (gradients.get(key).amaxNumber().doubleValue() < 1e-12) { // before a normalization
                        assertThat(value.amaxNumber().doubleValue())
                                .as(what + key)
                                .isLessThan(1e-12);
                    } else {
                        Arrays4j.assertClose(what + " " + key, value, gradients.get(key), TOLERANCE);
                    }
                });
            }
        }
    }
}
