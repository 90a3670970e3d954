package io.github.squeeze4j.layers;

import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** DL4J's runtime with its helper put in place. */
final class NativeConvolutionRuntime extends ConvolutionLayer {
    private INDArray epsilon;

    NativeConvolutionRuntime(NeuralNetConfiguration conf, DataType dataType) {
        super(conf, dataType);
        if (helper == null) {
            helper = NativeHelpers.convolution(dataType, layerConf());
        }
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        this.epsilon = epsilon;
        try {
            return super.backpropGradient(epsilon, workspaces);
        } finally {
            this.epsilon = null;
        }
    }

    /**
     * DL4J convolves again here to give the activation's derivative its argument; the identity needs only the shape.
     */
    @Override
    protected Pair<INDArray, INDArray> preOutput4d(
            boolean training, boolean forBackprop, LayerWorkspaceMgr workspaces) {
        boolean shapeSuffices = forBackprop
                && helper instanceof OpsConvolutionHelper
                && layerConf().getActivationFn() instanceof ActivationIdentity;
        return shapeSuffices ? new Pair<>(epsilon, null) : super.preOutput4d(training, forBackprop, workspaces);
    }
}
