package io.github.squeeze4j.engine;

import io.github.squeeze4j.internal.ClassNames;
import java.lang.invoke.MethodHandles;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Stands in a {@link org.deeplearning4j.nn.multilayer.MultiLayerNetwork}'s place of a layer, under the name of its class.
 */
abstract class RegionLayer extends BaseWrapperLayer {
    private static final long serialVersionUID = 1L;

    /** Number in the network. */
    final int position;

    private final transient ChainRegion region;
    private transient INDArray given;

    RegionLayer(Layer original, int position, ChainRegion region) {
        super(original);
        this.position = position;
        this.region = region;
    }

    static RegionLayer of(Layer original, int position, ChainRegion region) {
        String name = original.getClass().getSimpleName();
        Class<?> type = ClassNames.renamed(MethodHandles.lookup(), NamedRegionLayer.class, name);
        try {
            return (RegionLayer) type.getDeclaredConstructor(Layer.class, int.class, ChainRegion.class)
                    .newInstance(original, position, region);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    ChainRegion region() {
        return region;
    }

    @Override
    public void setInput(INDArray input, LayerWorkspaceMgr workspaces) {
        given = input;
        underlying.setInput(input, workspaces);
    }

    @Override
    public INDArray activate(boolean training, LayerWorkspaceMgr workspaces) {
        return region.forward(this, given, training, workspaces);
    }

    @Override
    public INDArray activate(INDArray input, boolean training, LayerWorkspaceMgr workspaces) {
        given = input;
        return region.forward(this, input, training, workspaces);
    }

    @Override
    public INDArray input() {
        return LazyArray.token(given);
    }

    @Override
    public Pair<Gradient, INDArray> backpropGradient(INDArray epsilon, LayerWorkspaceMgr workspaces) {
        return region.backward(this, epsilon, workspaces);
    }

    @Override
    public void clear() {
        given = null;
        underlying.clear();
    }
}
