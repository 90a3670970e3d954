package io.github.squeeze4j.blocks;

import java.util.Collections;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** One block's runtime layer outside any network, with views for parameters and gradients. */
final class Layers {
    final AttentionBlock block;
    final Layer layer;
    final INDArray gradients;

    private Layers(AttentionBlock block, Layer layer, INDArray gradients) {
        this.block = block;
        this.layer = layer;
        this.gradients = gradients;
    }

    static Layers of(AttentionBlock block, InputType type, DataType dataType) {
        NeuralNetConfiguration conf = new NeuralNetConfiguration.Builder()
                .updater(new Sgd(1))
                .dataType(dataType)
                .layer(block)
                .build();
        AttentionBlock configured = (AttentionBlock) conf.getLayer();
        configured.setNIn(type, true);
        long length = configured.initializer().numParams(conf);
        INDArray parameters = Nd4j.zeros(dataType, Math.max(1, length));
        Layer layer = configured.instantiate(conf, Collections.emptyList(), 0, parameters, true, dataType);
        // what is never written stays not a number; a block without parameters has nothing to write
        INDArray gradients =
                Nd4j.valueArrayOf(new long[] {Math.max(1, length)}, length == 0 ? 0 : Double.NaN, dataType);
        layer.setBackpropGradientsViewArray(gradients);
        return new Layers(configured, layer, gradients);
    }

    INDArray forward(INDArray x, boolean training) {
        return layer.activate(x, training, LayerWorkspaceMgr.noWorkspaces());
    }

    INDArray backward(INDArray gradOutput) {
        return layer.backpropGradient(gradOutput, LayerWorkspaceMgr.noWorkspaces())
                .getSecond();
    }

    /** Gradient views by name, those of the running statistics included. */
    Map<String, INDArray> gradientTable() {
        return block.initializer().getGradientsFromFlattened(layer.conf(), gradients);
    }
}
