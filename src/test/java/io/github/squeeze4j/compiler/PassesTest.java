package io.github.squeeze4j.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Op;
import io.github.squeeze4j.compiler.ir.Ops;
import io.github.squeeze4j.compiler.ir.TensorType;
import io.github.squeeze4j.compiler.ir.Value;
import io.github.squeeze4j.compiler.passes.AdditionAtMaxima;
import io.github.squeeze4j.compiler.passes.AdditionIntoScaling;
import io.github.squeeze4j.compiler.passes.ChooseStorage;
import io.github.squeeze4j.compiler.passes.DotProducts;
import io.github.squeeze4j.compiler.passes.FoldNormalization;
import io.github.squeeze4j.compiler.passes.FunctionsIntoOperations;
import io.github.squeeze4j.compiler.passes.NestedPools;
import io.github.squeeze4j.compiler.passes.Pipeline;
import io.github.squeeze4j.compiler.passes.PoolsTogether;
import io.github.squeeze4j.compiler.passes.RoundedOnce;
import io.github.squeeze4j.compiler.passes.ScalingBehindDots;
import io.github.squeeze4j.compiler.passes.ScalingBesideDots;
import io.github.squeeze4j.compiler.passes.SharedValues;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

@Tag("tiny")
class PassesTest {
    private final Ops o = new Ops();
    private final Value x = o.input("x", TensorType.of(DataType.FLOAT, TensorType.BATCH, 8, 8, 8));
    private final Value other = o.input("y", x.type());
    private final Value gate = o.sigmoid(o.mean(x, 2, 3));

    @AfterEach
    void switchOn() {
        System.clearProperty(Pipeline.WITHOUT);
        System.clearProperty(Pipeline.PRINT);
    }

    private static List<String> lines(Graph graph) {
        return List.of(graph.toString().split("\n"));
    }

    @Test
    void whatIsComputedTwiceIsComputedOnce() {
        Graph graph = new Graph("g", o.add(o.mean(x, 2, 3), o.mean(x, 2, 3)));

        assertThat(lines(new SharedValues().run(graph)))
                .containsExactly(
                        "g:",
                        "  %x = input() : f32[N, 8, 8, 8]",
                        "  %0 = mean(%x, axes=[2, 3]) : f32[N, 8, 1, 1]",
                        "  %1 = add(%0, %0) : f32[N, 8, 1, 1]",
                        "  return %1");
    }

    @Test
    void coarsePoolsComeFromTheFinest() {
        Value coarse = o.mean(o.adaptivePool(x, 2), 2, 3);
        Graph graph = new Graph("g", o.mean(o.adaptivePool(x, 4), 2, 3), coarse, o.mean(x, 2, 3), o.adaptivePool(x, 3));

        assertThat(lines(new NestedPools().run(graph)))
                .contains(
                        "  %0 = adaptive_pool(%x, bins=4) : f32[N, 8, 4, 4]",
                        "  %3 = adaptive_pool(%2, bins=2) : f32[N, 8, 2, 2]",
                        "  %5 = mean(%2, axes=[2, 3]) : f32[N, 8, 1, 1]",
                        "  %6 = adaptive_pool(%x, bins=3) : f32[N, 8, 3, 3]");
    }

    @Test
    void unevenPoolsAreMadeInOneLook() {
        Graph graph = new Graph("g", o.adaptivePool(x, 3), o.adaptivePool(x, 2));

        assertThat(lines(new PoolsTogether().run(graph)))
                .containsExactly(
                        "g:",
                        "  %x = input() : f32[N, 8, 8, 8]",
                        "  %0 = adaptive_pools(%x, bins=[3, 2]) : f32[N, 8, 13, 1]",
                        "  %1 = slice(%0, axis=2, from=0, size=9) : f32[N, 8, 9, 1]",
                        "  %2 = reshape(%1) : f32[N, 8, 3, 3]",
                        "  %3 = slice(%0, axis=2, from=9, size=4) : f32[N, 8, 4, 1]",
                        "  %4 = reshape(%3) : f32[N, 8, 2, 2]",
                        "  return %2, %4");
        assertThat(new PoolsTogether().run(new Graph("g", o.adaptivePool(x, 4), o.adaptivePool(x, 2))))
                .hasToString(new Graph("g", o.adaptivePool(x, 4), o.adaptivePool(x, 2)).toString());
    }

