package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The fused form of {@link SelectiveKernel}. What the convolutions give is kept for the backward pass, since they are the
 * expensive part; what BatchNorm and ReLU make of it is computed again. The softmax of two scores is a sigmoid of their
 * difference.
 */
final class SelectionKernel implements Kernel {
    private final int count = SelectiveKernel.BRANCHES.length;
    private final boolean split;
    private final MapConvolution[] convolutions = new MapConvolution[count];
    private final MapNorm[] norms = new MapNorm[count];
    private final INDArray[] convolved = new INDArray[count];
    private final NormalizedRelu norm;
    private INDArray means;
    private INDArray hidden;
    private INDArray[] shares;

    SelectionKernel(int groups, int stride, boolean split, double momentum) {
        this.split = split;
        norm = new NormalizedRelu(SelectiveKernel.REDUCE, momentum);
        for (int i = 0; i < count; i++) {
            convolutions[i] = new MapConvolution(stride, i + 1, groups);
            norms[i] = new MapNorm(SelectiveKernel.BRANCHES[i], true, momentum);
        }
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray second = memory.temporary(output.shape());
        INDArray[] branches = {output, second};
        means = memory.keep(output.size(0), output.size(1));
        INDArray mean = memory.temporary(means.shape());
        for (int i = 0; i < count; i++) {
            convolved[i] = memory.keep(output.shape());
            convolutions[i].forward(taken(x, i, memory), weights(parameters, i), null, convolved[i], memory);
            norms[i].forward(convolved[i], branches[i], parameters, training, memory);
            MapOps.mean(branches[i], i == 0 ? means : mean);
        }
        means.addi(mean);
        select(parameters, training, memory);
        MapOps.multiply(output, MapOps.perChannel(shares[0]), output);
        MapOps.multiplyAndAdd(second, MapOps.perChannel(shares[1]), output, memory);
    }

    private void select(Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray reduceWeights = parameters.get(SelectiveKernel.REDUCE_WEIGHT);
        INDArray reduced = memory.temporary(means.size(0), reduceWeights.size(1));
        MapOps.matmul(means, false, reduceWeights, false, reduced);
        INDArray exact = memory.temporaryDouble(reduced.shape()).assign(reduced);
        hidden = norm.forward(exact, true, parameters, training, memory);
        INDArray scores = memory.temporary(means.size(0), 2 * means.size(1));
        MapOps.matmul(hidden, false, parameters.get(SelectiveKernel.SELECT_WEIGHT), false, scores);
        INDArray first = memory.keep(means.shape()).assign(half(scores, 0)).subi(half(scores, 1));
        Gate.SIGMOID.applyi(first);
        shares = new INDArray[] {first, memory.keep(means.shape()).assign(first).rsubi(1)};
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray[] branches = {memory.temporary(gradOutput.shape()), memory.temporary(gradOutput.shape())};
        INDArray gradient = memory.temporary(gradOutput.shape());
        INDArray gradShare = memory.temporary(means.shape());
        INDArray other = memory.temporary(means.shape());
        for (int i = 0; i < count; i++) {
            norms[i].again(convolved[i], branches[i], parameters, memory);
            MapOps.dotChannels(branches[i], gradOutput, gradient, i == 0 ? gradShare : other);
        }
        gradShare.subi(other);
        Gate.SIGMOID.backpropi(gradShare, shares[0]);
        INDArray gradMeans =
                selectBackward(gradShare, parameters, gradients, memory).divi(gradOutput.size(2) * gradOutput.size(3));
        for (int i = 0; i < count; i++) {
            MapOps.scaleAndShift(gradOutput, shares[i], gradMeans, gradient);
            norms[i].backwardi(convolved[i], branches[i], gradient, parameters, gradients, memory);
            INDArray from = taken(x, i, memory);
            boolean first = i == 0 && !split;
            boolean fits = !split && branches[i].equalShapes(x);
            INDArray target = first ? gradInput : fits ? branches[i] : memory.temporary(from.shape());
            convolutions[i].backward(
                    from, weights(parameters, i), gradient, target, weights(gradients, i), null, memory);
            if (split) {
                half(gradInput, i).assign(target);
            } else if (!first) {
                MapOps.add(gradInput, target);
            }
        }
    }

    /** The gradient of the means from that of the first score less the second's. */
    private INDArray selectBackward(
            INDArray gradScore, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory) {
        INDArray gradScores = memory.temporary(means.size(0), 2 * means.size(1));
        half(gradScores, 0).assign(gradScore);
        half(gradScores, 1).assign(gradScore).negi();
        MapOps.matmul(hidden, true, gradScores, false, gradients.get(SelectiveKernel.SELECT_WEIGHT));
        INDArray gradHidden = memory.temporary(hidden.shape());
        MapOps.matmul(gradScores, false, parameters.get(SelectiveKernel.SELECT_WEIGHT), true, gradHidden);
        gradHidden.assign(norm.backward(gradHidden, parameters, gradients, memory));
        MapOps.matmul(means, true, gradHidden, false, gradients.get(SelectiveKernel.REDUCE_WEIGHT));
        INDArray gradMeans = memory.temporary(means.shape());
        MapOps.matmul(gradHidden, false, parameters.get(SelectiveKernel.REDUCE_WEIGHT), true, gradMeans);
        return gradMeans;
    }

    /** What a branch convolves: all, or a copy of its half of the channels. */
    private INDArray taken(INDArray x, int branch, Memory memory) {
        if (!split) {
            return x;
        }
        INDArray half = half(x, branch);
        return memory.temporary(half.shape()).assign(half);
    }

    private static INDArray weights(Map<String, INDArray> arrays, int branch) {
        return arrays.get(SelectiveKernel.weightName(SelectiveKernel.BRANCHES[branch]));
    }

    /** Half of the second axis. A view, not {@code get}, which gives nothing of parts of some views. */
    private static INDArray half(INDArray array, long which) {
        long[] shape = array.shape().clone();
        shape[1] /= 2;
        long offset = array.offset() + which * shape[1] * array.stride(1);
        return Nd4j.create(array.data(), shape, array.stride().clone(), offset, array.ordering());
    }
}
