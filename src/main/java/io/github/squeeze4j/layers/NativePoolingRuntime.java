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

/** DL4J's runtime with oneDNN in it; in M2.1 its forward pass asks no helper. */
final class NativePoolingRuntime extends SubsamplingLayer {
    private final boolean direct;

    NativePoolingRuntime(NeuralNetConfiguration conf, DataType dataType, boolean direct) {
        super(conf, dataType);
        this.direct = direct;
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        if (!direct || input == null || input.rank() != 4) {
            return super.activate(training, workspaces);
        }
        INDArray own = OpsConvolutionHelper.dense(input.castTo(dataType));
        INDArray x = channelsFirst(own);
        int[] size = ConvolutionUtils.getOutputSize(
                x,
                layerConf().getKernelSize(),
                layerConf().getStride(),
                isSame() ? null : layerConf().getPadding(),
                convolutionMode,
                layerConf().getDilation(),
                CNN2DFormat.NCHW);
        long[] shape = isChannelsFirst()
                ? new long[] {x.size(0), x.size(1), size[0], size[1]}
                : new long[] {x.size(0), size[0], size[1], x.size(1)};
        INDArray output = workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, shape, 'c');
        INDArray y = channelsFirst(output);
        pooling(x, y).forward(x, y);
        return output;
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        if (!direct) {
            return super.backpropGradient(epsilon, workspaces);
        }
        assertInputSet(true);
        INDArray x = channelsFirst(OpsConvolutionHelper.dense(input.castTo(dataType)));
        INDArray gradOutput = channelsFirst(OpsConvolutionHelper.dense(epsilon.castTo(dataType)));
        INDArray gradInput = workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, input.shape(), 'c');
        pooling(x, gradOutput).backward(x, gradOutput, channelsFirst(gradInput));
        return new Pair<>(new DefaultGradient(), gradInput);
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
