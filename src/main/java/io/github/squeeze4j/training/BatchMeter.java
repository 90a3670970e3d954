package io.github.squeeze4j.training;

import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Loss and accuracy of a training batch, from the features that go into the output layer during the step itself:
 * DL4J's own score holds the regularisation, and says nothing of accuracy.
 */
final class BatchMeter extends BaseTrainingListener {
    private INDArray labels;
    private double loss;
    private double accuracy;

    /** Names the labels of the batch that comes next. */
    void expect(INDArray batchLabels) {
        labels = batchLabels;
    }

    @Override
    public void onForwardPass(Model model, Map<String, INDArray> activations) {
        ComputationGraph graph = (ComputationGraph) model;
        String output = graph.getConfiguration().getNetworkOutputs().get(0);
        String before = graph.getConfiguration().getVertexInputs().get(output).get(0);
        Layer layer = graph.getLayer(output);
        INDArray features = activations.get(before);
        INDArray scores = features.reshape('c', features.size(0), -1)
                .mmul(layer.getParam(DefaultParamInitializer.WEIGHT_KEY))
                .addi(layer.getParam(DefaultParamInitializer.BIAS_KEY));
        INDArray probabilities = Transforms.softmax(scores, true);
        int[] right = labels.argMax(1).toIntVector();
        int[] predicted = probabilities.argMax(1).toIntVector();
        double sum = 0;
        int hits = 0;
        for (int i = 0; i < right.length; i++) {
            double probability = probabilities.getDouble(i, right[i]);
            sum -= Double.isNaN(probability) ? probability : Math.log(Math.max(probability, Float.MIN_NORMAL));
            hits += right[i] == predicted[i] ? 1 : 0;
        }
        loss = sum / right.length;
        accuracy = (double) hits / right.length;
    }

    double loss() {
        return loss;
    }

    double accuracy() {
        return accuracy;
    }
}
