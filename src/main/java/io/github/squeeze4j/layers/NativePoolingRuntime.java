package io.github.squeeze4j.layers;

import io.github.squeeze4j.onednn.Pooling;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.convolution.subsampling.SubsamplingLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.util.ConvolutionUtils;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** DL4J's runtime with oneDNN in it; in M2.1 its forward pass asks no helper. */
final class NativePoolingRuntime extends SubsamplingLayer {
    private final boolean direct;

    NativePoolingRuntime(NeuralNetConfiguration conf, DataType dataType, boolean direct) {
        super(conf, dataType);
        this.direct = direct;
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        if (input == null || input.rank() != 4 || !direct && !isCeil()) {
            return super.activate(training, workspaces);
        }
        INDArray own = OpsConvolutionHelper.dense(input.castTo(dataType));
        INDArray x = channelsFirst(own);
        long[] size = size(x);
        long[] shape = isChannelsFirst()
                ? new long[] {x.size(0), x.size(1), size[0], size[1]}
                : new long[] {x.size(0), size[0], size[1], x.size(1)};
        INDArray output = workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, shape, 'c');
        INDArray y = channelsFirst(output);
        if (direct) {
            pooling(x, y).forward(x, y);
        } else {
            INDArray padded = padded(x, y, workspaces, ArrayType.FF_WORKING_MEM);
            INDArray target = isChannelsFirst()
                    ? y
                    : workspaces.createUninitialized(ArrayType.FF_WORKING_MEM, dataType, y.shape(), 'c');
            Nd4j.exec(maxima("maxpool2d").addInputs(padded).addOutputs(target).build());
            if (target != y) {
                y.assign(target);
            }
        }
        return output;
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        if (!direct && !isCeil()) {
            return super.backpropGradient(epsilon, workspaces);
        }
        assertInputSet(true);
        INDArray x = channelsFirst(OpsConvolutionHelper.dense(input.castTo(dataType)));
        INDArray gradOutput = channelsFirst(OpsConvolutionHelper.dense(epsilon.castTo(dataType)));
        INDArray gradInput = workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
        if (direct) {
            pooling(x, gradOutput).backward(x, gradOutput, channelsFirst(gradInput));
        } else {
            INDArray padded = padded(x, gradOutput, workspaces, ArrayType.BP_WORKING_MEM);
            INDArray gradPadded =
                    workspaces.createUninitialized(ArrayType.BP_WORKING_MEM, dataType, padded.shape(), 'c');
            INDArray gradient = workspaces.dup(ArrayType.BP_WORKING_MEM, gradOutput, 'c');
            Nd4j.exec(maxima("maxpool2d_bp")
                    .addInputs(padded, gradient)
                    .addOutputs(gradPadded)
                    .build());
            channelsFirst(gradInput).assign(inner(gradPadded, x));
        }
        return new Pair<>(new DefaultGradient(), gradInput);
    }

    private long[] size(INDArray x) {
        if (isCeil()) {
            return ((NativePooling) layerConf()).ceilSize(x.size(2), x.size(3));
        }
        int[] size = ConvolutionUtils.getOutputSize(
                x,
                layerConf().getKernelSize(),
                layerConf().getStride(),
                isSame() ? null : layerConf().getPadding(),
                convolutionMode,
                layerConf().getDilation(),
                CNN2DFormat.NCHW);
        return new long[] {size[0], size[1]};
    }

    /** The map with the least number in rows and columns all around, as many as the windows reach. */
    private INDArray padded(INDArray x, INDArray y, LayerWorkspaceMgr workspaces, ArrayType working) {
        int[] begin = layerConf().getPadding();
        int[] end = Windows.end(
                x,
                y,
                layerConf().getKernelSize(),
                layerConf().getStride(),
                layerConf().getDilation(),
                begin);
        long[] shape = {x.size(0), x.size(1), x.size(2) + begin[0] + end[0], x.size(3) + begin[1] + end[1]};
        INDArray padded = workspaces.createUninitialized(working, dataType, shape, 'c');
        padded.assign(dataType == DataType.DOUBLE ? -Double.MAX_VALUE : -Float.MAX_VALUE);
        inner(padded, x).assign(x);
        return padded;
    }

    private INDArray inner(INDArray padded, INDArray x) {
        int[] begin = layerConf().getPadding();
        return padded.get(
                NDArrayIndex.all(),
                NDArrayIndex.all(),
                NDArrayIndex.interval(begin[0], begin[0] + x.size(2)),
                NDArrayIndex.interval(begin[1], begin[1] + x.size(3)));
    }

    private DynamicCustomOp.DynamicCustomOpsBuilder maxima(String name) {
        int[] kernel = layerConf().getKernelSize();
        int[] stride = layerConf().getStride();
        // kernel, stride, padding, dilation, not SAME mode, nothing, NCHW
        return DynamicCustomOp.builder(name)
                .addIntegerArguments(kernel[0], kernel[1], stride[0], stride[1], 0, 0, 1, 1, 0, 1, 0);
    }

    private boolean isCeil() {
        return layerConf() instanceof NativePooling && ((NativePooling) layerConf()).isCeilMode();
    }

    private Pooling pooling(INDArray x, INDArray y) {
        int[] kernel = layerConf().getKernelSize();
        int[] stride = layerConf().getStride();
        int[] dilation = layerConf().getDilation();
        int[] begin = isSame()
                ? ConvolutionUtils.getSameModeTopLeftPadding(
                        new int[] {(int) y.size(2), (int) y.size(3)},
                        new int[] {(int) x.size(2), (int) x.size(3)},
                        kernel,
                        stride,
                        dilation)
                : layerConf().getPadding();
        return new Pooling(kind(), kernel, stride, begin, Windows.end(x, y, kernel, stride, dilation, begin));
    }

    private Pooling.Kind kind() {
        if (layerConf().getPoolingType() == PoolingType.MAX) {
            return Pooling.Kind.MAX;
        }
        return layerConf().isAvgPoolIncludePadInDivisor() ? Pooling.Kind.AVERAGE : Pooling.Kind.AVERAGE_INSIDE;
    }

    private INDArray channelsFirst(INDArray map) {
        return isChannelsFirst() ? map : map.permute(0, 3, 1, 2);
    }

    private boolean isChannelsFirst() {
        return layerConf().getCnn2dDataFormat() == CNN2DFormat.NCHW;
    }

    private boolean isSame() {
        return convolutionMode == ConvolutionMode.Same;
    }
}
