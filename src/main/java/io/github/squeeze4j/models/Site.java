package io.github.squeeze4j.models;

/**
 * A place in a network where an attention block may stand: after the last BatchNorm of a residual block, before the
 * addition.
 */
public final class Site {
    private final int channels;
    private final int height;
    private final int width;
    private final int stage;
    private final int block;

    /**
     * Describes a place.
     *
     * @param channels channels of the map there
     * @param height height of the map there, in pixels, for the network's declared input size
     * @param width width of the map there, in pixels, for the network's declared input size
     * @param stage number of the stage, from 1
     * @param block number of the block in its stage, from 1
     */
    public Site(int channels, int height, int width, int stage, int block) {
        this.channels = Checks.positive("channels", channels, "use the number of channels of the map");
        this.height = Checks.positive("height", height, "use the height of the map");
        this.width = Checks.positive("width", width, "use the width of the map");
        this.stage = Checks.positive("stage", stage, "stages count from 1");
        this.block = Checks.positive("block", block, "blocks count from 1");
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
     * @return H in pixels
     */
    public int height() {
        return height;
    }

    /**
     * Width of the map for the network's declared input size.
     *
     * @return W in pixels
     */
    public int width() {
        return width;
    }

    /**
     * The stage, as in the layer names.
     *
     * @return number of the stage, from 1
     */
    public int stage() {
        return stage;
    }

    /**
     * The block in its stage, as in the layer names.
     *
     * @return number of the block, from 1
     */
    public int block() {
        return block;
    }

    @Override
    public String toString() {
        return "stage" + stage + ".block" + block + " [" + channels + ", " + height + ", " + width + "]";
    }
}
