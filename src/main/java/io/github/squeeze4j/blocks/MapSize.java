package io.github.squeeze4j.blocks;

import java.util.Objects;

/** Channels, height and width of a feature map. */
final class MapSize {
    final long channels;
    final long height;
    final long width;

    MapSize(long channels, long height, long width) {
        this.channels = channels;
        this.height = height;
        this.width = width;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof MapSize
                && channels == ((MapSize) other).channels
                && height == ((MapSize) other).height
                && width == ((MapSize) other).width;
    }

    @Override
    public int hashCode() {
        return Objects.hash(channels, height, width);
    }

    @Override
    public String toString() {
        return "[" + channels + ", " + height + ", " + width + "]";
    }
}
