package io.github.squeeze4j.weights;

import io.github.squeeze4j.Npz;
import io.github.squeeze4j.models.Network;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Loads the checkpoints that {@code make_weight_names.py --checkpoints DIR} wrote with PyTorch and prints how far our logits are from
 * its own, relative to the largest: {@code mvn -q test-compile exec:java
 * -Dexec.mainClass=io.github.squeeze4j.weights.CheckpointCheck -Dexec.args=DIR}.
 */
public final class CheckpointCheck {
    private static final double TOLERANCE = 1e-4;

    private CheckpointCheck() {}

    /**
     * Checks every checkpoint of a folder, or those named.
     *
     * @param args the folder, then names
     * @throws Exception if a file cannot be read or an answer differs
     */
    public static void main(String[] args) throws Exception {
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            for (Path file : files.filter(file -> !file.toString().endsWith(".npz"))
                    .sorted()
                    .collect(Collectors.toList())) {
                String name = file.getFileName().toString().replaceAll("\\..*", "");
                if (args.length == 1 || Stream.of(args).anyMatch(name::equals)) {
                    check(name, file);
                }
            }
        }
    }

    private static void check(String name, Path file) throws Exception {
        Map<String, INDArray> reference = Npz.read(file.resolveSibling(name + ".npz"));
        INDArray expected = reference.get("logits");
        Network network =
                PretrainedTest.builder(name).classes((int) expected.size(1)).build();
        ComputationGraph graph = network.init();
        long start = System.nanoTime();
        LoadReport report = Pretrained.from(file).into(graph);
        double seconds = (System.nanoTime() - start) / 1e9;
        INDArray logits =
                ReferenceNetworksTest.logits(graph, reference.get("image").castTo(DataType.FLOAT));
        double difference =
                logits.castTo(DataType.DOUBLE).sub(expected).amaxNumber().doubleValue()
                        / expected.amaxNumber().doubleValue();
        System.out.printf(
                "%-26s %4d MB in %.2f s, relative difference %.1e, %s%n",
                file.getFileName(), Files.size(file) >> 20, seconds, difference, report);
        if (difference > TOLERANCE) {
            throw new AssertionError(name + ": relative difference (" + difference + ") must be at most " + TOLERANCE);
        }
    }
}
