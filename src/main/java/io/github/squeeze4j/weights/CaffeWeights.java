package io.github.squeeze4j.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The blobs of a {@code .caffemodel} for the layers of a network. */
final class CaffeWeights {
    private final CaffeNet net;
    private final Path file;
    private final Map<String, StoredTensor> tensors;

    /**
     * Compares the blobs with the layers, before any memory is asked for.
     *
     * @throws WeightsException if a blob is missing, is no layer's, or has another shape
     */
    CaffeWeights(CaffeNet net, TensorFile opened) {
        this.net = net;
        file = opened.path();
        Map<String, StoredTensor> left = new LinkedHashMap<>(opened.tensors());
        tensors = new HashMap<>();
        for (CaffeStep step : net.steps) {
            List<CaffeStep.Learned> learned = step.learned();
            for (int i = 0; i < learned.size(); i++) {
                String key = step.layer.name + "#" + i;
                StoredTensor tensor = left.remove(key);
                require(step, i, learned.get(i).shape, tensor);
                tensors.put(key, tensor);
            }
        }
        for (String key : left.keySet()) {
            throw unexpected(key);
        }
    }

    private void require(CaffeStep step, int number, long[] shape, StoredTensor tensor) {
        if (tensor == null) {
            throw step.layer.wrong("blob " + number + ", of shape " + Arrays.toString(shape) + ", must be in " + file
                    + "; name the weights of this network");
        }
        if (!Arrays.equals(withoutLeadingOnes(shape), withoutLeadingOnes(tensor.shape()))) {
            throw step.layer.wrong("blob " + number + " of " + file + " (of shape " + Arrays.toString(tensor.shape())
                    + ") must have the shape " + Arrays.toString(shape) + "; name the weights of this network");
        }
    }

    /** Caffe's older files have four sizes for everything, the first ones 1. */
    private static long[] withoutLeadingOnes(long[] shape) {
        int from = 0;
        while (from < shape.length && shape[from] == 1) {
            from++;
        }
        return Arrays.copyOfRange(shape, from, shape.length);
    }

    private WeightsException unexpected(String key) {
        int end = Math.max(0, key.lastIndexOf('#'));
        CaffeStep step = net.byName.get(key.substring(0, end));
        String rule = "blob " + key.substring(end).replace("#", "") + " of ";
        return step != null
                ? step.layer.wrong(rule + file + " must not be there, as the layer has "
                        + step.learned().size() + " blobs; name the weights of this network")
                : new WeightsException("weights file (" + file + "): " + rule + "layer "
                        + WeightsException.name(key.substring(0, end)) + " must be of a layer in " + net.file
                        + "; name the network that the weights are of");
    }

    /** Fills an initialised network. */
    void into(ComputationGraph graph) {
        for (CaffeStep step : net.steps) {
            List<CaffeStep.Learned> all = step.learned();
            List<INDArray> values = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                values.add(tensors.get(step.layer.name + "#" + i).read());
            }
            for (int i = 0; i < all.size(); i++) {
                CaffeStep.Learned learned = all.get(i);
                if (learned.vertex != null) {
                    INDArray parameter = graph.getLayer(learned.vertex).getParam(learned.parameter);
                    assign(values.get(i), learned.divisor < 0 ? null : values.get(learned.divisor), learned, parameter);
                }
            }
        }
    }

    private static void assign(INDArray values, INDArray divisor, CaffeStep.Learned learned, INDArray parameter) {
        if (divisor != null) {
            double by = divisor.getDouble(0);
            // Caffe's own rule: statistics of no batch are zeros.
            values.muli(by == 0 ? 0 : 1 / by);
        }
        long[] shape = parameter.shape();
        INDArray ordered =
                learned.transposed ? values.reshape('c', shape[1], shape[0]).transpose() : values.reshape('c', shape);
        parameter.assign(ordered.castTo(parameter.dataType()));
    }
}
