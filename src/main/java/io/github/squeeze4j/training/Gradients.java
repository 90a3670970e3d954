package io.github.squeeze4j.training;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * What happens to gradients between the backward pass and the updater: sums over several batches, and clipping by the norm of
 * the whole vector as PyTorch's {@code clip_grad_norm_} does it. DL4J clips layer by layer only.
 *
 * <p>Running statistics move by what stands in their part of the gradient vector, once per batch: they are neither summed nor
 * clipped.
 */
final class Gradients extends BaseTrainingListener {
    private final ComputationGraph graph;
    private final double clip;
    private final List<long[]> learned = new ArrayList<>();
    private final List<long[]> statistics = new ArrayList<>();
    private INDArray sum;
    private long images;

    /**
     * For one graph.
     *
     * @param clip the largest norm of the mean gradient; 0 for any
     */
    Gradients(ComputationGraph graph, double clip) {
        this.graph = graph;
        this.clip = clip;
        for (UpdaterBlock block : graph.getUpdater(true).getUpdaterBlocks()) {
            for (UpdaterBlock.ParamState parameter : block.getLayersAndVariablesInBlock()) {
                boolean divided = parameter.getLayer().updaterDivideByMinibatch(parameter.getParamName());
                add(divided ? learned : statistics, parameter.getParamOffsetStart(), parameter.getParamOffsetEnd());
            }
        }
    }

    private static void add(List<long[]> ranges, long start, long end) {
        long[] last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
        if (last != null && last[1] == start) {
            last[1] = end;
        } else {
            ranges.add(new long[] {start, end});
        }
    }

    private static INDArray part(INDArray vector, long[] range) {
        return vector.reshape(vector.length()).get(NDArrayIndex.interval(range[0], range[1]));
    }

    /** Keeps the gradient of a batch for the update that comes. */
    void accumulate(DataSet batch) {
        graph.setInput(0, batch.getFeatures());
        graph.setLabels(batch.getLabels());
        long before = images;
        images = -1;
        graph.computeGradientAndScore();
        images = before + batch.numExamples();
        INDArray gradient = graph.getFlattenedGradients();
        if (sum == null) {
            sum = gradient.like();
        }
        for (long[] range : learned) {
            part(sum, range).addi(part(gradient, range));
        }
        for (long[] range : statistics) {
            part(graph.params(), range).subi(part(gradient, range));
        }
    }

    @Override
    public void onBackwardPass(Model model) {
        if (images < 0) {
            return;
        }
        INDArray gradient = graph.getFlattenedGradients();
        int batch = graph.batchSize();
        boolean mean = graph.conf().isMiniBatch();
        if (images > 0) {
            // DL4J divides by the size of the last batch.
            double share = mean ? (double) batch / (images + batch) : 1;
            for (long[] range : learned) {
                part(gradient, range).addi(part(sum, range)).muli(share);
            }
            sum.assign(0);
            images = 0;
        }
        if (clip > 0) {
            clip(gradient, mean ? batch : 1);
        }
    }

    private void clip(INDArray gradient, int divisor) {
        double squares = 0;
        for (long[] range : learned) {
            double norm = part(gradient, range).norm2Number().doubleValue();
            squares += norm * norm;
        }
        double norm = Math.sqrt(squares) / divisor;
        if (norm > clip) {
            for (long[] range : learned) {
                part(gradient, range).muli(clip / norm);
            }
        }
    }
}
