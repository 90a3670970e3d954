package io.github.squeeze4j.weights;

/** Kernel, stride, padding and dilation, each vertical and horizontal, in the forms in which Caffe writes them. */
final class CaffeWindow {
    private static final int MOST = 10_000;

    final int[] kernel;
    final int[] stride;
    final int[] pad;
    final int[] dilation;

    CaffeWindow(CaffeLayer layer, TextMessage options) {
        kernel = pair(layer, options, "kernel_size", "kernel", 0, 1);
        stride = pair(layer, options, "stride", "stride", 1, 1);
        pad = pair(layer, options, "pad", "pad", 0, 0);
        dilation = pair(layer, options, "dilation", null, 1, 1);
        if (kernel[0] == 0) {
            throw layer.wrong("kernel_size must be set; add kernel_size: 3 or another");
        }
    }

    /** One number for both, two numbers, or one for each axis by names of their own. */
    private static int[] pair(
            CaffeLayer layer, TextMessage options, String both, String each, int otherwise, int least) {
        int[] given = options.numbers(both, least, MOST);
        boolean vertical = each != null && options.has(each + "_h");
        boolean horizontal = each != null && options.has(each + "_w");
        if (given.length > 2 || vertical != horizontal || vertical && given.length > 0) {
            throw layer.wrong(both + " must be one or two numbers"
                    + (each == null ? "" : ", or instead of them " + each + "_h and " + each + "_w")
                    + "; delete the others");
        }
        if (vertical) {
            return new int[] {
                options.number(each + "_h", otherwise, least, MOST), options.number(each + "_w", otherwise, least, MOST)
            };
        }
        int first = given.length == 0 ? otherwise : given[0];
        return new int[] {first, given.length == 2 ? given[1] : first};
    }

    /** Pixels from the first to the last that a window sees along an axis. */
    long reach(int axis) {
        return (kernel[axis] - 1L) * dilation[axis] + 1;
    }
}
