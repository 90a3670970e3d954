package io.github.squeeze4j.blocks;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The fused form of {@link Bam}. The weights, a whole map, are computed again for the backward pass: a product of two small
 * arrays and a sigmoid.
 */
final class BamKernel implements Kernel {
    private final NormalizedRelu channelNorm = new NormalizedRelu(Bam.REDUCE, BatchNorm.MOMENTUM);
    private final MapConvolution pointwise = new MapConvolution(1, 1, 1);
    private final MapConvolution[] convolutions;
    private final MapNorm[] norms = new MapNorm[Bam.STAGES.length];
    private final INDArray[] convolved = new INDArray[Bam.STAGES.length];
    private final INDArray[] features = new INDArray[Bam.STAGES.length];
    private INDArray means;
    private INDArray hidden;
    private INDArray channelScores;
    private INDArray positionScores;

    BamKernel(int dilation) {
        MapConvolution dilated = new MapConvolution(1, dilation, 1);
        convolutions = new MapConvolution[] {pointwise, dilated, dilated};
        for (int i = 0; i < norms.length; i++) {
            norms[i] = new MapNorm(Bam.STAGES[i], true, BatchNorm.MOMENTUM);
        }
    }

    @Override
    public void forward(
            INDArray x, INDArray output, Map<String, INDArray> parameters, boolean training, Memory memory) {
        scoreChannels(x, parameters, training, memory);
        scorePositions(x, parameters, training, memory);
        weigh(output, memory);
        MapOps.multiply(output, x, output);
        MapOps.add(output, x);
    }

    private void scoreChannels(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        INDArray weights = parameters.get(Excitation.REDUCE_WEIGHT);
        means = memory.keep(x.size(0), x.size(1));
        MapOps.mean(x, means);
        INDArray reduced = memory.temporary(x.size(0), weights.size(1));
        MapOps.linear(means, false, weights, false, parameters.get(Excitation.REDUCE_BIAS), reduced);
        INDArray exact = memory.temporaryDouble(reduced.shape()).assign(reduced);
        hidden = channelNorm.forward(exact, true, parameters, training, memory);
        channelScores = memory.keep(means.shape());
        MapOps.linear(
                hidden,
                false,
                parameters.get(Excitation.EXPAND_WEIGHT),
                false,
                parameters.get(Excitation.EXPAND_BIAS),
                channelScores);
    }

    private void scorePositions(INDArray x, Map<String, INDArray> parameters, boolean training, Memory memory) {
        long narrow = parameters.get(Excitation.REDUCE_WEIGHT).size(1);
        INDArray from = x;
        for (int i = 0; i < norms.length; i++) {
            String stage = Bam.STAGES[i];
            convolved[i] = memory.keep(x.size(0), narrow, x.size(2), x.size(3));
            features[i] = memory.keep(convolved[i].shape());
            convolutions[i].forward(
                    from,
                    parameters.get(Bam.weightName(stage)),
                    parameters.get(Bam.biasName(stage)),
                    convolved[i],
                    memory);
            norms[i].forward(convolved[i], features[i], parameters, training, memory);
            from = features[i];
        }
        positionScores = memory.keep(x.size(0), 1, x.size(2), x.size(3));
        pointwise.forward(
                from,
                parameters.get(Bam.weightName(Bam.SPATIAL)),
                parameters.get(Bam.biasName(Bam.SPATIAL)),
                positionScores,
                memory);
    }

    /** out = sigmoid(channel score * position score). */
    private void weigh(INDArray out, Memory memory) {
        INDArray nothing = memory.temporary(channelScores.shape()).assign(0);
        MapOps.outer(channelScores, positionScores, nothing, out, memory);
        Gate.SIGMOID.applyi(out);
    }

    @Override
    public void backward(
            INDArray x,
            INDArray gradOutput,
            INDArray gradInput,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        INDArray weights = memory.temporary(x.shape());
        weigh(weights, memory);
        INDArray product = memory.temporary(x.shape());
        MapOps.multiply(x, gradOutput, product);
        Gate.SIGMOID.backpropi(product, weights);
        MapOps.multiply(weights, gradOutput, gradInput);
        MapOps.add(gradInput, gradOutput);

        INDArray gradChannels = memory.temporary(channelScores.shape());
        MapOps.dotChannels(product, positionScores, weights, gradChannels);
        INDArray gradPositions = memory.temporary(positionScores.shape());
        MapOps.dotPositions(product, MapOps.perChannel(channelScores), weights, gradPositions);

        positionsBackward(x, gradPositions, product, parameters, gradients, memory);
        MapOps.add(gradInput, product);
        INDArray gradMeans = channelsBackward(gradChannels, parameters, gradients, memory);
        MapOps.addToChannels(gradInput, gradMeans.divi(x.size(2) * x.size(3)));
    }

    private INDArray channelsBackward(
            INDArray gradScores, Map<String, INDArray> parameters, Map<String, INDArray> gradients, Memory memory) {
        MapOps.matmul(hidden, true, gradScores, false, gradients.get(Excitation.EXPAND_WEIGHT));
        MapOps.sumRows(gradScores, gradients.get(Excitation.EXPAND_BIAS));
        INDArray gradHidden = memory.temporary(hidden.shape());
        MapOps.matmul(gradScores, false, parameters.get(Excitation.EXPAND_WEIGHT), true, gradHidden);
        INDArray exact = channelNorm.backward(gradHidden, parameters, gradients, memory);
        gradients.get(Excitation.REDUCE_BIAS).assign(exact.sum(0));
        gradHidden.assign(exact);
        MapOps.matmul(means, true, gradHidden, false, gradients.get(Excitation.REDUCE_WEIGHT));
        INDArray gradMeans = memory.temporary(means.shape());
        MapOps.matmul(gradHidden, false, parameters.get(Excitation.REDUCE_WEIGHT), true, gradMeans);
        return gradMeans;
    }

    /** Writes the gradient of x to {@code gradMap}. */
    private void positionsBackward(
            INDArray x,
            INDArray gradScores,
            INDArray gradMap,
            Map<String, INDArray> parameters,
            Map<String, INDArray> gradients,
            Memory memory) {
        int last = norms.length - 1;
        INDArray gradient = memory.temporary(features[last].shape());
        pointwise.backward(
                features[last],
                parameters.get(Bam.weightName(Bam.SPATIAL)),
                gradScores,
                gradient,
                gradients.get(Bam.weightName(Bam.SPATIAL)),
                gradients.get(Bam.biasName(Bam.SPATIAL)),
                memory);
        INDArray other = memory.temporary(gradient.shape());
        for (int i = last; i >= 0; i--) {
            String stage = Bam.STAGES[i];
            norms[i].backwardi(convolved[i], features[i], gradient, parameters, gradients, memory);
            INDArray target = i == 0 ? gradMap : other;
            convolutions[i].backward(
                    i == 0 ? x : features[i - 1],
                    parameters.get(Bam.weightName(stage)),
                    gradient,
                    target,
                    gradients.get(Bam.weightName(stage)),
                    gradients.get(Bam.biasName(stage)),
                    memory);
            other = gradient;
            gradient = target;
        }
    }
}
