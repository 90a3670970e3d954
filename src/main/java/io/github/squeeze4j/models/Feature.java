package io.github.squeeze4j.models;

/** The output of a layer that is being laid out: its name, the shape of its map and how many pixels apart its positions are. */
final class Feature {
    final String name;
    final int channels;
    final int height;
    final int width;
    final int stride;

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
