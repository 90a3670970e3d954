package io.github.squeeze4j.images;

/** The channels that a network takes. */
public enum ColourOrder {
    /** Red, green, blue: PyTorch's, TensorFlow's and this library's own networks. */
    RGB(3),
    /** Blue, green, red: Caffe's and DataVec's. */
    BGR(3),
    /** Luma of ITU-R BT.601. */
    GREY(1);

    private final int channels;

    ColourOrder(int channels) {
        this.channels = channels;
    }

    /**
     * Number of channels.
     *
     * @return 1 or 3
     */
    public int channels() {
        return channels;
    }
}
