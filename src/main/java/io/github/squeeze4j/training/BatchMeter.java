package io.github.squeeze4j.training;

import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;

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
        INDArray given = activations.get(before);
        float[][] features = given.reshape('c', given.size(0), -1).toFloatMatrix();
        // in plain loops: so small a product of ND4J's takes longer than a layer, for its threads are others than the
        // layers'
        float[][] weights = layer.getParam(DefaultParamInitializer.WEIGHT_KEY).toFloatMatrix();
        float[] bias = layer.getParam(DefaultParamInitializer.BIAS_KEY).toFloatVector();
        float[][] wanted = labels.toFloatMatrix();
        double sum = 0;
        int hits = 0;
        for (int i = 0; i < features.length; i++) {
            double[] probabilities = softmax(scores(features[i], weights, bias));
            int right = largest(wanted[i]);
            for (int c = 0; c < probabilities.length; c++) {
                if (wanted[i][c] != 0) {
                    double probability = probabilities[c];
                    sum -= wanted[i][c]
                            * (Double.isNaN(probability)
                                    ? probability
                                    : Math.log(Math.max(probability, Float.MIN_NORMAL)));
                }
            }
            hits += right == largest(probabilities) ? 1 : 0;
        }
        loss = sum / features.length;
        accuracy = (double) hits / features.length;
    }

    private static double[] scores(float[] features, float[][] weights, float[] bias) {
        float[] sums = bias.clone(); // as large as the network's own may be
        for (int f = 0; f < features.length; f++) {
            for (int c = 0; c < sums.length; c++) {
                sums[c] += features[f] * weights[f][c];
            }
        }
        double[] scores = new double[sums.length];
        for (int c = 0; c < scores.length; c++) {
            scores[c] = sums[c];
        }
        return scores;
    }

    private static double[] softmax(double[] scores) {
        double largest = scores[largest(scores)];
        double sum = 0;
        for (int c = 0; c < scores.length; c++) {
            scores[c] = Math.exp(scores[c] - largest);
            sum += scores[c];
        }
        for (int c = 0; c < scores.length; c++) {
            scores[c] /= sum;
        }
        return scores;
    }

    private static int largest(double[] values) {
        int largest = 0;
        for (int i = 1; i < values.length; i++) {
            largest = values[i] > values[largest] ? i : largest;
        }
        return largest;
    }

    private static int largest(float[] values) {
        int largest = 0;
        for (int i = 1; i < values.length; i++) {
            largest = values[i] > values[largest] ? i : largest;
        }
        return largest;
    }

    double loss() {
        return loss;
    }

    double accuracy() {
        return accuracy;
    }
}
