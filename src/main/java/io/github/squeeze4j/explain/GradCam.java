package io.github.squeeze4j.explain;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Maps of what speaks for a class, from what a layer gives and the gradient of the class's score.
 *
 * <p>Selvaraju et al., Grad-CAM, 1610.02391; Chattopadhay et al., Grad-CAM++, 1710.11063. The maps are those of PyPI's
 * {@code grad-cam}, its constant in the division included, before it scales them from 0 to 1.
 */
final class GradCam {
    /** Against division by 0, as {@code grad-cam} has it. */
    private static final double EPSILON = 1e-6;

    private GradCam() {}

    /** relu(sum over c: mean(g[c]) a[c]), [N, h, w] from [N, C, h, w]. */
    static INDArray of(INDArray activation, INDArray gradient) {
        return weighted(activation, gradient.mean(2, 3));
    }

    /**
     * relu(sum over c: w[c] a[c]) with w[c] = sum of g^2 / (2 g^2 + sum(a[c]) g^3) relu(g) over the positions, the fraction 0
     * where g is.
     */
    static INDArray plusPlus(INDArray activation, INDArray gradient) {
        INDArray squares = gradient.mul(gradient);
        INDArray sums = activation.sum(true, 2, 3);
        INDArray divisor =
                gradient.mul(squares).muli(sums).addi(squares).addi(squares).addi(EPSILON);
        // where the gradient is 0 so is its square
        INDArray weights =
                squares.divi(divisor).muli(Transforms.relu(gradient, true)).sum(2, 3);
        return weighted(activation, weights);
    }

    private static INDArray weighted(INDArray activation, INDArray weights) {
        long[] shape = activation.shape();
        INDArray map = Nd4j.zeros(activation.dataType(), shape[0], shape[2] * shape[3]);
        for (long n = 0; n < shape[0]; n++) {
            INDArray rows = activation.get(NDArrayIndex.point(n)).dup('c').reshape('c', shape[1], shape[2] * shape[3]);
            INDArray row = weights.getRow(n, true).mmul(rows);
            map.putRow(n, row);
        }
        return Transforms.relu(map, false).reshape('c', shape[0], shape[2], shape[3]);
    }
}
