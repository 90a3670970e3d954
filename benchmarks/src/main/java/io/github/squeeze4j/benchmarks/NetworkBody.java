package io.github.squeeze4j.benchmarks;

import java.util.function.Function;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** A network that classifies one batch, or takes one training step on it. */
final class NetworkBody implements Body {
    private static final long SEED = 42;

    private final ComputationGraph graph;
    private final Inference inference;
    private final DataSet data;
    private final long learnedParameters;
    private final boolean training;

    NetworkBody(
            ComputationGraph graph,
            Function<ComputationGraph, Inference> inference,
            int batch,
            int size,
            int classes,
            boolean training) {
        this.graph = graph;
        this.training = training;
        this.inference = training ? null : inference.apply(graph);
        Nd4j.getRandom().setSeed(SEED);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, batch, classes);
        for (int i = 0; i < batch; i++) {
            labels.putScalar(i, i % classes, 1);
        }
        data = new DataSet(Nd4j.randn(DataType.FLOAT, batch, 3, size, size), labels);
        learnedParameters = graph.paramTable().entrySet().stream()
                .filter(parameter -> !isStatistic(parameter.getKey()))
                .mapToLong(parameter -> parameter.getValue().length())
                .sum();
    }

    private static boolean isStatistic(String parameter) {
        return parameter.endsWith("_mean") || parameter.endsWith("_var");
    }

    @Override
    public void run() {
        if (training) {
            graph.fit(data);
        } else {
            inference.output(data.getFeatures());
        }
    }

    /** Class probabilities, or the loss on the same batch after a training step. */
    @Override
    public INDArray result() {
        if (!training) {
            return inference.output(data.getFeatures()).detach();
        }
        graph.fit(data);
        return Nd4j.scalar(graph.score(data, true));
    }

    @Override
    public long learnedParameters() {
        return learnedParameters;
    }
}
