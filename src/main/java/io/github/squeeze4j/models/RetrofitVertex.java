package io.github.squeeze4j.models;

import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;

/**
 * A vertex of a network that is given to {@link Retrofit}, to choose by.
 *
 * @see Retrofit#after(java.util.function.Predicate)
 */
public final class RetrofitVertex {
    private final String name;
    private final Layer layer;
    private final InputType outputType;

    RetrofitVertex(String name, Layer layer, InputType outputType) {
        this.name = name;
        this.layer = layer;
        this.outputType = outputType;
    }

    /**
     * Its name.
     *
     * @return the name in the graph
     */
    public String name() {
        return name;
    }

    /**
     * Its layer's configuration, of a frozen layer that within.
     *
     * @return the network's own configuration, to read only; null for a vertex that is no layer, such as an addition
     */
    public Layer layer() {
        return layer;
    }

    /**
     * What it gives, as DL4J says.
     *
     * @return the type of its output
     */
    public InputType outputType() {
        return outputType;
    }

    /**
     * Whether it gives a feature map.
     *
     * @return true for [N, C, H, W] and [N, H, W, C]
     */
    public boolean isFeatureMap() {
        return outputType instanceof InputType.InputTypeConvolutional;
    }

    /**
     * Channels of the map it gives.
     *
     * @return C, or 0 if it gives no feature map
     */
    public int channels() {
        return isFeatureMap() ? (int) map().getChannels() : 0;
    }

    /**
     * Height of the map it gives.
     *
     * @return H in pixels, or 0 if it gives no feature map
     */
    public int height() {
        return isFeatureMap() ? (int) map().getHeight() : 0;
    }

    /**
     * Width of the map it gives.
     *
     * @return W in pixels, or 0 if it gives no feature map
     */
    public int width() {
        return isFeatureMap() ? (int) map().getWidth() : 0;
    }

    private InputType.InputTypeConvolutional map() {
        return (InputType.InputTypeConvolutional) outputType;
    }

    @Override
    public String toString() {
        return name + (layer == null ? "" : " (" + layer.getClass().getSimpleName() + ")") + ": " + outputType;
    }
}
