package io.github.squeeze4j.weights;

import io.github.squeeze4j.Npz;
import io.github.squeeze4j.engine.Acceleration;
import io.github.squeeze4j.models.ModelSummary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Builds the Caffe networks that {@code make_caffe_networks.py --full DIR} wrote and prints their counts and how far their logits
 * are from PyTorch's, relative to the largest: {@code mvn -q test-compile exec:java
 * -Dexec.mainClass=io.github.squeeze4j.weights.CaffeNetworkCheck -Dexec.args=DIR}.
 */
public final class CaffeNetworkCheck {
    private static final double TOLERANCE = 1e-4;

    private CaffeNetworkCheck() {}

    /**
     * Checks every network of a folder, or those named.
     *
     * @param args the folder, then names
     * @throws Exception if a file cannot be read or an answer differs
     */
    public static void main(String[] args) throws Exception {
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".prototxt"))
                    .sorted()
                    .collect(Collectors.toList())) {
                String name = file.getFileName().toString().replace(".prototxt", "");
                if (args.length == 1 || List.of(args).contains(name)) {
                    check(name, file);
                }
            }
        }
    }

    private static void check(String name, Path prototxt) throws Exception {
        Map<String, INDArray> expected = Npz.read(prototxt.resolveSibling(name + ".npz"));
        long start = System.nanoTime();
        CaffeNetwork network = CaffeNetwork.read(prototxt).weights(prototxt.resolveSibling(name + ".caffemodel"));
        ComputationGraph graph = network.build();
        double seconds = (System.nanoTime() - start) / 1e9;
        ModelSummary summary = ModelSummary.of(name, network.conf(), network.inputType());
        INDArray logits = logits(graph, expected.get("image").castTo(DataType.FLOAT));
        double difference = difference(logits, expected.get("logits"));
        System.out.printf(
                "%-16s built in %.2f s, %d parameters, %d statistics, %d macs, relative difference of logits %.1e, not native: %s%n",
                name,
                seconds,
                summary.params(),
                summary.runningStatistics(),
                summary.macs(),
                difference,
                Acceleration.of(graph).otherLayers());
        if (!(difference <= TOLERANCE)) {
            throw new AssertionError(name + ": relative difference (" + difference + ") must be at most " + TOLERANCE);
        }
    }

    /** What the output layer computes before the softmax, as probabilities may be too small for float. */
    static INDArray logits(ComputationGraph graph, INDArray images) {
        ((BaseLayer) graph.getOutputLayer(0).conf().getLayer()).setActivationFn(new ActivationIdentity());
        return graph.outputSingle(images);
    }

    /** The largest, relative to the largest logit. */
    static double difference(INDArray found, INDArray expected) {
        return found.castTo(DataType.DOUBLE).sub(expected).amaxNumber().doubleValue()
                / expected.amaxNumber().doubleValue();
    }
}
