package io.github.squeeze4j.blocks;

import io.github.squeeze4j.onednn.Convolution;
import io.github.squeeze4j.onednn.OneDnn;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A convolution of maps inside a block, zero padded by dilation * (k - 1) / 2; weights [out, in / groups, k, k], k odd.
 *
 * <p>By oneDNN where it supports the type, elsewhere by ND4J's {@code conv2d}: with zeros between the elements of a dilated
 * kernel, since not every build takes dilation, and with groups of few channels computed several at once, as one
 * convolution whose weights are zero between the groups.
 */
final class MapConvolution {
    /** Up to as many channels are computed at once. */
    private static final long BLOCK_CHANNELS = 32;

    private final int stride;
    private final int dilation;
    private final int groups;

    MapConvolution(int stride, int dilation, int groups) {
        this.stride = stride;
        this.dilation = dilation;
        this.groups = groups;
    }

    /** Height or width of the output. */
    static long outputSize(long size, int stride) {
        return (size - 1) / stride + 1;
    }

    /** y = convolution(x) + bias; no bias if it is null. */
    void forward(INDArray x, INDArray weights, INDArray bias, INDArray y, Memory memory) {
        if (direct(weights)) {
            convolution(x, weights, y).forward(x, weights, bias, y, false);
            return;
        }
        Packing packing = new Packing(weights);
        INDArray packed = packing.pack(weights, memory);
        for (long block = 0; block < packing.blocks; block++) {
            INDArray from = packing.part(x, 1, block);
            INDArray by = packing.part(packed, 0, block);
            INDArray to = packing.part(y, 1, block);
            INDArray[] inputs = bias == null
                    ? new INDArray[] {from, by}
                    : new INDArray[] {from, by, packing.part(bias, bias.rank() - 1, block)};
            Nd4j.exec(operation("conv2d", packing.spread)
                    .addInputs(inputs)
                    .addOutputs(to)
                    .build());
        }
    }

    /** Gradients; gradBias is null without bias. */
    void backward(
            INDArray x,
            INDArray weights,
            INDArray gradOutput,
            INDArray gradInput,
            INDArray gradWeights,
            INDArray gradBias,
            Memory memory) {
        if (direct(weights) && direct(gradWeights)) {
            convolution(x, weights, gradOutput).backward(x, weights, gradOutput, gradInput, gradWeights, gradBias);
            return;
        }
        Packing packing = new Packing(weights);
        INDArray packed = packing.pack(weights, memory);
        INDArray packedGradient = packing.plain() ? gradWeights : memory.temporary(packed.shape());
        for (long block = 0; block < packing.blocks; block++) {
            Nd4j.exec(operation("conv2d_bp", packing.spread)
                    .addInputs(
                            packing.part(x, 1, block),
                            packing.part(packed, 0, block),
                            packing.part(gradOutput, 1, block))
                    .addOutputs(packing.part(gradInput, 1, block), packing.part(packedGradient, 0, block))
                    .build());
        }
        if (!packing.plain()) {
            packing.byGroup(gradWeights).assign(packing.inside(packedGradient));
        }
        if (gradBias != null) {
            gradBias.assign(gradOutput.sum(0, 2, 3));
        }
    }

    private static boolean direct(INDArray weights) {
        return MapOps.direct(weights) && OneDnn.fits(weights) && weights.ordering() == 'c';
    }

    private Convolution convolution(INDArray x, INDArray weights, INDArray y) {
        int reach = dilation * (Math.toIntExact(weights.size(2)) - 1);
        int[] begin = {reach / 2, reach / 2};
        int[] end = new int[2];
        for (int axis = 0; axis < 2; axis++) {
            end[axis] = Math.toIntExact((y.size(2 + axis) - 1) * stride + reach + 1 - x.size(2 + axis) - begin[axis]);
        }
        return new Convolution(groups, new int[] {stride, stride}, new int[] {dilation, dilation}, begin, end);
    }

    private DynamicCustomOp.DynamicCustomOpsBuilder operation(String name, long spread) {
        int size = Math.toIntExact(spread);
        int padding = (size - 1) / 2;
        // kernel, stride, padding, dilation, not SAME mode, NCHW, weights [out, in, kH, kW]
        return DynamicCustomOp.builder(name)
                .addIntegerArguments(size, size, stride, stride, padding, padding, 1, 1, 0, 0, 1);
    }

    /** Weights as ND4J's operation takes them: [out, in of a block, spread, spread] with zeros between. */
    private final class Packing {
        final long spread;
        final long blocks;
        private final long together;
        private final long[] groupShape;

        Packing(INDArray weights) {
            long outputs = weights.size(0) / groups;
            long inputs = weights.size(1);
            long fitting = Math.max(1, Math.min(groups, BLOCK_CHANNELS / Math.max(inputs, outputs)));
            while (groups % fitting != 0) {
                fitting--;
            }
            together = fitting;
            blocks = groups / fitting;
            spread = 1 + dilation * (weights.size(2) - 1);
            groupShape = new long[] {blocks, together, outputs, inputs, weights.size(2), weights.size(3)};
        }

        boolean plain() {
            return together == 1 && spread == groupShape[4];
        }

        INDArray pack(INDArray weights, Memory memory) {
            if (plain()) {
                return weights;
            }
            INDArray packed = memory.temporary(weights.size(0), together * weights.size(1), spread, spread);
            packed.assign(0);
            inside(packed).assign(byGroup(weights));
            return packed;
        }

        /** [blocks, groups of a block, out of a group, in of a group, k, k]. */
        INDArray byGroup(INDArray weights) {
            return weights.reshape('c', groupShape);
        }

        /** What is not zero, in the shape of {@link #byGroup}; a view. */
        INDArray inside(INDArray packed) {
            long input = spread * spread;
            long output = together * groupShape[3] * input;
            long[] strides = {
                together * groupShape[2] * output,
                groupShape[2] * output + groupShape[3] * input,
                output,
                input,
                dilation * spread,
                dilation
            };
            return Nd4j.create(packed.data(), groupShape, strides, packed.offset(), 'c');
        }

        /** A view. Not {@code get}: in M2.1 it takes the end of some views, such as parameters of a network, for empty. */
        INDArray part(INDArray array, int axis, long block) {
            if (blocks == 1) {
                return array;
            }
            long[] shape = array.shape().clone();
            shape[axis] /= blocks;
            long offset = array.offset() + block * shape[axis] * array.stride(axis);
            return Nd4j.create(array.data(), shape, array.stride().clone(), offset, array.ordering());
        }
    }
}
