package io.github.squeeze4j.models.internal.graph;

/**
 * The output of a layer that is being laid out: its name, the shape of its map and how many pixels apart its positions are.
 * Immutable.
 */
public final class Feature {
    /** The vertex that gives the map. */
    public final String name;
    /** Channels of the map. */
    public final int channels;
    /** Height of the map, in positions. */
    public final int height;
    /** Width of the map, in positions. */
    public final int width;
    /** Pixels of the image from one position to the next. */
    public final int stride;

    Feature(String name, int channels, int height, int width, int stride) {
        this.name = name;
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.stride = stride;
    }

    Feature renamed(String name) {
        return new Feature(name, channels, height, width, stride);
    }
}
