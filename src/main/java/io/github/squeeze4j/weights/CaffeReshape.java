package io.github.squeeze4j.weights;

import java.util.Arrays;
import java.util.List;

/** The same values as [N, C] or [N, C, H, W]. */
final class CaffeReshape extends CaffeStep {
    private final long[] shape;

    CaffeReshape(CaffeLayer layer, List<CaffeBlob> inputs) {
        super(layer, inputs);
        requireInputs(1);
        long[] in = input().shape;
        TextMessage options = layer.options("reshape_param");
        int axis = options.number("axis", 0, -in.length - 1, in.length);
        int start = axis < 0 ? axis + in.length + 1 : axis;
        int axes = options.number("num_axes", -1, -1, in.length - start);
        int end = axes < 0 ? in.length : start + axes;
        TextMessage given = options.message("shape");
        int[] sizes = given.numbers("dim", -1, Integer.MAX_VALUE);
        given.requireAllKnown();
        options.requireAllKnown();

        shape = new long[in.length - (end - start) + sizes.length];
        System.arraycopy(in, 0, shape, 0, start);
        System.arraycopy(in, end, shape, start + sizes.length, in.length - end);
        int open = -1;
        for (int i = 0; i < sizes.length; i++) {
            if (sizes[i] == -1 && open >= 0 || sizes[i] == 0 && start + i >= in.length) {
                throw layer.wrong("dims (" + Arrays.toString(sizes)
                        + ") must have at most one -1, and 0 where the bottom has an axis, too");
            }
            open = sizes[i] == -1 ? start + i : open;
            shape[start + i] = sizes[i] == 0 ? in[start + i] : sizes[i];
        }
        boolean keepsBatch = shape.length > 0 && (start > 0 || sizes.length > 0 && sizes[0] == 0);
        if (!keepsBatch || shape.length != 2 && shape.length != 4) {
            throw layer.wrong("dims (" + Arrays.toString(sizes)
                    + ") must begin with 0, which keeps the examples, and give [N, C] or [N, C, H, W]");
        }
        if (open >= 0) {
            shape[open] = 1;
            shape[open] = input().length() / Math.max(1, length());
        }
        if (length() != input().length()) {
            throw layer.wrong("shape " + Arrays.toString(shape) + " must have as many elements as that of the bottom, "
                    + Arrays.toString(in));
        }
    }

    private long length() {
        requireSane(shape);
        return new CaffeBlob(layer.name, shape, null).length();
    }

    @Override
    long[] shape() {
        return shape;
    }

    @Override
    void add(CaffeGraph graph) {
        boolean isPixel = shape.length == 2 || shape[2] * shape[3] == 1;
        if (graph.isVector(input()) && isPixel || Arrays.equals(shape, input().shape)) {
            graph.defineAs(output, input());
        } else {
            String vertex = graph.reshaped(layer.name, graph.vertex(input()), shape);
            graph.define(output, vertex, shape.length == 2);
        }
    }
}