    @Test
    void unevenPoolsStay() {
        Graph graph = new Graph("g", o.adaptivePool(x, 3), o.mean(x, 2, 3));

        assertThat(new NestedPools().run(graph)).isSameAs(graph);
    }

    @Test
    void aNormalizationBecomesPartOfItsConvolution() {
        Value w = o.parameter("w", DataType.FLOAT, 2, 8, 3, 3);
        Value convolved = o.cast(o.convolution(x, w, null, 1, 1, 1), DataType.DOUBLE);
        List<Value> numbers = List.of(numbers("gamma"), numbers("beta"), numbers("mean"), numbers("var"));
        Value normalized = o.relu(o.batchNormalization("", convolved, numbers, 0.1));
        Graph graph = new Graph("g", o.cast(normalized, DataType.FLOAT));

        assertThat(lines(new RoundedOnce().run(new FoldNormalization().run(graph))))
                .contains(
                        "  %1 = affine(%var, alpha=1.0, beta=0.1) : f64[2]",
                        "  %2 = sqrt(%1) : f64[2]",
                        "  %3 = divide(%gamma, %2) : f64[2]",
                        "  %5 = multiply(%0, %4) : f64[2, 8, 3, 3]",
                        "  %7 = affine(%mean, alpha=-1.0, beta=0.0) : f64[2]",
                        "  %8 = multiply(%7, %3) : f64[2]",
                        "  %9 = add(%8, %beta) : f64[2]",
                        "  %12 = relu(%11) : f32[N, 2, 8, 8]",
                        "  return %12");
    }

    private Value numbers(String name) {
        return o.parameter(name, DataType.DOUBLE, 2);
    }

    @Test
    void aNormalizationByTheBatchStays() {
        Value w = o.parameter("w", DataType.DOUBLE, 2, 8, 3, 3);
        Value convolved = o.convolution(o.cast(x, DataType.DOUBLE), w, null, 1, 1, 1);
        List<Value> numbers = List.of(numbers("gamma"), numbers("beta"), numbers("mean"), numbers("var"));
        Graph graph = new Graph("g", o.batchNormalization("", convolved, numbers, 0.1, 0.5));

        assertThat(new FoldNormalization().run(graph)).isSameAs(graph);
    }

    @Test
    void anAdditionBecomesPartOfAScaling() {
        Graph graph = new Graph("g", o.add(other, o.multiply(x, gate)));

        assertThat(lines(new AdditionIntoScaling().run(graph)))
                .contains("  %2 = multiply(%x, %1, %y) : f32[N, 8, 8, 8]", "  return %2");
    }

    @Test
    void aScalingThatOthersReadStays() {
        Value scaled = o.multiply(x, gate);
        Graph graph = new Graph("g", o.add(other, scaled), scaled);

        assertThat(new AdditionIntoScaling().run(graph)).isSameAs(graph);
    }

    @Test
    void functionsBecomePartOfWhatTheyAreAppliedTo() {
        Value w = o.parameter("w", DataType.FLOAT, 8, 8);
        Value hidden = o.relu(o.dense(o.mean(x, 2, 3), w, null));
        Graph graph = new Graph("g", o.relu(o.multiply(x, o.sigmoid(o.dense(hidden, w, null)))));

        assertThat(lines(new FunctionsIntoOperations().run(graph)))
                .contains(
                        "  %1 = dense(%0, %w, function=relu) : f32[N, 8, 1, 1]",
                        "  %2 = dense(%1, %w, function=sigmoid) : f32[N, 8, 1, 1]",
                        "  %3 = multiply(%x, %2, function=relu) : f32[N, 8, 8, 8]");
    }

    @Test
    void smallValuesLieInJava() {
        Graph graph = new Graph("g", o.multiply(x, o.sigmoid(o.mean(x, 2, 3))));

        assertThat(lines(new ChooseStorage().run(graph)))
                .contains(
                        "  %x = input() : f32[N, 8, 8, 8] map",
                        "  %0 = mean(%x, axes=[2, 3]) : f32[N, 8, 1, 1] dense",
                        "  %1 = sigmoid(%0) : f32[N, 8, 1, 1] dense",
                        "  %2 = multiply(%x, %1) : f32[N, 8, 8, 8] map");
    }

    @Test
    void aPassCanBeSwitchedOff() {
        Graph graph = new Graph("g", o.add(other, o.multiply(x, gate)));
        System.setProperty(Pipeline.WITHOUT, "AdditionIntoScaling,SharedValues");

        assertThat(Pipeline.run(graph, Pipeline.inference()).toString()).contains("add(%y, %2)");
    }

