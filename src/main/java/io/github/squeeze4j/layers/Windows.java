package io.github.squeeze4j.layers;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Arithmetic of sliding windows. Maps are [N, C, H, W]. */
final class Windows {
    private Windows() {}

    /**
     * The padding below and to the right with which windows give exactly the output's size; 0 where the last windows leave
     * pixels out.
     */
    static int[] end(INDArray input, INDArray output, int[] kernel, int[] stride, int[] dilation, int[] begin) {
        int[] end = new int[2];
        for (int axis = 0; axis < 2; axis++) {
            long reach = (output.size(axis + 2) - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
            end[axis] = (int) Math.max(0, reach - input.size(axis + 2) - begin[axis]);
        }
        return end;
    }
}
