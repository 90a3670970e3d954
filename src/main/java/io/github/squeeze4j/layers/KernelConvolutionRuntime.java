package io.github.squeeze4j.layers;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.LayerHelper;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.params.ConvolutionParamInitializer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.util.ConvolutionUtils;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** DL4J's runtime of a convolution with another computation in it. */
final class KernelConvolutionRuntime extends ConvolutionLayer {
    private final ConvolutionKernel kernel;

    /** What the activation was applied to in the last forward pass of training, for its derivative; else null. */
    private INDArray sums;

    KernelConvolutionRuntime(NeuralNetConfiguration conf, DataType dataType, ConvolutionKernel kernel) {
        super(conf, dataType);
        helper = null; // DL4J's way around helpers is not taken.
        this.kernel = kernel;
    }

    @Override
    public LayerHelper getHelper() {
        return kernel;
    }

    @Override
    public void setInput(INDArray input, LayerWorkspaceMgr workspaces) {
        sums = null;
        super.setInput(input, workspaces);
    }

    @Override
    public void clear() {
        sums = null;
        super.clear();
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        assertInputSet(false);
        applyDropOutIfNecessary(training, workspaces);
        INDArray output = preOutput(training, false, workspaces).getFirst();
        IActivation activation = layerConf().getActivationFn();
        if (activation instanceof ActivationIdentity) {
            return output;
        }
        if (training) {
            // Activations work in place.
            sums = workspaces.dup(ArrayType.ACTIVATIONS, output, 'c');
        }
        return activation.getActivation(output, training);
    }

    @Override
    protected Pair<INDArray, INDArray> preOutput(boolean training, boolean forBackprop, LayerWorkspaceMgr workspaces) {
        assertInputSet(forBackprop);
        validateInputRank();
        validateInputDepth(layerConf().getNIn());
        INDArray x = channelsFirst(input.castTo(dataType));
        int[] size = outputSize(x);
        ArrayType place = forBackprop ? ArrayType.BP_WORKING_MEM : ArrayType.ACTIVATIONS;
        INDArray output = allocate(workspaces, place, x.size(0), layerConf().getNOut(), size[0], size[1]);
        kernel.forward(
                x,
                getParamWithNoise(ConvolutionParamInitializer.WEIGHT_KEY, training, workspaces),
                bias(training, workspaces),
                padding(x, size),
                channelsFirst(output));
        return new Pair<>(output, null);
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        assertInputSet(true);
        INDArray delta = beforeActivation(epsilon.castTo(dataType), workspaces);
        INDArray x = channelsFirst(input.castTo(dataType));
        INDArray inputGradient =
                allocate(workspaces, ArrayType.ACTIVATION_GRAD, x.size(0), x.size(1), x.size(2), x.size(3));
        INDArray weightGradient = gradientViews.get(ConvolutionParamInitializer.WEIGHT_KEY);
        INDArray biasGradient = gradientViews.get(ConvolutionParamInitializer.BIAS_KEY);
        kernel.backward(
                x,
                getParamWithNoise(ConvolutionParamInitializer.WEIGHT_KEY, true, workspaces),
                bias(true, workspaces),
                padding(x, outputSize(x)),
                channelsFirst(delta),
                channelsFirst(inputGradient),
                weightGradient,
                biasGradient);
        Gradient gradient = new DefaultGradient();
        if (hasBias()) {
            gradient.setGradientFor(ConvolutionParamInitializer.BIAS_KEY, biasGradient);
        }
        gradient.setGradientFor(ConvolutionParamInitializer.WEIGHT_KEY, weightGradient, 'c');
        weightNoiseParams.clear();
        return new Pair<>(gradient, backpropDropOutIfPresent(inputGradient));
    }

    private INDArray beforeActivation(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        IActivation activation = layerConf().getActivationFn();
        if (activation instanceof ActivationIdentity) {
            return epsilon;
        }
        // Without a forward pass of training, convolve again.
        INDArray z = sums == null ? preOutput(true, true, workspaces).getFirst() : sums;
        sums = null; // The derivative may be computed in its memory.
        return activation.backprop(z, epsilon).getFirst();
    }

    private INDArray bias(boolean training, LayerWorkspaceMgr workspaces) {
        return hasBias() ? getParamWithNoise(ConvolutionParamInitializer.BIAS_KEY, training, workspaces) : null;
    }

    /** In the network's own format. */
    private INDArray allocate(
            LayerWorkspaceMgr workspaces, ArrayType place, long examples, long channels, long height, long width) {
        long[] shape = isChannelsFirst()
                ? new long[] {examples, channels, height, width}
                : new long[] {examples, height, width, channels};
        return workspaces.createUninitialized(place, dataType, shape, 'c');
    }

    private INDArray channelsFirst(INDArray map) {
        return isChannelsFirst() ? map : map.permute(0, 3, 1, 2);
    }

    private boolean isChannelsFirst() {
        return layerConf().getCnn2dDataFormat() == CNN2DFormat.NCHW;
    }

    private int[] outputSize(INDArray x) {
        return ConvolutionUtils.getOutputSize(
                x,
                layerConf().getKernelSize(),
                layerConf().getStride(),
                isSame() ? null : layerConf().getPadding(),
                convolutionMode,
                layerConf().getDilation(),
                CNN2DFormat.NCHW);
    }

    private int[] padding(INDArray x, int[] outputSize) {
        return isSame()
                ? ConvolutionUtils.getSameModeTopLeftPadding(
                        outputSize,
                        new int[] {(int) x.size(2), (int) x.size(3)},
                        layerConf().getKernelSize(),
                        layerConf().getStride(),
                        layerConf().getDilation())
                : layerConf().getPadding();
    }

    private boolean isSame() {
        return convolutionMode == ConvolutionMode.Same;
    }
}
