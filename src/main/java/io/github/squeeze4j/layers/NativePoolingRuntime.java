package io.github.squeeze4j.layers;

import io.github.squeeze4j.onednn.Pooling;
import java.util.Arrays;
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
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
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
        boolean known = input != null && input.rank() == 4;
        if (!direct && known && isCeil()) {
            return portable(workspaces);
        }
        if (!direct || !known) {
            return super.activate(training, workspaces);
        }
        INDArray own = OpsConvolutionHelper.dense(input.castTo(dataType));
        INDArray x = channelsFirst(own);
        INDArray output = workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, outputShape(x), 'c');
        INDArray y = channelsFirst(output);
        pooling(x, y).forward(x, y);
        return output;
    }

    /** In the layer's own format. */
    private long[] outputShape(INDArray x) {
        int[] size = isCeil()
                ? pooling().ceilSize(x.size(2), x.size(3))
                : ConvolutionUtils.getOutputSize(
                        x,
                        layerConf().getKernelSize(),
                        layerConf().getStride(),
                        isSame() ? null : layerConf().getPadding(),
                        convolutionMode,
                        layerConf().getDilation(),
                        CNN2DFormat.NCHW);
        return isChannelsFirst()
                ? new long[] {x.size(0), x.size(1), size[0], size[1]}
                : new long[] {x.size(0), size[0], size[1], x.size(1)};
    }

    // ---- ceil mode with ND4J's operations --------------------------------------------------------------------------

    private INDArray portable(LayerWorkspaceMgr workspaces) {
        INDArray own = input.castTo(dataType);
        long[] shape = outputShape(channelsFirst(own));
        INDArray output = workspaces.createUninitialized(ArrayType.ACTIVATIONS, dataType, shape, 'c');
        Nd4j.exec(operation(isMax() ? "maxpool2d" : "avgpool2d")
                .addInputs(padded(own, output))
                .addOutputs(output)
                .build());
        if (!isMax()) {
            Nd4j.exec(new BroadcastMulOp(output, weights(own, output), output, spatialAxes()));
        }
        return output;
    }

    private Pair<Gradient, INDArray> portableGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        INDArray own = input.castTo(dataType);
        INDArray gradOutput = epsilon.castTo(dataType);
        INDArray map = padded(own, gradOutput);
        INDArray gradPadded = Nd4j.createUninitialized(dataType, map.shape(), 'c');
        if (!isMax()) {
            INDArray weighted = Nd4j.createUninitialized(dataType, gradOutput.shape(), 'c');
            Nd4j.exec(new BroadcastMulOp(gradOutput, weights(own, gradOutput), weighted, spatialAxes()));
            gradOutput = weighted;
        }
        Nd4j.exec(operation(isMax() ? "maxpool2d_bp" : "avgpool2d_bp")
                .addInputs(map, gradOutput)
                .addOutputs(gradPadded)
                .build());
        INDArray gradInput = workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, dataType, own.shape(), 'c');
        gradInput.assign(gradPadded.get(inside(own)));
        return new Pair<>(new DefaultGradient(), gradInput);
    }

    /** Means are sums over the window's whole area here; see {@link #weights}. */
    private DynamicCustomOp.DynamicCustomOpsBuilder operation(String name) {
        int[] kernel = layerConf().getKernelSize();
        int[] stride = layerConf().getStride();
        int[] padding = layerConf().getPadding();
        return DynamicCustomOp.builder(name)
                .addIntegerArguments(
                        kernel[0],
                        kernel[1],
                        stride[0],
                        stride[1],
                        padding[0],
                        padding[1],
                        1,
                        1,
                        0, // padding as it is
                        isMax() ? 0 : 1,
                        isChannelsFirst() ? 0 : 1);
    }

    /** The map with as much more at its end as the last windows reach beyond map and padding. */
    private INDArray padded(INDArray own, INDArray output) {
        int[] kernel = layerConf().getKernelSize();
        int[] stride = layerConf().getStride();
        int[] axes = spatialAxes();
        long[] shape = own.shape().clone();
        for (int i = 0; i < 2; i++) {
            long reach = (output.size(axes[i]) - 1) * stride[i] + kernel[i];
            shape[axes[i]] = Math.max(shape[axes[i]], reach - 2L * layerConf().getPadding()[i]);
        }
        INDArray padded = Nd4j.createUninitialized(dataType, shape, 'c');
        padded.assign(isMax() ? Double.NEGATIVE_INFINITY : 0);
        padded.get(inside(own)).assign(own);
        return padded;
    }

    private INDArrayIndex[] inside(INDArray own) {
        INDArrayIndex[] inside = new INDArrayIndex[4];
        Arrays.setAll(inside, axis -> NDArrayIndex.interval(0, own.size(axis)));
        return inside;
    }

    /** [H', W']: a window's whole area by how much of it counts. */
    private INDArray weights(INDArray own, INDArray output) {
        int[] axes = spatialAxes();
        INDArray[] vectors = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            int kernel = layerConf().getKernelSize()[i];
            int begin = layerConf().getPadding()[i];
            long around = kind() == Pooling.Kind.AVERAGE ? begin : 0;
            double[] factors = new double[Math.toIntExact(output.size(axes[i]))];
            for (int at = 0; at < factors.length; at++) {
                long start = (long) at * layerConf().getStride()[i] - begin;
                long end = Math.min(start + kernel, own.size(axes[i]) + around);
                factors[at] = kernel / (double) (end - Math.max(start, -around));
            }
            vectors[i] = Nd4j.createFromArray(factors).castTo(dataType);
        }
        return vectors[0].reshape(-1, 1).mmul(vectors[1].reshape(1, -1));
    }

    private int[] spatialAxes() {
        return isChannelsFirst() ? new int[] {2, 3} : new int[] {1, 2};
    }

    private boolean isMax() {
        return layerConf().getPoolingType() == PoolingType.MAX;
    }

    private NativePooling pooling() {
        return (NativePooling) layerConf();
    }

    private boolean isCeil() {
        return pooling().isCeilMode();
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        if (!direct && isCeil()) {
            assertInputSet(true);
            return portableGradient(epsilon, workspaces);
        }
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
        if (isMax()) {
            return Pooling.Kind.MAX;
        }
        return pooling().countsPadding() ? Pooling.Kind.AVERAGE : Pooling.Kind.AVERAGE_INSIDE;
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
