package io.github.squeeze4j.models;

/** The output of a layer that is being laid out: its name and the shape of its map. */
final class Feature {
    final String name;
    final int channels;
    final int height;
    final int width;

    Feature(String name, int channels, int height, int width) {
        this.name = name;
        this.channels = channels;
        this.height = height;
        this.width = width;
    }

    Feature renamed(String name) {
        return new Feature(name, channels, height, width);
    }
}
