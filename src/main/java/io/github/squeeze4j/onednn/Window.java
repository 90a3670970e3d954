package io.github.squeeze4j.onednn;

/** Where a kernel or a pooling window goes over a map. */
public final class Window {
    final long[] kernel;
    final long[] stride;
    final long[] dilation;
    final long[] begin;
    final long[] end;

    /**
     * A window; all arrays are vertical, horizontal.
     *
     * @param kernel size
     * @param stride distance of its steps
     * @param dilation distance of its elements, 1 for none
     * @param begin padding above and to the left
     * @param end padding below and to the right
     */
    public Window(int[] kernel, int[] stride, int[] dilation, int[] begin, int[] end) {
        this.kernel = longs(kernel, 0);
        this.stride = longs(stride, 0);
        this.dilation = longs(dilation, 1);
        this.begin = longs(begin, 0);
        this.end = longs(end, 0);
    }

    /**
     * Whether the algorithm of Winograd, which takes fewer multiplications, is made for it and worth its larger weights:
     * they are read once for all tiles of 4x4 pixels, so there must be enough of these. The factor is measured.
     */
    boolean suitsWinograd(long inputChannels, long[] output) {
        boolean made = kernel[0] == 3
                && kernel[1] == 3
                && stride[0] == 1
                && stride[1] == 1
                && dilation[0] == 0
                && dilation[1] == 0;
        long tiles = output[0] * ((output[2] + 3) / 4) * ((output[3] + 3) / 4);
        return made && 3 * tiles >= inputChannels;
    }

    /** oneDNN counts the gaps of a dilated kernel. */
    private static long[] longs(int[] values, int less) {
        return new long[] {values[0] - less, values[1] - less};
    }
}
