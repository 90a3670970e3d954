package io.github.squeeze4j.models;

import io.github.squeeze4j.models.internal.graph.Feature;
import java.util.Objects;

/**
 * A feature map that a network offers to detection and segmentation heads: the last map before the network halves its size
 * again. Immutable.
 *
 * @see Network#features()
 */
public final class FeatureMap {
    private final String name;
    private final int stride;
    private final int channels;
    private final int height;
    private final int width;

    FeatureMap(Feature feature) {
        name = feature.name;
        stride = feature.stride;
        channels = feature.channels;
        height = feature.height;
        width = feature.width;
    }

    /**
     * The vertex of the graph that gives the map.
     *
     * @return a vertex name, such as {@code stage1.block3.relu}
     */
    public String name() {
        return name;
    }

    /**
     * How many pixels of the image one position of the map stands for, along each side.
     *
     * @return 4, 8, 16 or 32 in the ImageNet networks, where there are any also 2
     */
    public int stride() {
        return stride;
    }

    /**
     * Channels of the map.
     *
     * @return C
     */
    public int channels() {
        return channels;
    }

    /**
     * Height of the map for the network's declared input size.
     *
     * @return H in positions
     */
    public int height() {
        return height;
    }

    /**
     * Width of the map for the network's declared input size.
     *
     * @return W in positions
     */
    public int width() {
        return width;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof FeatureMap)) {
            return false;
        }
        FeatureMap that = (FeatureMap) other;
        return name.equals(that.name)
                && stride == that.stride
                && channels == that.channels
                && height == that.height
                && width == that.width;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, stride, channels, height, width);
    }

    @Override
    public String toString() {
        return name + " [" + channels + ", " + height + ", " + width + "] at stride " + stride;
    }
}
