package io.github.squeeze4j.engine;

import io.github.squeeze4j.onednn.Window;
import org.deeplearning4j.nn.conf.ConvolutionMode;

/** A layer's kernel, stride, dilation and padding; DL4J pads by mode, oneDNN by numbers. */
final class Geometry {
    private final int[] kernel;
    private final int[] stride;
    private final int[] dilation;
    private final int[] padding;
    private final ConvolutionMode mode;
    private final boolean ceil;

    Geometry(int[] kernel, int[] stride, int[] dilation, int[] padding, ConvolutionMode mode) {
        this(kernel, stride, dilation, padding, mode, false);
    }

    /** @param ceil whether windows reach as far at the end as the result's size says */
    Geometry(int[] kernel, int[] stride, int[] dilation, int[] padding, ConvolutionMode mode, boolean ceil) {
        this.ceil = ceil;
        this.kernel = kernel;
        this.stride = stride;
        this.dilation = dilation;
        this.padding = padding;
        this.mode = mode;
    }

    /** One window over a whole map [N, C, H, W]. */
    static Window whole(long[] map) {
        int[] size = {Math.toIntExact(map[2]), Math.toIntExact(map[3])};
        return new Window(size, size, new int[] {1, 1}, new int[] {0, 0}, new int[] {0, 0});
    }

    /** For maps of these shapes, [N, C, H, W]. */
    Window window(long[] in, long[] out) {
        int[] begin = padding;
        int[] end = padding;
        boolean same = mode == ConvolutionMode.Same;
        if (same || ceil) {
            begin = new int[2];
            end = new int[2];
            for (int i = 0; i < 2; i++) {
                int reach = (kernel[i] - 1) * dilation[i] + 1;
                int all = (int) Math.max(0, (out[2 + i] - 1) * stride[i] + reach - in[2 + i]);
                begin[i] = same ? all / 2 : padding[i];
                end[i] = Math.max(0, all - begin[i]);
            }
        }
        return new Window(kernel, stride, dilation, begin, end);
    }

    /** Whether it only mixes channels, each pixel for itself. */
    boolean pointwise() {
        return kernel[0] == 1
                && kernel[1] == 1
                && stride[0] == 1
                && stride[1] == 1
                && padding[0] == 0
                && padding[1] == 0;
    }
}
