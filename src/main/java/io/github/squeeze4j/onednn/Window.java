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

    /** oneDNN counts the gaps of a dilated kernel. */
    private static long[] longs(int[] values, int less) {
        return new long[] {values[0] - less, values[1] - less};
    }
}
