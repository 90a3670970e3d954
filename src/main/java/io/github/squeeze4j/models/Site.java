package io.github.squeeze4j.models;

import io.github.squeeze4j.internal.Checks;

/**
 * A place in a network where an attention block may stand: in residual networks after the last BatchNorm of a block, before
 * the addition; each family's Javadoc says where.
 */
public final class Site {
    private final int channels;
    private final int height;
    private final int width;
    private final int stage;
    private final int block;
    private final int blockInput;

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
        this(channels, height, width, stage, block, channels);
    }

    /**
     * Describes a place in a block whose input has another number of channels.
     *
     * @param channels channels of the map there
     * @param height height of the map there, in pixels, for the network's declared input size
     * @param width width of the map there, in pixels, for the network's declared input size
     * @param stage number of the stage, from 1
     * @param block number of the block in its stage, from 1
     * @param blockInput channels of the input of the block that the place is in
     */
    public Site(int channels, int height, int width, int stage, int block, int blockInput) {
        this.channels = Checks.positive("channels", channels, "use the number of channels of the map");
        this.height = Checks.positive("height", height, "use the height of the map");
        this.width = Checks.positive("width", width, "use the width of the map");
        this.stage = Checks.positive("stage", stage, "stages count from 1");
        this.block = Checks.positive("block", block, "blocks count from 1");
        this.blockInput = Checks.positive("blockInput", blockInput, "use the number of channels of the block's input");
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

    /**
     * Channels of the input of the block that the place is in, from which EfficientNet and RegNet count the hidden channels of
     * their attention.
     *
     * @return a number of channels, {@link #channels()} where the block keeps them
     */
    public int blockInput() {
        return blockInput;
    }

    @Override
    public String toString() {
        return "stage" + stage + ".block" + block + " [" + channels + ", " + height + ", " + width + "]";
    }
}