    @Test
    void graphsArePrintedBehindEachPassThatChangesThem(@TempDir Path folder) throws IOException {
        System.setProperty(Pipeline.PRINT, folder.resolve("graphs").toString());

        Pipeline.run(new Graph("block 1/a", o.add(other, o.multiply(x, gate))), Pipeline.inference());

        assertThat(folder.resolve("graphs"))
                .isDirectoryContaining("glob:**block_1_a.0.lowered.txt")
                .isDirectoryContaining("glob:**block_1_a.0.lowered.dot")
                .isDirectoryContaining("glob:**block_1_a.7.AdditionIntoScaling.txt")
                .isDirectoryContaining("glob:**block_1_a.9.ChooseStorage.dot")
                .isDirectoryNotContaining("glob:**SharedValues*");
        assertThat(Files.readString(folder.resolve("graphs/block_1_a.7.AdditionIntoScaling.txt")))
                .startsWith("block 1/a:\n");
    }

    @Test
    void sumsOfProductsNeedNoMap() {
        Value perPosition = o.mean(other, 1);
        Graph graph = new Graph(
                "g",
                o.sum(o.multiply(x, other), 2, 3),
                o.mean(o.multiply(gate, x), 1),
                o.sum(o.multiply(x, perPosition), 2, 3),
                o.sum(o.multiply(x, gate), 2, 3));

        assertThat(lines(new DotProducts().run(graph)))
                .contains(
                        "  %0 = dot(%x, %y, axes=[2, 3]) : f32[N, 8, 1, 1]",
                        "  %3 = dot(%x, %2, axes=[1]) : f32[N, 1, 8, 8]",
                        "  %4 = affine(%3, alpha=0.125, beta=0.0) : f32[N, 1, 8, 8]",
                        "  %6 = dot(%x, %5, axes=[2, 3]) : f32[N, 8, 1, 1]",
                        "  %8 = sum(%7, axes=[2, 3]) : f32[N, 8, 1, 1]");
    }

    @Test
    void aMapIsScaledWhileItsDotsAreSummed() {
        Value dots = o.sum(o.multiply(x, other), 2, 3);
        Graph graph = new Graph("g", gate, dots, o.multiply(other, gate));

        assertThat(lines(new ScalingBesideDots().run(new DotProducts().run(graph))))
                .contains(
                        "  %2 = dot(%x, %y, %1, axes=[2, 3]) : f32[N, 8, 1, 1]",
                        "  %3 = scaled(%2) : f32[N, 8, 8, 8]", "  return %1, %2, %3");
    }

    @Test
    void factorsOfChannelsWaitForTheSum() {
        Graph graph = new Graph("g", o.sum(o.multiply(other, o.multiply(x, gate)), 1));

        assertThat(lines(new ScalingBehindDots().run(new DotProducts().run(graph))))
                .contains(
                        "  %0 = multiply(%y, %x) : f32[N, 8, 8, 8]",
                        "  %3 = dot(%0, %2, axes=[1]) : f32[N, 1, 8, 8]", "  return %3");
    }

    @Test
    void aScalingThatDotsComeFromIsNotBesideThem() {
        Value scaled = o.multiply(other, gate);
        Graph graph = new DotProducts().run(new Graph("g", gate, o.sum(o.multiply(o.add(x, scaled), other), 2, 3)));

        assertThat(new ScalingBesideDots().run(graph)).isSameAs(graph);
    }

    @Test
    void theForwardPassDoesNotWaitForBackwards() {
        Value forward = o.multiply(x, gate);
        Graph graph = new DotProducts().run(new Graph("g", forward, o.sum(o.multiply(x, other), 2, 3)));

        assertThat(new ScalingBesideDots().run(graph)).isSameAs(graph);
    }

    @Test
    void gradientsOfMaximaAreAddedWhereTheyAre() {
        Value max = o.max(x, 2, 3);
        Value source = new Value(Op.MAX_SOURCE, x.type(), max.attributes(), List.of(max, gate));
        Graph graph = new Graph("g", o.add(other, source));

        assertThat(lines(new AdditionAtMaxima().run(graph)))
                .contains("  %3 = max_source(%0, %2, %y, axes=[2, 3]) : f32[N, 8, 8, 8]", "  return %3");
    }
}
