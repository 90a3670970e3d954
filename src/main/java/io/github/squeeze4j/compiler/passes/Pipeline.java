package io.github.squeeze4j.compiler.passes;

import io.github.squeeze4j.compiler.ir.Graph;
import io.github.squeeze4j.compiler.ir.Printer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;

/**
 * The passes in their order.
 *
 * <p>The system property {@value #PRINT} names a folder that gets the graph before the first pass and after each one that changed
 * it, as text ({@code .txt}) and as a picture for Graphviz ({@code .dot}). The property {@value #WITHOUT} names passes, with
 * commas between, that are left out.
 */
public final class Pipeline {
    /** System property: the folder for printed graphs. */
    public static final String PRINT = "io.github.squeeze4j.engine.print";

    /** System property: passes to leave out. */
    public static final String WITHOUT = "io.github.squeeze4j.engine.without";

    private Pipeline() {}

    /**
     * For inference.
     *
     * @return all passes; the last says where values lie and cannot be left out
     */
    public static List<Pass> inference() {
        return List.of(
                new NestedPools(),
                new SharedValues(),
                new PoolsTogether(),
                new MapsInSingle(),
                new FoldNormalization(),
                new RoundedOnce(),
                new AdditionIntoScaling(),
                new FunctionsIntoOperations(),
                new ChooseStorage());
    }

    /**
     * For training, on the forward pass alone.
     *
     * @return passes that change what gradients are of
     */
    public static List<Pass> beforeGradients() {
        return List.of(
                new NestedPools(), new SharedValues(), new PoolsTogether(), new MapsInSingle(), new RoundedOnce());
    }

    /**
     * For training, on forward and backward.
     *
     * @return passes; the last says where values lie and cannot be left out
     */
    public static List<Pass> behindGradients() {
        return List.of(
                new SharedValues(),
                new RoundedOnce(),
                new AdditionAtMaxima(),
                new DotProducts(),
                new ScalingBehindDots(),
                new ScalingBesideDots(),
                new AdditionIntoScaling(),
                new FunctionsIntoOperations(),
                new ChooseStorage());
    }

    /**
     * Runs passes.
     *
     * @param graph what to rewrite
     * @param passes the rewrites
     * @return the last one's graph
     */
    public static Graph run(Graph graph, List<Pass> passes) {
        List<String> without = Arrays.asList(System.getProperty(WITHOUT, "").split(","));
        int number = 0;
        print(graph, number, "lowered");
        Graph current = graph;
        for (Pass pass : passes) {
            number++;
            if (without.contains(pass.name()) && !(pass instanceof ChooseStorage)) {
                continue;
            }
            Graph next = pass.run(current);
            if (next != current) {
                print(next, number, pass.name());
            }
            current = next;
        }
        return current;
    }

    private static void print(Graph graph, int number, String stage) {
        String folder = System.getProperty(PRINT);
        if (folder == null) {
            return;
        }
        String file = graph.name().replaceAll("[^A-Za-z0-9._-]", "_") + "." + number + "." + stage;
        try {
            Path path = Files.createDirectories(Paths.get(folder));
            Files.write(path.resolve(file + ".txt"), Printer.text(graph).getBytes(StandardCharsets.UTF_8));
            Files.write(path.resolve(file + ".dot"), Printer.dot(graph).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "-D" + PRINT + "=" + folder + " must name a folder that can be written; name another", e);
        }
    }
}
