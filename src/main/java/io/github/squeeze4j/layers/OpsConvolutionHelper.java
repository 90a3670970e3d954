package io.github.squeeze4j.layers;

import java.util.Arrays;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.AlgoMode;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BwdDataAlgo;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BwdFilterAlgo;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.FwdAlgo;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.mkldnn.MKLDNNConvHelper;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;

/** Convolution by ND4J's {@code conv2d} and {@code conv2d_bp}; one instance per runtime layer. */
final class OpsConvolutionHelper extends MKLDNNConvHelper {
    private final boolean hasBias;
    private long[] paddedFor;

    OpsConvolutionHelper(DataType type, boolean hasBias) {
        super(type);
        this.hasBias = hasBias;
    }

    @Override
    public boolean checkSupported() {
        return true;
    }

    @Override
    public INDArray preOutput(
            INDArray input,
            INDArray weights,
            INDArray bias,
            int[] kernel,
            int[] strides,
            int[] padding,
            AlgoMode mode,
            FwdAlgo algorithm,
            ConvolutionMode convolutionMode,
            int[] dilation,
            CNN2DFormat format,
            LayerWorkspaceMgr workspaces) {
        forgetPaddingOfOtherSizes(input, convolutionMode);
        // DL4J hands in a bias of zeros where there is none.
        return super.preOutput(
                dense(input),
                weights,
                hasBias ? bias : null,
                kernel,
                strides,
                padding,
                mode,
                algorithm,
                convolutionMode,
                dilation,
                format,
                workspaces);
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(
            INDArray input,
            INDArray weights,
            INDArray bias,
            INDArray delta,
            int[] kernel,
            int[] strides,
            int[] padding,
            INDArray biasGradient,
            INDArray weightGradient,
            IActivation activation,
            AlgoMode mode,
            BwdFilterAlgo filterAlgorithm,
            BwdDataAlgo dataAlgorithm,
            ConvolutionMode convolutionMode,
            int[] dilation,
            CNN2DFormat format,
            LayerWorkspaceMgr workspaces) {
        forgetPaddingOfOtherSizes(input, convolutionMode);
        return super.backpropGradient(
                dense(input),
                weights,
                bias,
                dense(delta),
                kernel,
                strides,
                padding,
                biasGradient,
                weightGradient,
                activation,
                mode,
                filterAlgorithm,
                dataAlgorithm,
                convolutionMode,
                dilation,
                format,
                workspaces);
    }

    /** The parent keeps the padding of its first call, which in Same mode depends on the size of the input. */
    private void forgetPaddingOfOtherSizes(INDArray input, ConvolutionMode mode) {
        if (mode == ConvolutionMode.Same && !Arrays.equals(paddedFor, input.shape())) {
            context = null;
            contextBwd = null;
            paddedFor = input.shape().clone();
        }
    }

    /** The native operations expect c order without gaps. */
    static INDArray dense(INDArray array) {
        return array.ordering() == 'c' && Shape.hasDefaultStridesForShape(array) ? array : array.dup('c');
    }
}
