package io.github.squeeze4j.training;

import io.github.squeeze4j.BadInputException;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Loss and accuracy of updates that somebody else makes, summed. For one graph of one thread. */
public final class UpdateMeter {
    private final ComputationGraph graph;
    private final BatchMeter meter = new BatchMeter();
    private int images;
    private double loss;
    private double hits;
    private long judged;

    /**
     * Listens to a graph.
     *
     * @param graph that is trained
     */
    public UpdateMeter(ComputationGraph graph) {
        this.graph = graph;
        List<TrainingListener> listeners = new ArrayList<>(graph.getListeners());
        listeners.removeIf(listener -> listener instanceof BatchMeter);
        listeners.add(meter);
        graph.setListeners(listeners);
    }

    /**
     * Is told what comes.
     *
     * @param labels of the batch that is learned next, [N, classes]
     */
    public void before(INDArray labels) {
        meter.expect(labels);
        images = (int) labels.size(0);
    }

    /**
     * Adds up what came.
     *
     * @throws BadInputException if the loss is not a number
     */
    public void after() {
        Trainer.requireFinite(
                meter.loss(),
                graph.getIterationCount(),
                graph.getLearningRate(
                        graph.getConfiguration().getNetworkOutputs().get(0)));
        loss += images * meter.loss();
        hits += images * meter.accuracy();
        judged += images;
    }

    /**
     * Cross-entropy.
     *
     * @return the sum over all images
     */
    public double loss() {
        return loss;
    }

    /**
     * Images that were recognised before they were learned.
     *
     * @return how many
     */
    public double hits() {
        return hits;
    }

    /**
     * Images.
     *
     * @return how many
     */
    public long images() {
        return judged;
    }
}
