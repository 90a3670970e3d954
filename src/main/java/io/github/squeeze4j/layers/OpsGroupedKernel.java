package io.github.squeeze4j.layers;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Grouped convolution by ND4J's {@code conv2d} and {@code conv2d_bp}, on any backend.
 *
 * <p>Groups of a few channels are computed several at once, as one convolution whose weights are zero between groups: the
 * native operation does dozens of channels in nearly the time of a few. A value that is not finite therefore spreads to the
 * neighbouring groups too.
 */
final class OpsGroupedKernel implements ConvolutionKernel {
    /** Up to as many channels are computed at once. */
    private static final int BLOCK_CHANNELS = 32;

    private final GroupedConvolution layer;
    private final int blocks;
    private final int groupsPerBlock;

    /** Height and width of the kernel with the zeros of dilation, which not every build's operation takes. */
    private final int[] spread;

    /** Whether the operations' weights are not the layer's. */
    private final boolean packs;

    OpsGroupedKernel(GroupedConvolution layer) {
        this.layer = layer;
        int groups = layer.getGroups();
        long widest = Math.max(layer.getNIn(), layer.getNOut()) / groups;
        int together = (int) Math.max(1, Math.min(groups, BLOCK_CHANNELS / widest));
        while (groups % together != 0) {
            together--;
        }
        groupsPerBlock = together;
        blocks = groups / together;
        int[] kernel = layer.getKernelSize();
        int[] dilation = layer.getDilation();
        spread = new int[] {1 + dilation[0] * (kernel[0] - 1), 1 + dilation[1] * (kernel[1] - 1)};
        packs = together > 1 && groups > 1 || !Arrays.equals(spread, kernel);
    }

    @Override
    public void forward(INDArray input, INDArray weights, INDArray bias, int[] padding, INDArray output) {
        INDArray packed = packed(weights);
        for (int block = 0; block < blocks; block++) {
            INDArray x = channels(input, block);
            INDArray y = channels(output, block);
            INDArray w = rows(packed, block);
            INDArray[] inputs = bias == null ? new INDArray[] {x, w} : new INDArray[] {x, w, rows(bias, block)};
            run("conv2d", padding, inputs, y);
        }
    }

    @Override
    public void backward(
            INDArray input,
            INDArray weights,
            INDArray bias,
            int[] padding,
            INDArray outputGradient,
            INDArray inputGradient,
            INDArray weightGradient,
            INDArray biasGradient) {
        INDArray packed = packed(weights);
        INDArray packedGradient = packs ? Nd4j.createUninitialized(packed.dataType(), packed.shape()) : weightGradient;
        for (int block = 0; block < blocks; block++) {
            INDArray x = channels(input, block);
            INDArray w = rows(packed, block);
            INDArray gradient = channels(outputGradient, block);
            INDArray dx = channels(inputGradient, block);
            INDArray dw = rows(packedGradient, block);
            if (bias == null) {
                run("conv2d_bp", padding, new INDArray[] {x, w, gradient}, dx, dw);
            } else {
                INDArray[] inputs = {x, w, rows(bias, block), gradient};
                run("conv2d_bp", padding, inputs, dx, dw, rows(biasGradient, block));
            }
        }
        if (packs) {
            byGroup(weightGradient).assign(weightsIn(packedGradient));
        }
    }

    private void run(String name, int[] padding, INDArray[] inputs, INDArray... outputs) {
        int[] stride = layer.getStride();
        CustomOp op = DynamicCustomOp.builder(name)
                .addInputs(inputs)
                .addOutputs(outputs)
                .addIntegerArguments(
                        spread[0],
                        spread[1],
                        stride[0],
                        stride[1],
                        padding[0],
                        padding[1],
                        1,
                        1,
                        layer.getConvolutionMode() == ConvolutionMode.Same ? 1 : 0,
                        0, // [N, C, H, W]
                        1) // [out, in, kernelH, kernelW]
                .build();
        Nd4j.exec(op);
    }

    /** The block's channels. */
    private INDArray channels(INDArray map, int block) {
        return part(map, 1, block);
    }

    /** The block's part along the first axis. */
    private INDArray rows(INDArray array, int block) {
        return part(array, 0, block);
    }

    /** A view. Not {@code get}: in M2.1 it takes the end of some views, such as parameters of a network, for empty. */
    private INDArray part(INDArray array, int axis, int block) {
        if (blocks == 1) {
            return array;
        }
        long[] shape = array.shape().clone();
        shape[axis] /= blocks;
        long offset = array.offset() + block * shape[axis] * array.stride(axis);
        return Nd4j.create(array.data(), shape, array.stride().clone(), offset, array.ordering());
    }

    /** Weights with zeros between the groups of a block and, with dilation, between the elements of a kernel. */
    private INDArray packed(INDArray weights) {
        if (!packs) {
            return weights;
        }
        INDArray packed = Nd4j.create(
                weights.dataType(), weights.size(0), groupsPerBlock * weights.size(1), spread[0], spread[1]);
        weightsIn(packed).assign(byGroup(weights));
        return packed;
    }

    /** [blocks, groups per block, out per group, in per group, kernelH, kernelW]. */
    private INDArray byGroup(INDArray weights) {
        return weights.reshape('c', groupShape());
    }

    /** The view of packed weights that holds what is not zero, in the shape of {@link #byGroup}. */
    private INDArray weightsIn(INDArray packed) {
        long[] shape = groupShape();
        int[] dilation = layer.getDilation();
        long input = (long) spread[0] * spread[1];
        long output = groupsPerBlock * shape[3] * input;
        return Nd4j.create(
                packed.data(),
                shape,
                new long[] {
                    groupsPerBlock * shape[2] * output,
                    shape[2] * output + shape[3] * input,
                    output,
                    input,
                    (long) dilation[0] * spread[1],
                    dilation[1]
                },
                packed.offset(),
                'c');
    }

    private long[] groupShape() {
        int[] kernel = layer.getKernelSize();
        long groups = layer.getGroups();
        return new long[] {
            blocks, groupsPerBlock, layer.getNOut() / groups, layer.getNIn() / groups, kernel[0], kernel[1]
        };
    }
}
