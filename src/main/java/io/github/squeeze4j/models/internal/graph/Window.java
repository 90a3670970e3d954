package io.github.squeeze4j.models.internal.graph;

/** What a convolution or a pooling looks through: kernel, stride and zero padding in positions, height first. Immutable. */
public final class Window {
    final int kernelHeight;
    final int kernelWidth;
    final int stride;
    final int paddingHeight;
    final int paddingWidth;
    /** Whether a last, partial window counts, as in Caffe. */
    final boolean ceil;
    /** Whether the padding follows from the map, as in TensorFlow: in / stride positions, the odd row or column at the end. */
    final boolean same;

    private Window(
            int kernelHeight,
            int kernelWidth,
            int stride,
            int paddingHeight,
            int paddingWidth,
            boolean ceil,
            boolean same) {
        this.kernelHeight = kernelHeight;
        this.kernelWidth = kernelWidth;
        this.stride = stride;
        this.paddingHeight = paddingHeight;
        this.paddingWidth = paddingWidth;
        this.ceil = ceil;
        this.same = same;
    }

    /**
     * Padded by kernel / 2, so that stride 1 keeps the size of the map where the kernel is odd.
     *
     * @param kernelHeight in positions
     * @param kernelWidth in positions
     * @return a window of stride 1
     */
    public static Window of(int kernelHeight, int kernelWidth) {
        return new Window(kernelHeight, kernelWidth, 1, kernelHeight / 2, kernelWidth / 2, false, false);
    }

    /**
     * The same, as high as it is wide.
     *
     * @param kernel in positions
     * @return a window of stride 1
     */
    public static Window of(int kernel) {
        return of(kernel, kernel);
    }

    /**
     * The same with another stride.
     *
     * @param stride in positions
     * @return the window
     */
    public Window stride(int stride) {
        return new Window(kernelHeight, kernelWidth, stride, paddingHeight, paddingWidth, ceil, same);
    }

    /**
     * The same without padding.
     *
     * @return the window
     */
    public Window withoutPadding() {
        return new Window(kernelHeight, kernelWidth, stride, 0, 0, ceil, false);
    }

    /**
     * Output sizes rounded up, as Caffe and PyTorch's {@code ceil_mode} round them.
     *
     * @return the window
     */
    public Window roundedUp() {
        return new Window(kernelHeight, kernelWidth, stride, paddingHeight, paddingWidth, true, false);
    }

    /** Padded as TensorFlow's "same" mode pads. */
    Window same() {
        return new Window(kernelHeight, kernelWidth, stride, 0, 0, false, true);
    }

    int height(int in) {
        return slid(in, kernelHeight, paddingHeight);
    }

    int width(int in) {
        return slid(in, kernelWidth, paddingWidth);
    }

    private int slid(int in, int kernel, int padding) {
        if (same) {
            return (in + stride - 1) / stride;
        }
        int room = in + 2 * padding - kernel;
        if (room < 0) {
            return 0;
        }
        int out = (room + (ceil ? stride - 1 : 0)) / stride + 1;
        // no window may start in the padding behind the map
        return ceil && (out - 1) * stride >= in + padding ? out - 1 : out;
    }
}
